// Makes everything that a release publishes, in release/, and checks it: npm run release. Nothing leaves this machine;
// RELEASING.md and .github/workflows/publish.yml say how it is published. With --dry-run an address of the repository
// that is not set yet is a remark and no failure.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as z from "zod/v4";
import { HANDSHAKE, startServer } from "./mcp-child.mjs";

const OUT = "release";
const isDryRun = process.argv.includes("--dry-run");
const problems = [];
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const run = (command, args, options) => execFileSync(command, args, { encoding: "utf8", stdio: "pipe", ...options });

const about = read("package.json");
const { name, version } = about;
const repository = /github\.com\/([^/]+)\/([^/]+?)(\.git)?$/.exec(about.repository?.url ?? "");

checkNames();
checkFiles();
stopAtProblems();
run("npm", ["run", "--silent", "build"]);
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
await makePackage();
const bundle = await makeBundle();
writeFileSync(join(OUT, "sbom.cdx.json"), json(softwareBill()));
const entry = registryEntry(bundle);
checkEntry(entry);
writeFileSync(join(OUT, "server.json"), json(entry));
writeFileSync(
  join(OUT, "SHA256SUMS"),
  readdirSync(OUT)
    .map((file) => `${sha256(file)}  ${file}\n`)
    .join(""),
);
stopAtProblems();
process.stdout.write(`Ready in ${OUT}/: ${readdirSync(OUT).join(", ")}\n`);

function stopAtProblems() {
  for (const problem of problems) process.stderr.write(`✗ ${problem}\n`);
  if (problems.length > 0) process.exit(1);
}

/** Versions, names and addresses that must agree. */
function checkNames() {
  const versions = {
    "manifest.json": read("manifest.json").version,
    "server.json": read("server.json").version,
    "plugin/plugin.json": read("plugin/plugin.json").version,
    "plugin/.claude-plugin/plugin.json": read("plugin/.claude-plugin/plugin.json").version,
    "package-lock.json": read("package-lock.json").version,
  };
  for (const [file, found] of Object.entries(versions)) {
    if (found !== version) problems.push(`${file} has version ${found}, package.json ${version}`);
  }
  const headings = readFileSync("CHANGELOG.md", "utf8").match(/^## .*/gm) ?? [];
  if (headings[0]?.split(" ")[1] !== version) problems.push(`CHANGELOG.md does not begin with ${version}`);
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
  if (GITHUB_REF_TYPE === "tag" && GITHUB_REF_NAME !== `v${version}`)
    problems.push(`the tag is ${GITHUB_REF_NAME}, package.json's version ${version}`);
  const registryName = read("server.json").name;
  if (about.mcpName !== registryName) problems.push(`mcpName is ${about.mcpName}, server.json's name ${registryName}`);
  const label = /server\.name="([^"]+)"/.exec(readFileSync("Dockerfile", "utf8"))?.[1];
  if (label !== registryName) problems.push(`the image's label is ${label}, server.json's name ${registryName}`);
  const missing = ["author", "repository", "bugs", "homepage"].filter((field) => !about[field]);
  if (missing.length > 0 && isDryRun) process.stdout.write(`Not set yet: ${missing.join(", ")} (npm run address).\n`);
  else for (const field of missing) problems.push(`package.json lacks ${field}: run npm run address`);
  if (repository && !registryName.startsWith(`io.github.${repository[1]}/`)) {
    problems.push(`${registryName} may be published by the owner ${registryName.split(/[./]/)[2]} only`);
  }
}

/** Files that the artefacts are made of, besides the build. */
function checkFiles() {
  const documents = ["README.md", "README.zh-CN.md", "LICENSE", "icon.png", "mcpb-resources", "plugin/skills"];
  const needed = [...documents, ...about.files.filter((path) => !path.startsWith("dist/"))];
  for (const path of needed) if (!existsSync(path)) problems.push(`${path} is missing`);
  for (const path of ["docs", "manifest.json", "CHANGELOG.md", "SECURITY.md"]) {
    if (!about.files.includes(path)) problems.push(`package.json's files lack ${path}`);
  }
}

/** The files of the build that a user runs. */
function builtFiles() {
  return readdirSync("dist").filter((file) => /\.cjs(\.map)?$/.test(file) || file === "THIRD-PARTY-NOTICES.txt");
}

