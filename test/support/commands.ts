import { PassThrough } from "node:stream";
import { apply } from "../../src/commands/apply.ts";
import { parseArguments } from "../../src/commands/arguments.ts";
import type { CliProcess } from "../../src/commands/cli-process.ts";
import { doctor } from "../../src/commands/doctor.ts";
import { journal } from "../../src/commands/journal.ts";
import { setup } from "../../src/commands/setup.ts";
import { BUILT } from "./built.ts";
import { expectNoSecret } from "./secrets.ts";

/** Commands that run in this process, with streams and an environment of the test's own. */

const COMMANDS = { apply, doctor, journal, setup };

/** What a command meets as its process. It gets no signal, and the process does not end with it. */
interface Surroundings {
  readonly env: Record<string, string>;
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

/** Runs a command as the entry does. @returns its exit code */
export async function runCommand(args: string[], streams: Surroundings, entry = BUILT): Promise<number> {
  const { stdin } = streams as { stdin: { isTTY?: boolean } };
  const line = parseArguments(args, stdin.isTTY === true);
  if (line.problems.length > 0) throw new Error(line.problems.join(" "));
  const cli = { ...streams, argv: ["", entry], pid: process.pid, execPath: process.execPath, exit() {}, on() {} };
  return COMMANDS[line.command as keyof typeof COMMANDS](cli as unknown as CliProcess, "0.1.0", line);
}

/** How a command ended, with what it wrote; no command may show a secret. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command without a terminal. */
export function startHere(args: string[], env: Record<string, string>, input = "") {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const written = { stdout: "", stderr: "" };
  stdout.setEncoding("utf8").on("data", (text: string) => {
    written.stdout += text;
  });
  stderr.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
  });
  stdin.end(input);
  const ended = runCommand(args, { env, stdin, stdout, stderr }).then(async (code): Promise<Ended> => {
    await new Promise((resolve) => setImmediate(resolve)); // the streams hand over what is in them
    expectNoSecret(written.stdout + written.stderr);
    return { code, ...written };
  });
  return { ended, stderrSoFar: () => written.stderr };
}
