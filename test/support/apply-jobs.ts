import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT } from "./built.ts";
import { cleanUpLater } from "./clean-up.ts";
import type { FaultySandbox } from "./faulty-sandbox.ts";
import { temporaryFolder } from "./folders.ts";
import { expectNoSecret } from "./secrets.ts";
import { environmentOf, MODIFY, PENN, SUBSCRIBER } from "./service.ts";

/** Jobs of `apply`: files of edits, the built command on them, and their results. */

// biome-ignore lint/suspicious/noExplicitAny: tests look at any part of it
export type Result = Record<string, any>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly results: Result[];
}

export const subscriberLine = (index: number, value = `v${index}`) =>
  JSON.stringify({
    id: `job-${index}`,
    tool: SUBSCRIBER,
    arguments: { Official_Account: PENN, Subscriber_Account: `user-${index}`, CustomString: value },
  });
export const nameLine = (Name: string, channel = PENN) =>
  JSON.stringify({ tool: MODIFY, arguments: { Official_Account: channel, Name } });

export function startApply(endpoint: URL, args: string[], more: Record<string, string> = {}, input?: string) {
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(endpoint, more) };
  const child: ChildProcess = spawn(process.execPath, [BUILT, "apply", ...args], { env, stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  child.stdin?.end(input ?? "");
  cleanUpLater(() => void child.kill("SIGKILL"));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      expectNoSecret(stdout + stderr);
      const results = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      resolve({ code, stdout, stderr, results });
    });
  });
  return { child, ended, stderrSoFar: () => stderr };
}

/** A file with these lines, and a path for results beside it. */
export function fileWith(...lines: string[]) {
  const folder = temporaryFolder();
  const file = join(folder, "edits.jsonl");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { file, results: join(folder, "results.jsonl") };
}

export function withSubscribers(sandbox: FaultySandbox, count: number): void {
  for (let index = 0; index < count; index += 1) sandbox.channels.get(PENN)?.subscribers.set(`user-${index}`, "");
}

export const readResults = (path: string): Result[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .slice(1)
    .map((line) => JSON.parse(line));
