// Packs the desktop bundle for Claude Desktop from the built files, and prints where it is.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";

// Where the bundle goes: dist, or the folder that is given.
const FOLDER = process.argv[2] ?? "dist";
const STAGE = `${FOLDER}/mcpb`;
const BUNDLE = `${FOLDER}/tencent-chat-channel-mcp.mcpb`;
/** Bytes; a bundle should be a quick download. */
const MAX_BYTES = 1024 * 1024;
const DOCUMENTS = [
  "README.md",
  "README.zh-CN.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "LICENSE",
  "docs",
  "examples",
];

rmSync(STAGE, { recursive: true, force: true });
mkdirSync(`${STAGE}/dist`, { recursive: true });
for (const entry of ["manifest.json", "icon.png", "mcpb-resources", ...DOCUMENTS]) {
  cpSync(entry, `${STAGE}/${entry}`, { recursive: true });
}
const built = readdirSync("dist").filter((file) => /\.cjs(\.map)?$/.test(file) || file === "THIRD-PARTY-NOTICES.txt");
for (const file of built) cpSync(`dist/${file}`, `${STAGE}/dist/${file}`);

const mcpb = (...args) => execFileSync("node_modules/.bin/mcpb", args, { stdio: ["ignore", "inherit", "inherit"] });
mcpb("validate", `${STAGE}/manifest.json`);
mcpb("pack", STAGE, BUNDLE);
const { size } = statSync(BUNDLE);
if (size > MAX_BYTES) throw new Error(`${BUNDLE} has ${size} bytes; the maximum is ${MAX_BYTES}`);
process.stdout.write(`The desktop bundle is ${BUNDLE}. Open it with Claude Desktop.\n`);
