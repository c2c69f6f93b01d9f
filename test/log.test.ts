import { expect, test } from "vitest";
import { makeLog } from "../src/log.ts";

function linesOf(level: Parameters<typeof makeLog>[0]): { lines: string[]; log: ReturnType<typeof makeLog> } {
  const lines: string[] = [];
  return {
    lines,
    log: makeLog(
      level,
      (line) => lines.push(line),
      (line) => line.replaceAll("hush", "[secret]"),
    ),
  };
}

test("shows its level and what is graver, one JSON line an event, without secrets", () => {
  const { lines, log } = linesOf("warn");
  log("info", "call");
  log("warn", "slow", { why: "hush" });
  log("error", "broken");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { time: expect.stringMatching(/Z$/), level: "warn", event: "slow", why: "[secret]" },
    { time: expect.any(String), level: "error", event: "broken" },
  ]);
  for (const line of lines) expect(line.endsWith("\n")).toBe(true);
});

test("shows nothing where it is silent", () => {
  const { lines, log } = linesOf("silent");
  log("error", "broken");
  expect(lines).toEqual([]);
});
