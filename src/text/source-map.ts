import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/** Stacks of the built files are of one line each: the source maps beside them say where that is in the source. */

const FRAME = /((?:\/|[A-Z]:\\)[^()\n]+\.cjs):(\d+):(\d+)/g;

/** A stack with places in the source; frames without a map stay as they are. */
export function mapStack(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(FRAME, (frame, file: string, line: string, column: string) => {
    if (!maps.has(file)) maps.set(file, readMap(file));
    const origin = maps.get(file)?.findOrigin(Number(line), Number(column));
    if (!origin || !("fileName" in origin)) return frame;
    return `${origin.fileName.replace(/^(\.\.\/)+/, "")}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")));
  } catch {
    return undefined;
  }
}
