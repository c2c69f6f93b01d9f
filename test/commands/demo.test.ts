import { expect, test } from "vitest";
import { demo } from "../../src/commands/demo.ts";
import { BUILT } from "../support/built.ts";

async function play(execPath: string, env: Record<string, string>, isTTY: boolean) {
  const lines: string[] = [];
  const stdout = { isTTY, write: (text: string) => lines.push(...text.trimEnd().split("\n")) };
  const code = await demo({ execPath, env, stdout, argv: ["", BUILT] } as never);
  return { code, lines, text: lines.join("\n") };
}

test("the demo shows a rejected edit, a confirmed one and its undo, on a screen of 80 columns and 40 lines", async () => {
  const { code, lines, text } = await play(process.execPath, {}, false);
  expect(code).toBe(0);
  expect(lines.length).toBeLessThanOrEqual(40);
  for (const line of lines) expect(columns(line), line).toBeLessThanOrEqual(80);
  for (const part of [
    "The words are scripted and no model is called.",
    "150 bytes.",
    "You: Take that back.",
    "undo: modify_official_account_base_info",
    "? 780,031 subscribers of '@TOA#_test_for_penn' (sandbox)",
    "You: Apply the edit.",
    "Every step worked. Next: tencent-chat-channel-mcp setup",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("\u001b[");
});

test("the demo uses colors at a terminal, unless NO_COLOR is set", async () => {
  expect((await play(process.execPath, {}, true)).text).toContain("\u001b[");
  expect((await play(process.execPath, { NO_COLOR: "1" }, true)).text).not.toContain("\u001b[");
});

function columns(text: string): number {
  return [...text].reduce((count, character) => count + (/[\u2E80-\uA4CF\uFF00-\uFF60]/.test(character) ? 2 : 1), 0);
}
