// Packs the bundle for Claude Desktop from the built file: manifest, icon, notices, and nothing else.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, statSync } from "node:fs";

// Where the bundle goes: dist, or the folder that is named.
const PLACE = process.argv[2] ?? "dist";
const STAGE = `${PLACE}/mcpb`;
const PACKED = `${PLACE}/tencent-chat-channel-mcp.mcpb`;
/** Bytes; a bundle should be a quick download. */
const MOST_BYTES = 1024 * 1024;

rmSync(STAGE, { recursive: true, force: true });
mkdirSync(`${STAGE}/dist`, { recursive: true });
for (const file of ["manifest.json", "icon.png", "README.md", "LICENSE", "CHANGELOG.md"])
  cpSync(file, `${STAGE}/${file}`);
for (const file of ["tencent-chat-channel-mcp.cjs", "THIRD-PARTY-NOTICES.txt"])
  cpSync(`dist/${file}`, `${STAGE}/dist/${file}`);

const mcpb = (...args) => execFileSync("node_modules/.bin/mcpb", args, { stdio: ["ignore", "inherit", "inherit"] });
mcpb("validate", `${STAGE}/manifest.json`);
mcpb("pack", STAGE, PACKED);
const { size } = statSync(PACKED);
if (size > MOST_BYTES) throw new Error(`${PACKED} has ${size} bytes; the most is ${MOST_BYTES}`);
