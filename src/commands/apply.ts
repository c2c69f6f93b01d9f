import { accessSync, constants, existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describeFileError } from "../text/file-error.ts";
import { escapeHidden, formatCount, plural } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import { confirmAll } from "./apply-confirmation.ts";
import { Job } from "./apply-job.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, DRAIN_AFTER_SIGNAL_MS, prepareCalls, settingsOf } from "./cli-process.ts";
import { checkFile, type FileCheck, linesOf, readEditFile, readEditLines } from "./edit-file.ts";
import { openResults, type ResultsFile, unfinished } from "./results-file.ts";

/** Runs a file of tool calls through the same gate as an agent's calls, for jobs of thousands of edits. */

const PROGRESS_EVERY_MS = 10_000;

/** @returns the exit code: 0 if every line ended as wanted, 1 otherwise, 2 for usage or settings */
export async function apply(cli: CliProcess, version: string, line: CommandLine): Promise<number> {
  const { flags, file = "" } = line;
  const { results: resultsPath, left } = flags;
  const tell = (text: string) => void cli.stderr.write(`${escapeHidden(text)}\n`);
  const settings = settingsOf(cli, line);
  if (!settings.settings) {
    for (const problem of settings.problems) tell(`✗ ${problem}`);
    return 2;
  }
  // Each call has its line in the results already.
  const logLevel = settings.logLevel === "info" ? "warn" : settings.logLevel;
  const { log, openContext } = prepareCalls(cli, version, { ...settings, logLevel });
  const context = await openContext();
  let results: ResultsFile | undefined;
  let run: Job | undefined;
  stopOn(cli, () => run, tell);
  try {
    if (resultsPath === "-" || left === "-") throw new Error("--results and --left take a file.");
    const input = await readEditFile(file, cli.stdin);
    const check = await checkFile(input, context, tell);
    if (check.problems > 0) {
      tell(`✗ ${plural(check.problems, "line")} of the file cannot run. Nothing was sent.`);
      return 1;
    }
    const journalProblem = check.edits > 0 ? context.journal.prepareFile() : undefined;
    if (journalProblem) throw new Error(`The journal cannot be written (${journalProblem}). Nothing was sent.`);
    if (flags.check) {
      tellCheck(check, context, tell);
      return 0;
    }
    assertDistinct([file, resultsPath, resultsPath && unfinished(resultsPath), left, settings.journal]);
    const confirmation = await confirmAll(cli, context, check);
    if (typeof confirmation === "string") {
      tell(`✗ ${confirmation} Nothing was sent.`);
      return 1;
    }
    if (left !== undefined) assertWritable(left);
    const about = { input: check.hash, sdkAppId: context.sdkAppId };
    if (resultsPath !== undefined) results = await openResults(resultsPath, about, tell);
    const write = (result: object) => {
      const text = JSON.stringify(context.secrets.redactDeep(result));
      if (results) results.write(text);
      else cli.stdout.write(`${text}\n`);
    };
    const { requestsPerSecond } = settings.settings;
    const job = new Job({ context, requestsPerSecond, isConfirmed: confirmation, log, write });
    run = job;
    const why = "the file of results was moved, or another run has taken it while this process stood still.";
    results?.lost.addEventListener("abort", () => job.stop("now", why));
    const done = results?.done ?? new Set<number>();
    if (done.size > 0)
      tell(`${plural(done.size, "line")} ended as wanted before and ${done.size === 1 ? "is" : "are"} skipped.`);
    const stopProgress = await showProgress(cli, job, check.lines - done.size);
    await job.run(readEditLines(input, context, done));
    stopProgress();
    await new Promise((resolve) => cli.stdout.write("", () => setImmediate(resolve))); // the last write may fail as well
    const code = summarize(job, check.lines - done.size, results !== undefined, tell);
    if (left === undefined || results?.lost.aborted) return code; // what is left is the other one's
    try {
      const rest = [...linesOf(input)].filter((each) => !done.has(each.line) && !job.succeeded.has(each.line));
      writeFileSync(left, rest.map(({ text }) => `${text}\n`).join(""), { mode: 0o600 });
    } catch (error) {
      tell(`✗ ${left} was not written: ${describeFileError(error)}`);
      return 1;
    }
    if (code !== 0) tell(`${left} holds what is left: correct it, and run it as a file of its own.`);
    return code;
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    const shown = path?.replace(/\.unfinished$/, "") ?? "The results";
    tell(context.secrets.redact(`✗ ${code === undefined ? message : `${shown}: ${describeFileError(error)}.`}`));
    return 2;
  } finally {
    results?.close();
    await context.close();
  }
}

