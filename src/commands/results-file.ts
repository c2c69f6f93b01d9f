import { closeSync, createReadStream, existsSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { isRecord } from "../text/json.ts";

/** The file of results: what has ended as wanted is not run again, so a job that stopped can go on. */

/** Outcomes that leave nothing to do. */
const WANTED: readonly unknown[] = ["applied", "accepted", "unchanged", "read"];

export function isWanted(outcome: unknown): boolean {
  return WANTED.includes(outcome);
}

/** What a results file says before a job begins. */
export interface EarlierResults {
  /** Lines that ended as wanted. */
  readonly done: ReadonlySet<number>;
  /** When the last line was written (milliseconds since 1970); 0 for a new file. */
  readonly writtenAt: number;
}

/** Results as JSON lines; each line of the input has one at most. */
export class ResultsFile {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /**
   * Opens the file of a job, and keeps of it what ended as wanted. A line that a crash has torn is dropped.
   * @param hash of the job's input
   * @throws Error with a sentence for a person, where the file belongs to other input
   */
  static async open(path: string, hash: string): Promise<{ file: ResultsFile; earlier: EarlierResults }> {
    const header = JSON.stringify({ apply: 1, input: hash });
    const done = new Set<number>();
    const exists = existsSync(path);
    const writtenAt = exists ? statSync(path).mtimeMs : 0;
    const temporaryPath = `${path}.new`;
    rmSync(temporaryPath, { force: true });
    const kept = new ResultsFile(openSync(temporaryPath, "ax", 0o600));
    try {
      kept.#writeLine(header);
      if (exists) await keepWanted(path, header, done, (text) => kept.#writeLine(text));
      renameSync(temporaryPath, path);
    } catch (error) {
      kept.close();
      rmSync(temporaryPath, { force: true });
      throw error;
    }
    return { file: kept, earlier: { done, writtenAt } };
  }

  write(result: object): void {
    this.#writeLine(JSON.stringify(result));
  }

  #writeLine(text: string): void {
    writeSync(this.#file, `${text}\n`);
  }

  close(): void {
    closeSync(this.#file);
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
    if (isFirst && text !== header && text !== "") {
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
