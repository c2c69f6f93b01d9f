import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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