/** @throws where the file cannot be written: before the first line runs, and not hours later */
function assertWritable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error(`${path} is a folder.`);
  accessSync(found ? path : dirname(path), constants.W_OK);
}

/** One file of a job must not be another one: it would be overwritten. */
function assertDistinct(paths: readonly (string | undefined)[]): void {
  const real = paths.flatMap((path) =>
    path === undefined || path === "-" ? [] : [existsSync(path) ? realpathSync(path) : resolve(path)],
  );
  if (new Set(real).size < real.length)
    throw new Error("The input, --results, --left and the journal must be different files.");
}

function tellCheck({ lines, edits }: FileCheck, { policy }: ToolContext, tell: (text: string) => void): void {
  const { confirmEdits, writesPerHour } = policy.rules;
  tell(`✓ ${plural(lines, "line")} can run.`);
  if (edits > 0 && confirmEdits !== "never")
    tell("! TENCENT_CHAT_CONFIRM_EDITS is set: a person at a terminal may have to say yes.");
  if (writesPerHour !== undefined && edits > writesPerHour)
    tell(`! TENCENT_CHAT_WRITES_PER_HOUR allows ${plural(writesPerHour, "edit")} an hour, and the file has ${edits}.`);
}

const INTERRUPTED = "it was interrupted.";

/**
 * A signal, or a reader of the output that is gone, ends the job after what is in flight.
 * @param current the job, once it has begun: before that there is nothing to wait for
 */
function stopOn(cli: CliProcess, current: () => Job | undefined, tell: (text: string) => void): void {
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    cli.on(signal, () => {
      const job = current();
      if (!job) return cli.exit(1);
      signals += 1;
      if (signals === 1) tell("Stopping after what is in flight; once more to stop at once.");
      job.stop(signals > 1 ? "now" : "soon", INTERRUPTED);
      // Calls that are cancelled still say what became of them.
      if (signal === "SIGTERM") setTimeout(() => job.stop("now", ""), DRAIN_AFTER_SIGNAL_MS).unref();
    });
  }
  cli.stdout.removeAllListeners("error");
  cli.stdout.on("error", (error) =>
    current()?.stop("soon", `standard output cannot be written (${describeFileError(error)}).`),
  );
}

/** A bar at a terminal, a line every ten seconds elsewhere. Returns what ends it. */
async function showProgress({ stderr }: CliProcess, job: Job, total: number): Promise<() => void> {
  const text = () => {
    const seconds = Math.round((performance.now() - job.startedAt) / 1000);
    return `${formatCount(job.ended)} of ${formatCount(total)} in ${seconds} s`;
  };
  if (!stderr.isTTY) {
    const timer = setInterval(() => stderr.write(`${text()}\n`), PROGRESS_EVERY_MS);
    return () => clearInterval(timer);
  }
  const { progress } = await import("@clack/prompts");
  const bar = progress({ max: Math.max(total, 1), output: stderr });
  bar.start("Applying");
  let shown = 0;
  const timer = setInterval(() => {
    bar.advance(job.ended - shown, text());
    shown = job.ended;
  }, 200);
  return () => {
    clearInterval(timer);
    bar.stop(text());
  };
}

/** Tells how it ended, and what to do about the rest. @returns the exit code */
function summarize(job: Job, total: number, hasResults: boolean, tell: (text: string) => void): number {
  const seconds = ((performance.now() - job.startedAt) / 1000).toFixed(1);
  const counts = [...job.counts].map(([outcome, count]) => `${formatCount(count)} ${outcome}`).join(", ");
  tell(`${formatCount(job.ended)} of ${plural(total, "line")} ended in ${seconds} s: ${counts || "none"}.`);
  const failed = job.ended - job.succeeded.size;
  const notRun = total - job.ended;
  if (failed + notRun === 0 && (!job.stopped || job.stopped === INTERRUPTED)) return 0;
  if (job.stopped) tell(`✗ Stopped, because ${job.stopped}`);
  const again = hasResults
    ? "Run the same command again: it skips what the results say ended as wanted, and runs the rest."
    : "With --results FILE, a second run skips what ended as wanted.";
  if (failed > 0) tell(`✗ ${plural(failed, "line")} did not end as wanted; the results say why for each.`);
  if (notRun > 0) tell(`✗ ${plural(notRun, "line")} did not run.`);
  if (job.unrecorded > 0) tell(`✗ ${plural(job.unrecorded, "line")} that ended could not be added to the results.`);
  tell(again);
  return 1;
}
