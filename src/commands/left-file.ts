import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type EditFile, linesOf } from "./edit-file.ts";

/** A file for the lines that are left. What is there stays until the new one is whole. */
export class LeftFile {
  readonly #path: string;
  readonly #unfinished: string;
  readonly #file: number;

  /**
   * @param pid of this process: an overtaken run of the same job must not touch the file of another one
   * @throws the file system's error where it cannot be written
   */
  constructor(path: string, pid: number) {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error(`${path} is no file.`);
    this.#path = path;
    this.#unfinished = `${path}.${pid}.unfinished`;
    this.#file = openSync(this.#unfinished, "wx", 0o600);
  }

  /** Writes the lines that are not done, as they stand: to correct, and to run. */
  async write(input: EditFile, isDone: (line: number) => boolean): Promise<void> {
    for await (const { line, text } of linesOf(input)) if (!isDone(line)) writeFileSync(this.#file, `${text}\n`);
    renameSync(this.#unfinished, this.#path);
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#unfinished, { force: true });
  }
}
