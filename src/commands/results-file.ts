import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  futimesSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UNANSWERED_SETTLE_MS } from "../chat-api/limits.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { readLines } from "../text/lines.ts";

/**
 * The file of results: what has ended as wanted is not run again, so a job that stopped can go on. A run touches its
 * file as long as it goes on, so that another one can tell: the ID of a process means nothing in another container.
 */

const TOUCH_EVERY_MS = 500;

/** The file to be, beside the one that is there. */
export const unfinished = (path: string) => `${path}.unfinished`;

/** Outcomes that leave nothing to do. */
export const SUCCESSES: readonly unknown[] = ["applied", "accepted", "unchanged", "read"];

export type ResultsFile = Awaited<ReturnType<typeof openResults>>;

/**
 * Opens the file of a job: JSON lines, one at most for each line of the input. It keeps what ended as wanted; a line
 * that a crash has torn is dropped. Waits until what an earlier run sent in its last moment can take effect no more.
 * @param job the hash of its input, and the application
 * @param tell takes a sentence for a person who waits
 * @returns the lines that are done, and a signal that is aborted once the file is no longer this run's
 * @throws Error with a sentence for a person, where the file holds something else or another run uses it
 */
export async function openResults(
  given: string,
  job: { input: string; sdkAppId: number },
  tell: (text: string) => void,
) {
  const path = existsSync(given) ? realpathSync(given) : given; // a link stays one
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile())
    throw new Error(`${given} is no file: without --results, the results go to standard output.`);
  if (await settled(unfinished(path), tell)) rmSync(unfinished(path)); // a run was killed as it began
  await settled(path, tell);
  const file = openSync(unfinished(path), "ax", (found?.mode ?? 0o600) & 0o777);
  const write = (line: string) => writeFileSync(file, `${line}\n`); // writes all of it
  const done = new Set<number>();
  try {
    const header = JSON.stringify({ apply: 1, ...job });
    write(header);
    for await (const { line, text } of found ? succeededLines(path, header) : []) {
      done.add(line);
      write(text);
    }
    renameSync(unfinished(path), path);
  } catch (error) {
    closeSync(file);
    rmSync(unfinished(path), { force: true });
    throw error;
  }
  const lost = new AbortController();
  const touching = setInterval(() => {
    try {
      // It was moved, or another run has taken it while this process stood still.
      if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(file).ino) lost.abort();
      else futimesSync(file, new Date(), new Date());
    } catch {
      // Where the file cannot be written any more, the next result says so.
    }
  }, TOUCH_EVERY_MS).unref();
  const close = () => {
    clearInterval(touching);
    closeSync(file);
  };
  return { done, write, close, lost: lost.signal };
}

/** What ended as wanted before. @throws Error where the file holds something else */
async function* succeededLines(path: string, header: string) {
  const lines = readLines(createReadStream(path));
  const { value: first, done: isEmpty } = await lines.next();
  if (!isEmpty && first !== header)
    throw new Error(`${path} holds something else than the results of this input and application: name another file.`);
  for await (const text of lines) {
    const result = parseJson(text);
    if (isRecord(result) && SUCCESSES.includes(result.outcome) && typeof result.line === "number")
      yield { line: result.line, text };
  }
}

/**
 * Waits until a file that is there is as old as anything that an earlier run sent can take effect.
 * @returns true if it is there
 * @throws Error where it is touched meanwhile: it belongs to a run that goes on
 */
async function settled(path: string, tell: (text: string) => void): Promise<boolean> {
  const touchedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (touchedAt === undefined) return false;
  const waitMs = Math.min(touchedAt, Date.now()) + UNANSWERED_SETTLE_MS - Date.now();
  if (waitMs > 0) {
    tell(`Waiting ${Math.ceil(waitMs / 1000)} s, until what the earlier run sent has settled.`);
    await sleep(waitMs);
  }
  if (statSync(path, { throwIfNoEntry: false })?.mtimeMs !== touchedAt)
    throw new Error(`Another apply is using ${path}.`);
  return true;
}
