// Makes everything that a release publishes, in release/, and checks it: npm run release. Nothing leaves this machine;
// RELEASING.md and .github/workflows/publish.yml say how it is published. With --dry-run an address of the repository
// that is not set yet is a hint and no failure.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { json, readJson } from "./generated.mjs";

const OUT = "release";
const NEEDED = ["LICENSE", "README.md", "README.zh-CN.md", "icon.png", "mcpb-resources", "plugin/skills"];
const isDryRun = process.argv.includes("--dry-run");
const problems = [];
const about = readJson("package.json");
const { name, version } = about;
const [TARBALL, BUNDLE] = [`${name}-${version}.tgz`, `${name}.mcpb`];
const repository = /https:\/\/github\.com\/([^/]+)\/([^/]+?)(\.git)?$/.exec(about.repository?.url ?? "");

const run = (command, ...args) => execFileSync(command, args, { encoding: "utf8", stdio: "pipe" });
/** Runs what ends with another code than 0 where something is wrong. */
const check = (what, command, ...args) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) problems.push(`${what}: ${error ?? (stderr || stdout).trim()}`);
  return status === 0;
};

checkSources();
stopAtProblems();
run("npm", "run", "--silent", "build");
check("generated files", process.execPath, "scripts/docs.mjs", "--check"); // versions, names and addresses among them
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
if (check("the bundle", process.execPath, "scripts/mcpb.mjs", OUT)) checkContents();
stopAtProblems();
const place = mkdtempSync(join(tmpdir(), "release-"));
checkPackage();
checkBundle();
rmSync(place, { recursive: true });
writeFileSync(join(OUT, "sbom.cdx.json"), json(softwareBill()));
writeFileSync(join(OUT, "server.json"), json(registryEntry()));
const sums = readdirSync(OUT).map((file) => `${sha256(file)}  ${file}\n`);
writeFileSync(join(OUT, "SHA256SUMS"), sums.join(""));
stopAtProblems();
process.stdout.write(`Ready in ${OUT}/: ${readdirSync(OUT).join(", ")}\n`);

function stopAtProblems() {
  for (const problem of problems) process.stderr.write(`✗ ${problem}\n`);
  if (problems.length > 0) process.exit(1);
}

/** What no later step would notice. */
function checkSources() {
  const [heading] = readFileSync("CHANGELOG.md", "utf8").match(/^## .*/m) ?? [];
  if (heading?.split(" ")[1] !== version) problems.push(`CHANGELOG.md does not begin with ${version}`);
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
  if (GITHUB_REF_TYPE === "tag" && GITHUB_REF_NAME !== `v${version}`)
    problems.push(`the tag is ${GITHUB_REF_NAME}, package.json's version ${version}`);
  if (readJson("package-lock.json").version !== version)
    problems.push(`package-lock.json is not of version ${version}`);
  for (const path of [...NEEDED, ...about.files.filter((path) => !path.startsWith("dist/"))])
    if (!existsSync(path)) problems.push(`${path} is missing`);
  if (repository) return;
  const problem = "package.json lacks the address of the repository (RELEASING.md)";
  if (isDryRun) process.stdout.write(`Not yet: ${problem}.\n`);
  else problems.push(problem);
}

/** What is in the package; the bundle is made of it. */
function checkContents() {
  const paths = run("tar", "-tzf", join(OUT, TARBALL))
    .trim()
    .replaceAll(/^package\//gm, "")
    .split("\n");
  const allowed =
    /^(dist\/[\w-]+\.cjs(\.map)?|dist\/THIRD-PARTY-NOTICES\.txt|(docs|examples)\/.+|[A-Z][\w.-]+|(package|manifest)\.json)$/;
  const odd = paths.filter((path) => !allowed.test(path));
  if (odd.length > 0) problems.push(`the package holds ${odd.join(", ")}`);
  for (const path of ["SECURITY.md", "CHANGELOG.md", "README.zh-CN.md", "docs/tools.md", "manifest.json"])
    if (!paths.includes(path)) problems.push(`the package lacks ${path}`);
}

/** What `npm publish` gets, installed and playing the demo. */
function checkPackage() {
  run("npm", "install", "--no-audit", "--no-fund", "--prefix", place, resolve(OUT, TARBALL));
  check("the package", join(place, "node_modules/.bin", name), "demo");
}

/** The desktop bundle, unpacked elsewhere and playing the demo. */
function checkBundle() {
  const unpacked = join(place, "bundle");
  run("node_modules/.bin/mcpb", "unpack", join(OUT, BUNDLE), unpacked);
  check("the bundle", process.execPath, join(unpacked, readJson("manifest.json").server.entry_point), "demo");
}

/** What is inside the build, by its notices: the packages that esbuild took, not what lies in node_modules. */
function softwareBill() {
  const notices = readFileSync("dist/THIRD-PARTY-NOTICES.txt", "utf8");
  const components = [...notices.matchAll(/^((?:@[\w.-]+\/)?[\w.-]+) (\d+\.\d+\.\d+\S*) \((.+)\)$/gm)].map(
    ([, component, componentVersion, license]) => ({
      type: "library",
      name: component,
      version: componentVersion,
      purl: `pkg:npm/${component.replace("@", "%40")}@${componentVersion}`,
      licenses: [{ license: { id: license } }],
    }),
  );
  if (components.length === 0) problems.push("the bill of materials is empty");
  const component = { type: "application", name, version, purl: `pkg:npm/${name}@${version}` };
  return { bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata: { component }, components };
}

/** The registry's entry with all three packages; the last two need the address of the repository. */
function registryEntry() {
  const entry = readJson("server.json");
  if (!repository) return entry;
  const [, owner, repo] = repository;
  const transport = { type: "stdio" };
  const { environmentVariables } = entry.packages[0];
  const identifier = `https://github.com/${owner}/${repo}/releases/download/v${version}/${BUNDLE}`;
  const image = `ghcr.io/${owner.toLowerCase()}/${name}:${version}`;
  const bundle = { registryType: "mcpb", identifier, fileSha256: sha256(BUNDLE), transport };
  const oci = { registryType: "oci", identifier: image, transport, environmentVariables };
  return { ...entry, packages: [...entry.packages, bundle, oci] };
}

function sha256(file) {
  return createHash("sha256")
    .update(readFileSync(join(OUT, file)))
    .digest("hex");
}
