import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS, UNANSWERED_SETTLE_MS } from "../src/chat-api/limits.ts";
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
