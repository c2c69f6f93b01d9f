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
  writeFileSync,
  writeSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { isRecord } from "../text/json.ts";
import type { CliProcess } from "./cli-process.ts";

/** The file of results: what has ended as wanted is not run again, so a job that stopped can go on. */

/** Outcomes that leave nothing to do. */
const WANTED: readonly unknown[] = ["applied", "accepted", "unchanged", "read"];

export function isWanted(outcome: unknown): boolean {
  return WANTED.includes(outcome);
}

/** A results file, and what it says before a job begins. */
export interface OpenedResults {
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

  private constructor(file: number, lock?: string) {
    this.#file = file;
    this.#lock = lock;
  }

  /**
   * Opens the file of a job, and keeps of it what ended as wanted. A line that a crash has torn is dropped.
   * @param hash of the job's input
   * @throws Error with a sentence for a person, where the file holds something else or another process uses it
   */
  static async open(given: string, hash: string, cli: Pick<CliProcess, "pid" | "kill">): Promise<OpenedResults> {
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
    takeLock(lock, path, cli);
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
    if (this.#lock) rmSync(this.#lock, { force: true });
  }
}

/** Two runs of one file would send everything twice. A lock of a process that is gone counts for nothing. */
function takeLock(lock: string, path: string, { pid, kill }: Pick<CliProcess, "pid" | "kill">): void {
  for (const isFirst of [true, false]) {
    try {
      writeFileSync(lock, `${pid}\n`, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = Number(readFileSync(lock, "utf8"));
      if (!isFirst || isRunning(owner, kill)) {
        throw new Error(`Another apply (process ${owner}) is using ${path}. If there is none, remove ${lock}.`);
      }
      rmSync(lock, { force: true });
    }
  }
}

function isRunning(pid: number, kill: CliProcess["kill"]): boolean {
  try {
    return pid > 0 && kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
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
