import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BUILT } from "../support/built.ts";
import { temporaryFolder } from "../support/folders.ts";

/** The example with our command on its PATH. */
function nightly(more: Readonly<Record<string, string>>) {
  const home = temporaryFolder();
  const bin = join(home, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "tencent-chat-channel-mcp"), `#!/bin/sh\nexec "${process.execPath}" "${BUILT}" "$@"\n`);
  chmodSync(join(bin, "tencent-chat-channel-mcp"), 0o755);
  const script = new URL("../../examples/nightly.sh", import.meta.url).pathname;
  const env = { HOME: home, PATH: `${bin}:${process.env.PATH}`, ...more };
  return { home, run: () => spawnSync("bash", [script, home], { env, encoding: "utf8" }) };
}

test("the nightly example runs, and a second run sends nothing again", () => {
  const { home, run } = nightly({ RETRY_SECONDS: "0" });
  const first = run();
  expect([first.status, first.stderr]).toEqual([0, expect.stringContaining("2 of 2 lines ended")]);
  const journal = readFileSync(join(home, "journal.jsonl"), "utf8");
  const second = run();
  expect(second.status).toBe(0);
  expect(second.stderr).toContain("2 lines ended as wanted before and are skipped.");
  expect(readFileSync(join(home, "journal.jsonl"), "utf8")).toBe(journal);
});

test("the nightly example exits with 2 at once where the settings are wrong", () => {
  const { run } = nightly({ TENCENT_CHAT_SDKAPPID: "1400000321", RETRY_SECONDS: "600" });
  const { status, stderr } = run();
  expect([status, stderr]).toEqual([2, expect.stringContaining("TENCENT_CHAT_REGION is required")]);
});
