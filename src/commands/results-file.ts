import { randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { isRecord, parseJson } from "../text/json.ts";
import { readLines } from "../text/lines.ts";

/** The file of results: what has ended as wanted is not run again, so a job that stopped can go on. */

/** Outcomes that leave nothing to do. */
const WANTED: readonly unknown[] = ["applied", "accepted", "unchanged", "read"];

export function isWanted(outcome: unknown): boolean {
  return WANTED.includes(outcome);
}

/** A results file, and what it says before a job begins. */
interface OpenedResults {
  readonly file: ResultsFile;
  /** Lines that ended as wanted. */
  readonly done: ReadonlySet<number>;
  /** When the last line was written (milliseconds since 1970); 0 for a new file. */
  readonly writtenAt: number;
}

/** Results as JSON lines; each line of the input has one at most. */
export class ResultsFile {
  readonly #file: number;
  readonly #lock: Lock;

  private constructor(file: number, lock: Lock) {
    this.#file = file;
    this.#lock = lock;
  }

  /**
   * Opens the file of a job, and keeps of it what ended as wanted. A line that a crash has torn is dropped.
   * @param job the hash of its input, and the application
   * @throws Error with a sentence for a person, where the file holds something else or another process uses it
   */
  static async open(given: string, job: { input: string; sdkAppId: number }): Promise<OpenedResults> {
    const header = JSON.stringify({ apply: 1, ...job });
    const path = existsSync(given) ? realpathSync(given) : given; // a link stays one
    const done = new Set<number>();
    if (existsSync(path) && !statSync(path).isFile()) {
      throw new Error(`${given} is no file: without --results, the results go to standard output.`);
    }
    const lock = await Lock.take(path);
    const temporaryPath = `${path}.new`;
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      rmSync(temporaryPath, { force: true });
      const kept = new ResultsFile(openSync(temporaryPath, "ax", (found?.mode ?? 0o600) & 0o777), lock);
      kept.#writeLine(header);
      if (found) await keepWanted(path, header, done, (text) => kept.#writeLine(text));
      renameSync(temporaryPath, path);
      return { file: kept, done, writtenAt: found?.mtimeMs ?? 0 };
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      lock.release();
      throw error;
    }
  }

  /** Called once another process has taken the file, because this one stood still. */
  set onLost(listener: () => void) {
    this.#lock.onLost = listener;
  }

  write(result: object): void {
    this.#writeLine(JSON.stringify(result));
  }

  #writeLine(text: string): void {
    writeSync(this.#file, `${text}\n`);
  }

  close(): void {
    closeSync(this.#file);
    this.#lock.release();
  }
}

/** The owner of a lock touches it this often; one that stays untouched for so long was left by a run that was killed. */
const TOUCH_EVERY_MS = 500;
const UNTOUCHED_MS = 3_000;

/**
 * A file beside the results: two runs of one file would send everything twice. It is kept fresh by its owner, because
 * the ID of a process means nothing in another container; a process that stood still for long has lost it.
 */
class Lock {
  readonly #path: string;
  readonly #owner = randomUUID();
  readonly #touching: NodeJS.Timeout;
  onLost = () => {};

  private constructor(path: string) {
    this.#path = path;
    writeFileSync(path, this.#owner, { flag: "wx", mode: 0o600 });
    this.#touching = setInterval(() => this.#touch() || this.onLost(), TOUCH_EVERY_MS).unref();
  }

  static async take(results: string): Promise<Lock> {
    const path = `${results}.lock`;
    const freshAt = () => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    const fresh = freshAt();
    if (fresh !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, UNTOUCHED_MS));
      if (freshAt() === fresh) rmSync(path, { force: true });
    }
    try {
      return new Lock(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Error(`Another apply is using ${results}.`);
    }
  }

  /** True if the lock is still this one's. */
  #touch(): boolean {
    try {
      if (readFileSync(this.#path, "utf8") !== this.#owner) return false;
      utimesSync(this.#path, new Date(), new Date());
      return true;
    } catch {
      return false; // it is gone
    }
  }

  release(): void {
    clearInterval(this.#touching);
    if (this.#touch()) rmSync(this.#path, { force: true });
  }
}

async function keepWanted(
  path: string,
  header: string,
  done: Set<number>,
  keep: (text: string) => void,
): Promise<void> {
  let isFirst = true;
  for await (const text of readLines(createReadStream(path))) {
    // A crash may have torn the header itself.
    if (isFirst && (text === "" || !header.startsWith(text))) {
      throw new Error(
        `${path} holds something else than the results of this input and application: name another file.`,
      );
    }
    if (!isFirst) {
      const result = parseJson(text);
      if (isRecord(result) && isWanted(result.outcome) && typeof result.line === "number" && !done.has(result.line)) {
        done.add(result.line);
        keep(text);
      }
    }
    isFirst = false;
  }
}
