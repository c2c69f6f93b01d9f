// Runs the suite on each Node that the package promises to run on; they come from npm as the package `node`.
import { spawnSync } from "node:child_process";

const VERSIONS = process.argv.length > 2 ? process.argv.slice(2) : ["20", "22", "24", "26"];
const failed = [];
for (const version of VERSIONS) {
  process.stdout.write(`\n=== Node ${version}\n`);
  const { status } = spawnSync(
    "npx",
    ["-y", "-p", `node@${version}`, "node", "node_modules/vitest/vitest.mjs", "run"],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  if (status !== 0) failed.push(version);
}
process.stdout.write(failed.length === 0 ? "\nAll of them pass.\n" : `\nFailed on Node ${failed.join(", ")}.\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
