import { expect, test } from "vitest";
import { readLines } from "../../src/text/lines.ts";

async function* inPieces(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([1, 2, 3, 7, 1_000])(
  "lines end at line feeds alone, however the bytes arrive: %i at a time",
  async (size) => {
    const lines: string[] = [];
    for await (const line of readLines(inPieces("a\u2028b\u2029c\r\n茶与山\n\n😀 last", size))) lines.push(line);
    expect(lines).toEqual(["a\u2028b\u2029c", "茶与山", "", "😀 last"]);
  },
);

test("a line break at the end begins no further line", async () => {
  const lines: string[] = [];
  for await (const line of readLines(inPieces("a\n", 1))) lines.push(line);
  expect(lines).toEqual(["a"]);
});
