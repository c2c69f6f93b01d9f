import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Files of which a part is generated. With --check nothing is written, and what is out of date fails the process. */

const isCheck = process.argv.includes("--check");

export const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

export const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Changes a text file, or makes it. */
export function change(path, edit, what = path) {
  const current = existsSync(path) ? readFileSync(path, "utf8") : "";
  const wanted = edit(current);
  if (wanted === current) return;
  if (!isCheck) return writeFileSync(path, wanted);
  process.stderr.write(`Out of date: ${what}. Run npm run docs.\n`);
  process.exitCode = 1;
}

/** Sets these values in a file of JSON; all others stay. */
export function set(path, values) {
  for (const [key, value] of Object.entries(values))
    change(path, (text) => json({ ...JSON.parse(text), [key]: value }), `${path} (${key})`);
}

/** Replaces what is between `<!-- name:start -->` and `<!-- name:end -->`, for each name. */
export function fill(path, parts) {
  change(path, (text) =>
    Object.entries(parts).reduce((filled, [name, part]) => {
      const marked = new RegExp(`<!-- ${name}:start -->[^]*<!-- ${name}:end -->`);
      if (!marked.test(filled)) throw new Error(`${path} has no place for ${name}`);
      return filled.replace(marked, () => `<!-- ${name}:start -->\n${part}\n<!-- ${name}:end -->`);
    }, text),
  );
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export function fence(language, text) {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}
