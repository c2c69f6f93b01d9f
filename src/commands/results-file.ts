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

const WANTED: readonly unknown[] = ["applied", "accepted", "unchanged", "read"];

export function isWanted(outcome: unknown): boolean {
  return WANTED.includes(outcome);
}

/** Results as JSON lines; each line of the input has one at most. */
export class ResultsFile {
  readonly done = new Set<number>();
  /** Called once another run has taken the file, because this process stood still. */
  onLost = () => {};
  readonly #file: number;
  #touching: NodeJS.Timeout | undefined;

  private constructor(file: number) {
    this.#file = file;
  }

  /**
   * Opens the file of a job, and keeps of it what ended as wanted. A line that a crash has torn is dropped. Waits until
   * what an earlier run sent in its last moment can take effect no more.
   * @param job the hash of its input, and the application
   * @param tell takes a sentence for a person who waits
   * @throws Error with a sentence for a person, where the file holds something else or another run uses it
   */
  static async open(
    given: string,
    job: { input: string; sdkAppId: number },
    tell: (text: string) => void,
  ): Promise<ResultsFile> {
    const path = existsSync(given) ? realpathSync(given) : given; // a link stays one
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile())
      throw new Error(`${given} is no file: without --results, the results go to standard output.`);
    if (await settled(unfinished(path), tell)) rmSync(unfinished(path)); // a run was killed as it began
    await settled(path, tell);
    const results = new ResultsFile(openNew(path, (found?.mode ?? 0o600) & 0o777));
    try {
      const header = JSON.stringify({ apply: 1, ...job });
      results.write(header);
      if (found) await results.#keepWanted(path, header);
      renameSync(unfinished(path), path);
    } catch (error) {
      results.close();
      rmSync(unfinished(path), { force: true });
      throw error;
    }
    results.#touching = setInterval(() => results.#touch(path), TOUCH_EVERY_MS).unref();
    return results;
  }

  async #keepWanted(path: string, header: string): Promise<void> {
    const lines = readLines(createReadStream(path));
    const { value: first, done: isEmpty } = await lines.next();
    // A crash may have torn the header itself.
    if (!isEmpty && (first === "" || !header.startsWith(first)))
      throw new Error(
        `${path} holds something else than the results of this input and application: name another file.`,
      );
    for await (const text of lines) {
      const result = parseJson(text);
      if (!isRecord(result) || !isWanted(result.outcome) || typeof result.line !== "number") continue;
      this.done.add(result.line);
      this.write(text);
    }
  }

  #touch(path: string): void {
    if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(this.#file).ino) this.onLost();
    else futimesSync(this.#file, new Date(), new Date());
  }

  write(line: string): void {
    writeFileSync(this.#file, `${line}\n`); // writes all of it
  }

  close(): void {
    clearInterval(this.#touching);
    closeSync(this.#file);
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

function openNew(path: string, mode: number): number {
  try {
    return openSync(unfinished(path), "ax", mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Error(`Another apply is using ${path}.`); // it began in the same moment
  }
}
