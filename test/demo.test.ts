import { expect, test } from "vitest";
import { playDemo } from "../src/demo.ts";
import { BUILT } from "./support/built.ts";

test.each([true, false])("the demo goes as told, in colours: %s", async (hasColours) => {
  const lines: string[] = [];
  const wentAsTold = await playDemo({
    command: process.execPath,
    args: [BUILT, "--sandbox"],
    print: (line) => lines.push(line),
    hasColours,
  });
  expect(wentAsTold).toBe(true);
  expect(lines.join("\n").includes("\u001b[")).toBe(hasColours);
  expect(lines.at(-1)).toBe("Each step went as told.");
});

test("the demo says so where a step does not go as told", async () => {
  const lines: string[] = [];
  const wentAsTold = await playDemo({
    command: "env",
    args: ["TENCENT_CHAT_READ_ONLY=true", process.execPath, BUILT, "--sandbox"],
    print: (line) => lines.push(line),
    hasColours: true,
  });
  expect(wentAsTold).toBe(false);
  expect(lines.join("\n")).toContain("✗ not as told: three tools");
});
