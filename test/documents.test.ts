import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../manifest.json" with { type: "json" };
import chinese from "../mcpb-resources/zh-CN.json" with { type: "json" };
import { CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING } from "../src/channel/fields.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS, UNANSWERED_SETTLE_MS } from "../src/chat-api/limits.ts";
import { OUTCOMES } from "../src/edits/outcome.ts";
import { SETTING_NAMES } from "../src/settings/schema.ts";
import { TOOLS } from "../src/tools/call-tool.ts";
import { brokenLinks } from "./support/links.ts";

const ROOT = new URL("..", import.meta.url).pathname;

test("every link between documents of the repository leads somewhere", () => {
  const documents = ["README.md", "README.zh-CN.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  const inFolder = (folder: string) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`);
  const all = [...documents, ...inFolder("docs"), ...inFolder("examples")];
  expect(brokenLinks(all)).toEqual([]);
  for (const path of documents) {
    const text = readFileSync(join(ROOT, path), "utf8");
    for (const [, anchor = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) {
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
        title.toLowerCase().replaceAll(" ", "-"),
      );
      expect(headings, path).toContain(anchor);
    }
  }
  expect(readFileSync(join(ROOT, "README.md"), "utf8").split("\n").length).toBeLessThanOrEqual(250);
  expect(existsSync(join(ROOT, "docs/demo.svg"))).toBe(true);
});

test("the bounds that receipts rest on are the ones in the code", () => {
  const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const [timeout, lag, settled] = [SERVER_TIMEOUT_MS, REPLICA_LAG_MS, UNANSWERED_SETTLE_MS].map((ms) => ms / 1_000);
  for (const text of [`${timeout} s`, `${lag} s`, `${lag} seconds`]) expect(read("SECURITY.md")).toContain(text);
  for (const text of [`${timeout} 秒`, `${lag} 秒`, `${settled} 秒`])
    expect(read("docs/zh-CN/security.md")).toContain(text);
  expect(read("docs/operation.md")).toContain(`waits ${lag} seconds`);
});

test("the Chinese README and form have every tool, setting, outcome and limit", () => {
  const readme = readFileSync(join(ROOT, "README.zh-CN.md"), "utf8");
  const names = [...TOOLS.map(({ name }) => name), ...SETTING_NAMES, ...Object.keys(OUTCOMES)];
  expect(names.filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([]);
  const written = [...CHANNEL_FIELDS.filter(({ writable }) => writable), SUBSCRIBER_CUSTOM_STRING];
  const limits = written.map((field) => ("maxBytes" in field ? `${field.name} ≤${field.maxBytes}` : field.name));
  expect(limits.filter((limit) => !readme.includes(limit))).toEqual([]);
  expect(Object.keys(chinese.user_config)).toEqual(Object.keys(manifest.user_config));
});
