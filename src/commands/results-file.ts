import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { isRecord } from "../text/json.ts";

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
  readonly #lock: string | undefined;
  readonly #touching: NodeJS.Timeout | undefined;

  private constructor(file: number, lock?: string) {
    this.#file = file;
    this.#lock = lock;
    const touch = (path: string) => utimesSync(path, new Date(), new Date());
    if (lock) this.#touching = setInterval(touch, TOUCH_EVERY_MS, lock).unref();
  }

  /**
   * Opens the file of a job, and keeps of it what ended as wanted. A line that a crash has torn is dropped.
   * @param hash of the job's input
   * @throws Error with a sentence for a person, where the file holds something else or another process uses it
   */
  static async open(given: string, hash: string): Promise<OpenedResults> {
    const header = JSON.stringify({ apply: 1, input: hash });
    const done = new Set<number>();
    const exists = existsSync(given);
    const path = exists ? realpathSync(given) : given; // a link stays one
    const { mtimeMs: writtenAt, mode } = exists ? statSync(path) : { mtimeMs: 0, mode: 0o600 };
    if (exists && !statSync(path).isFile()) {
      // A device such as /dev/null takes lines, and keeps none.
      const device = new ResultsFile(openSync(path, "a"));
      device.#writeLine(header);
      return { file: device, done, writtenAt: 0 };
    }
    const lock = `${path}.lock`;
    await takeLock(lock, path);
    const temporaryPath = `${path}.new`;
    try {
      rmSync(temporaryPath, { force: true });
      const kept = new ResultsFile(openSync(temporaryPath, "ax", mode & 0o777), lock);
      kept.#writeLine(header);
      if (exists) await keepWanted(path, header, done, (text) => kept.#writeLine(text));
      renameSync(temporaryPath, path);
      return { file: kept, done, writtenAt };
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      rmSync(lock, { force: true });
      throw error;
    }
  }

  write(result: object): void {
    this.#writeLine(JSON.stringify(result));
  }

  #writeLine(text: string): void {
    writeSync(this.#file, `${text}\n`);
  }

  close(): void {
    closeSync(this.#file);
    clearInterval(this.#touching);
    if (this.#lock) rmSync(this.#lock, { force: true });
  }
}

/** The owner of a lock touches it this often; one that stays untouched for so long was left by a run that was killed. */
const TOUCH_EVERY_MS = 500;
const UNTOUCHED_MS = 3_000;

/** Two runs of one file would send everything twice. (The ID of a process means nothing in another container.) */
async function takeLock(lock: string, path: string): Promise<void> {
  const take = () => {
    try {
      writeFileSync(lock, "", { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  };
  if (take()) return;
  const touched = touchedAt(lock);
  await new Promise((resolve) => setTimeout(resolve, UNTOUCHED_MS));
  if (touchedAt(lock) === touched) rmSync(lock, { force: true });
  if (!take()) throw new Error(`Another apply is using ${path}.`);
}

function touchedAt(lock: string): number | undefined {
  return statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
}

async function keepWanted(
  path: string,
  header: string,
  done: Set<number>,
  keep: (text: string) => void,
): Promise<void> {
  let isFirst = true;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (isFirst && text !== header) {
      throw new Error(`${path} holds something else than the results of this input: name another file.`);
    }
    if (!isFirst) {
      const result = parse(text);
      if (result && isWanted(result.outcome) && typeof result.line === "number" && !done.has(result.line)) {
        done.add(result.line);
        keep(text);
      }
    }
    isFirst = false;
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
