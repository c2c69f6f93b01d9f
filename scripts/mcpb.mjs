// Packs what people install: the npm package, and out of it the desktop bundle for Claude Desktop. Prints where they are.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync, statSync } from "node:fs";

// Where they go: dist, or the folder that is given.
const FOLDER = process.argv[2] ?? "dist";
const STAGE = `${FOLDER}/package`; // as npm names what is in a package
const BUNDLE = `${FOLDER}/tencent-chat-channel-mcp.mcpb`;
/** Bytes; a bundle should be a quick download. */
const MAX_BYTES = 1024 * 1024;

const run = (command, ...args) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const tarball = `${FOLDER}/${run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", FOLDER).trim()}`;
run("tar", "-xzf", tarball, "-C", FOLDER);
for (const entry of ["icon.png", "mcpb-resources"]) cpSync(entry, `${STAGE}/${entry}`, { recursive: true });
run("node_modules/.bin/mcpb", "validate", `${STAGE}/manifest.json`);
run("node_modules/.bin/mcpb", "pack", STAGE, BUNDLE);
rmSync(STAGE, { recursive: true });
const { size } = statSync(BUNDLE);
if (size > MAX_BYTES) throw new Error(`${BUNDLE} has ${size} bytes; the maximum is ${MAX_BYTES}`);
process.stdout.write(`The package is ${tarball}, the desktop bundle ${BUNDLE}. Open that with Claude Desktop.\n`);
