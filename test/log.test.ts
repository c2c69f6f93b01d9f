import { expect, test } from "vitest";
import { createLog } from "../src/log.ts";

function linesOf(level: Parameters<typeof createLog>[0]): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return {
    lines,
    log: createLog(
      level,
      (line) => lines.push(line),
      (event) => JSON.parse(JSON.stringify(event).replaceAll("hush", "[secret]")),
    ),
  };
}

test("shows its level and what is more severe, one JSON line per event, without secrets", () => {
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

test("shows nothing at the level silent", () => {
  const { lines, log } = linesOf("silent");
  log("error", "broken");
  expect(lines).toEqual([]);
});