/** What `npm publish` gets: packed once, so that no script of a later step changes it. */
async function makePackage() {
  const [packed] = Object.values(
    JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", OUT])),
  );
  const paths = packed.files.map(({ path }) => path);
  const allowed =
    /^(dist\/[\w-]+\.cjs(\.map)?|dist\/THIRD-PARTY-NOTICES\.txt|(docs|examples)\/.+|[A-Z][\w.-]+|(package|manifest)\.json)$/;
  const odd = paths.filter((path) => !allowed.test(path));
  if (odd.length > 0) problems.push(`the package holds ${odd.join(", ")}`);
  for (const path of ["README.md", "LICENSE", "docs/tools.md", ...builtFiles().map((file) => `dist/${file}`)]) {
    if (!paths.includes(path)) problems.push(`the package lacks ${path}`);
  }
  const place = mkdtempSync(join(tmpdir(), "release-"));
  try {
    run("npm", ["install", "--no-audit", "--no-fund", "--prefix", place, resolve(OUT, packed.filename)]);
    const command = join(place, "node_modules", ".bin", name);
    if (run(command, ["--version"]).trim() !== version) problems.push("the packed command has another version");
    await checkServes("the package", [command]);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The desktop bundle, unpacked elsewhere and started. */
async function makeBundle() {
  run(process.execPath, ["scripts/mcpb.mjs", OUT]);
  rmSync(join(OUT, "mcpb"), { recursive: true });
  const place = mkdtempSync(join(tmpdir(), "release-"));
  try {
    const unpacked = join(place, "bundle");
    const { status } = spawnSync("node_modules/.bin/mcpb", ["unpack", join(OUT, `${name}.mcpb`), unpacked]);
    const files = builtFiles().filter((file) => !file.endsWith(".map")); // bundles leave maps out
    const lacking = files.filter((file) => !existsSync(join(unpacked, "dist", file)));
    if (status !== 0) problems.push("the bundle cannot be unpacked");
    else if (lacking.length > 0) problems.push(`the bundle lacks ${lacking.join(", ")}`);
    else await checkServes("the bundle", [process.execPath, join(unpacked, read("manifest.json").server.entry_point)]);
  } finally {
    rmSync(place, { recursive: true });
  }
  return `${name}.mcpb`;
}

async function checkServes(what, command) {
  const server = startServer({ TENCENT_CHAT_SANDBOX: "true" }, [], command);
  const timer = setTimeout(() => server.child.kill(), 20_000);
  const ended = once(server.child, "exit").then(([code]) => `ended while it served (${code ?? "no answer in 20 s"})`);
  const problem = await Promise.race([playCalls(server), ended]);
  if (problem) problems.push(`${what} ${problem}`);
  clearTimeout(timer);
  server.child.stdin.end();
}

/** Plays a read. Returns what is wrong, or undefined. */
async function playCalls(server) {
  await server.request("initialize", HANDSHAKE);
  const { result } = await server.request("tools/list");
  if (result?.tools.length !== 3) return "does not list three tools";
  const ids = [{ Official_Account: "@TOA#_test_for_penn" }];
  const answer = await server.request("tools/call", {
    name: "get_official_account_info",
    arguments: { OfficialAccountIdList: ids },
  });
  return answer.result?.structuredContent?.ErrorCode === 0 ? undefined : "does not answer a read";
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
function registryEntry(bundleFile) {
  const entry = read("server.json");
  if (!repository) return entry;
  const [, owner, repo] = repository;
  const transport = { type: "stdio" };
  const { environmentVariables } = entry.packages[0];
  const url = `https://github.com/${owner}/${repo}/releases/download/v${version}/${bundleFile}`;
  const image = `ghcr.io/${owner.toLowerCase()}/${name}:${version}`;
  return {
    ...entry,
    packages: [
      ...entry.packages,
      { registryType: "mcpb", identifier: url, fileSha256: sha256(bundleFile), transport },
      { registryType: "oci", identifier: image, transport, environmentVariables },
    ],
  };
}

/** What the registry takes; it refuses a version of packages whose address holds one. */
function checkEntry(value) {
  const transport = z.strictObject({ type: z.literal("stdio") });
  const environmentVariables = z.array(z.looseObject({ name: z.string(), description: z.string() }));
  const schema = z.looseObject({
    $schema: z.string().endsWith("/2025-12-11/server.schema.json"),
    name: z
      .string()
      .max(200)
      .regex(/^[\w.-]+\/[\w.-]+$/),
    description: z.string().min(1).max(100),
    version: z.literal(version),
    packages: z.array(
      z.discriminatedUnion("registryType", [
        z.looseObject({
          registryType: z.literal("npm"),
          identifier: z.literal(name),
          version: z.literal(version),
          transport,
        }),
        z.strictObject({
          registryType: z.literal("mcpb"),
          identifier: z.url(),
          fileSha256: z.string().regex(/^[0-9a-f]{64}$/),
          transport,
        }),
        z.strictObject({
          registryType: z.literal("oci"),
          identifier: z.string().endsWith(`:${version}`),
          transport,
          environmentVariables,
        }),
      ]),
    ),
  });
  const { error } = schema.safeParse(value);
  for (const { path, message } of error?.issues ?? []) problems.push(`server.json: ${path.join(".")}: ${message}`);
}

function sha256(file) {
  return createHash("sha256")
    .update(readFileSync(join(OUT, file)))
    .digest("hex");
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
