// Sets the address of the repository everywhere, from one place: npm run address -- https://github.com/owner/name
// A second argument names another folder with the same files. The registry allows io.github.<owner>/… to its owner only.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [given = "", folder = "."] = process.argv.slice(2);
const [, owner] = /^https:\/\/github\.com\/([^/]+)\/[^/]+$/.exec(given) ?? [];
if (!owner) {
  process.stderr.write("Give the address of the repository, such as https://github.com/owner/name\n");
  process.exit(2);
}
const homepage = `${given}#readme`;
const issues = `${given}/issues`;
const mcpName = `io.github.${owner}/tencent-chat-channel-mcp`;

change("package.json", {
  mcpName,
  repository: { type: "git", url: `git+${given}.git` },
  homepage,
  bugs: { url: issues },
});
change("manifest.json", {
  repository: { type: "git", url: `${given}.git` },
  homepage,
  documentation: homepage,
  support: issues,
});
change("server.json", { name: mcpName, repository: { url: given, source: "github" }, websiteUrl: homepage });
write("Dockerfile", (text) => text.replace(/(server\.name=)"[^"]*"/, `$1"${mcpName}"`));
mkdirSync(join(folder, ".github"), { recursive: true });
writeFileSync(join(folder, ".github/CODEOWNERS"), `* @${owner}\n`);
process.stdout.write("Now run npm run docs.\n");

function change(file, values) {
  write(file, (text) => `${JSON.stringify({ ...JSON.parse(text), ...values }, null, 2)}\n`);
}

function write(file, edit) {
  const path = join(folder, file);
  writeFileSync(path, edit(readFileSync(path, "utf8")));
}
