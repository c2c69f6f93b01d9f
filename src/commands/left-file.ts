import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { type EditFile, hashOf, linesOf } from "./edit-file.ts";
import { unfinished } from "./results-file.ts";

/** A file for the lines that are left. */
export class LeftFile {
  readonly #path: string;
  readonly #file: number;

  /** @throws the file system's error where it cannot be written */
  constructor(path: string) {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error(`${path} is no file.`);
    this.#path = path;
    this.#file = openSync(unfinished(path), "w", 0o600);
  }

  /** Writes the lines that are not done, as they stand: to correct, and to run. */
  async write(input: EditFile, hash: string, isDone: (line: number) => boolean): Promise<void> {
    if ((await hashOf(input)) !== hash)
      throw new Error(`The input changed while it ran, so ${this.#path} is not written.`);
    for await (const { line, text } of linesOf(input)) if (!isDone(line)) writeSync(this.#file, `${text}\n`);
    renameSync(unfinished(this.#path), this.#path);
  }

  close(): void {
    closeSync(this.#file);
    rmSync(unfinished(this.#path), { force: true });
  }
}
