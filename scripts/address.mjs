// Sets the address of the repository everywhere, from one place: npm run address -- https://github.com/owner/name
// A second argument names another folder with the same files.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [given = "", folder = "."] = process.argv.slice(2);
if (!/^https:\/\/[^/]+\/[^/]+\/[^/]+$/.test(given)) {
  process.stderr.write("Give the address of the repository, such as https://github.com/owner/name\n");
  process.exit(2);
}
const homepage = `${given}#readme`;
const issues = `${given}/issues`;

change("package.json", { repository: { type: "git", url: `git+${given}.git` }, homepage, bugs: { url: issues } });
change("manifest.json", {
  repository: { type: "git", url: `${given}.git` },
  homepage,
  documentation: homepage,
  support: issues,
});
change("server.json", {
  repository: { url: given, source: new URL(given).hostname.split(".").at(-2) },
  websiteUrl: homepage,
});

function change(file, values) {
  const path = join(folder, file);
  const content = { ...JSON.parse(readFileSync(path, "utf8")), ...values };
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  process.stdout.write(`${file}: ${Object.keys(values).join(", ")}\n`);
}
