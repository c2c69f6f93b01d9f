import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { type EditFile, hashOf, linesOf } from "./edit-file.ts";

/** A file for the lines that are left. */
export class LeftFile {
  readonly #path: string;
  readonly #file: number;

  /** @throws the file system's error where it cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(`${path}.new`, "w", 0o600);
  }

  /** Writes the lines that are not done, as they stand: to correct, and to run. */
  async write(input: EditFile, hash: string, isDone: (line: number) => boolean): Promise<void> {
    if ((await hashOf(input)) !== hash)
      throw new Error(`The input changed while it ran, so ${this.#path} is not written.`);
    for await (const { line, text } of linesOf(input)) if (!isDone(line)) writeSync(this.#file, `${text}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }

  close(): void {
    closeSync(this.#file);
    rmSync(`${this.#path}.new`, { force: true });
  }
}
