import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type EditFile, linesOf } from "./edit-file.ts";

/** @throws where the file cannot be written: before the first line runs, and not hours later */
export function assertWritable(path: string): void {
  if (existsSync(path) && !statSync(path).isFile()) throw new Error(`${path} is no file.`);
  accessSync(dirname(path), constants.W_OK);
}

/** Writes the lines that are not done, as they stand: to correct, and to run. What is there stays until that is whole. */
export async function writeLeft(path: string, input: EditFile, isDone: (line: number) => boolean): Promise<void> {
  const unfinished = `${path}.unfinished.${randomUUID()}`;
  async function* left() {
    for await (const { line, text } of linesOf(input)) if (!isDone(line)) yield `${text}\n`;
  }
  try {
    await writeFile(unfinished, left(), { mode: 0o600 });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
