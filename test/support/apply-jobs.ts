import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT } from "./built.ts";
import { cleanUpLater } from "./clean-up.ts";
import { type Ended, startHere } from "./commands.ts";
import type { FaultySandbox } from "./faulty-sandbox.ts";
import { temporaryFolder } from "./folders.ts";
import { expectNoSecret } from "./secrets.ts";
import { environmentOf, MODIFY, PENN, SUBSCRIBER } from "./service.ts";

/** Jobs of `apply`: files of edits, the command on them, and their results. */

// biome-ignore lint/suspicious/noExplicitAny: tests look at any part of it
export type Result = Record<string, any>;

/** How a job ended; without a file for them, its results are what it wrote to standard output. */
interface EndedJob extends Ended {
  readonly results: Result[];
}

const withResults = (ended: Ended): EndedJob => ({ ...ended, results: parsed(ended.stdout) });
const parsed = (text: string): Result[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

export const subscriberLine = (index: number, value = `v${index}`) =>
  JSON.stringify({
    id: `job-${index}`,
    tool: SUBSCRIBER,
    arguments: { Official_Account: PENN, Subscriber_Account: `user-${index}`, CustomString: value },
  });
export const nameLine = (Name: string, channel = PENN) =>
  JSON.stringify({ tool: MODIFY, arguments: { Official_Account: channel, Name } });

/** A job in this process. */
export function startApply(endpoint: URL, args: string[], more: Record<string, string> = {}, input?: string) {
  const { ended, stderrSoFar } = startHere(["apply", ...args], environmentOf(endpoint, more), input);
  return { ended: ended.then(withResults), stderrSoFar };
}

/** A job of the built command in a process of its own, which takes signals. */
export function spawnApply(endpoint: URL, args: string[], more: Record<string, string> = {}, input?: string) {
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
  const ended = new Promise<EndedJob>((resolve) => {
    child.on("close", (code) => {
      expectNoSecret(stdout + stderr);
      resolve(withResults({ code, stdout, stderr }));
    });
  });
  return { child, ended };
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

export const readResults = (path: string): Result[] => parsed(readFileSync(path, "utf8")).slice(1);
