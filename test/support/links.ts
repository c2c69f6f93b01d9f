import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Links in the documents of a set of files that lead to none of them. */
export function brokenLinks(paths: readonly string[]): string[] {
  const documents = paths.filter((path) => path.endsWith(".md"));
  return documents.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = ""]) => target);
    const own = targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(path), target));
    return own.filter((target) => !paths.includes(target)).map((target) => `${path} → ${target}`);
  });
}
