import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../manifest.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import registry from "../../server.json" with { type: "json" };
import { metaOf, SETTING_NAMES, type SettingName } from "../../src/settings/schema.ts";
import { TOOLS } from "../../src/tools/call-tool.ts";
import { BuiltServer } from "../support/built.ts";
import { temporaryFolder } from "../support/folders.ts";
import { brokenLinks } from "../support/links.ts";
import { GET, PENN } from "../support/service.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const NAME = "tencent-chat-channel-mcp";

const run = (command: string, args: string[], cwd: string) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe" });

describe("the package", () => {
  test("installs as one folder without dependencies, below 850 kB, and its command works", () => {
    const place = temporaryFolder();
    const packed = JSON.parse(
      run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", place], ROOT),
    ) as unknown;
    const [tarball] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as {
      filename: string;
      size: number;
      files: { path: string }[];
    }[];
    expect(tarball?.size).toBeLessThan(850_000);
    const paths = tarball?.files.map(({ path }) => path) ?? [];
    for (const path of ["SECURITY.md", "README.zh-CN.md", "docs/tools.md", `dist/${NAME}.cjs`])
      expect(paths).toContain(path);
    expect(
      paths.filter((path) => !/^(dist|docs|examples)\/|^[A-Z][\w.-]+$|^(manifest|package)\.json$/.test(path)),
    ).toEqual([]);
    expect(brokenLinks(paths)).toEqual([]);
    run("npm", ["install", "--no-audit", "--no-fund", "--prefix", place, join(place, tarball?.filename ?? "")], place);
    expect(readdirSync(join(place, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([NAME]);
    const command = join(place, "node_modules", ".bin", NAME);
    expect(run(command, ["--version"], place).trim()).toBe(packageJson.version);
    expect(run(command, ["doctor", "--sandbox"], place)).toContain("Everything works.");
    expect(run(command, ["demo"], place)).toContain("Every step worked.");
  });

  test("carries the notices of every package inside", () => {
    const notices = readFileSync(join(ROOT, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
    for (const name of ["@modelcontextprotocol/sdk", "zod", "undici", "tls-sig-api-v2", "leven"]) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, "m"));
    }
  });
});

test("the address of the repository is set in every file by one command, and stays valid", () => {
  const place = temporaryFolder();
  for (const file of ["package.json", "manifest.json", "server.json", "Dockerfile", "icon.png", "mcpb-resources"]) {
    cpSync(join(ROOT, file), join(place, file), { recursive: true });
  }
  const address = "https://github.com/owner/name";
  run(process.execPath, [join(ROOT, "scripts/address.mjs"), address, place], place);
  const inPlace = (file: string) => readFileSync(join(place, file), "utf8");
  for (const file of ["package.json", "manifest.json", "server.json"]) {
    expect(JSON.parse(inPlace(file)).repository.url).toContain(address);
  }
  const name = "io.github.owner/tencent-chat-channel-mcp";
  expect([JSON.parse(inPlace("package.json")).mcpName, JSON.parse(inPlace("server.json")).name]).toEqual([name, name]);
  expect(inPlace("Dockerfile")).toContain(`server.name="${name}"`);
  expect(inPlace(".github/CODEOWNERS")).toBe("* @owner\n");
  const { status } = spawnSync("node_modules/.bin/mcpb", ["validate", join(place, "manifest.json")], { cwd: ROOT });
  expect(status).toBe(0);
  expect(spawnSync(process.execPath, [join(ROOT, "scripts/address.mjs"), "owner/name"]).status).toBe(2);
});

describe("a release", () => {
  const FILES =
    "CHANGELOG.md CONTRIBUTING.md Dockerfile LICENSE README.md README.zh-CN.md SECURITY.md docs examples icon.png";
  const MORE = "manifest.json mcpb-resources package.json package-lock.json plugin scripts server.json";
  const replaced = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);

  test.each<[string, string, ((text: string) => string) | undefined, string]>([
    ["another version of the bundle", "manifest.json", replaced('"version": "', '"version": "9'), "manifest.json has"],
    ["another version of the plugin", "plugin/plugin.json", replaced('"version": "', '"version": "9'), "plugin/plugin"],
    [
      "another version of the entry",
      "server.json",
      replaced('"version": "', '"version": "9'),
      "server.json has version",
    ],
    ["another name", "package.json", replaced('"mcpName": "io.', '"mcpName": "com.'), "mcpName is com."],
    ["another label of the image", "Dockerfile", replaced('server.name="', 'server.name="x'), "the image's label is x"],
    ["a changelog of an older version", "CHANGELOG.md", replaced(/^## /m, "## 9.9.9\n\n## "), "CHANGELOG.md does not"],
    [
      "a document that the package leaves out",
      "package.json",
      replaced('"docs",', ""),
      "package.json's files lack docs",
    ],
    ["no licence", "LICENSE", undefined, "LICENSE is missing"],
    ["no documents", "docs", undefined, "docs is missing"],
    ["no skill", "plugin/skills", undefined, "plugin/skills is missing"],
  ])("is not made with %s", (_what, file, change, problem) => {
    const place = temporaryFolder();
    for (const each of `${FILES} ${MORE}`.split(" ")) cpSync(join(ROOT, each), join(place, each), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"));
    if (change) writeFileSync(join(place, file), change(readFileSync(join(place, file), "utf8")));
    else rmSync(join(place, file), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, ["scripts/release.mjs", "--dry-run"], {
      cwd: place,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining(`✗ ${problem}`)]);
  });

  test("is not made under a tag of another version", () => {
    const env = { ...process.env, GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v9.9.9" };
    const { status, stderr } = spawnSync(process.execPath, ["scripts/release.mjs", "--dry-run"], {
      cwd: ROOT,
      env,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining("✗ the tag is v9.9.9")]);
  });
});

const positionOf = (name: SettingName) => metaOf(name).form?.position ?? 0;

describe("the desktop bundle", () => {
  test("is valid, small, and serves from anywhere with a host's own arguments and settings that were left blank", async () => {
    const place = temporaryFolder();
    run(process.execPath, ["scripts/mcpb.mjs", place], ROOT);
    const bundle = join(place, `${NAME}.mcpb`);
    expect(statSync(bundle).size).toBeLessThan(1024 * 1024);
    const unpacked = join(place, "unpacked");
    const { status } = spawnSync("node_modules/.bin/mcpb", ["unpack", bundle, unpacked], { cwd: ROOT });
    expect(status).toBe(0);
    expect(brokenLinks(readdirSync(unpacked, { recursive: true, encoding: "utf8" }))).toEqual([]);
    const { env } = manifest.server.mcp_config;
    const server = new BuiltServer(
      { ...env, TENCENT_CHAT_SANDBOX: "true" },
      ["--inspect-brk-node", "stray"],
      [],
      join(unpacked, manifest.server.entry_point),
    );
    await server.initialize();
    const reply = await server.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
    expect(reply.result.structuredContent).toMatchObject({ sandbox: true, ErrorCode: 0 });

    const blank = new BuiltServer(env, [], [], join(unpacked, manifest.server.entry_point));
    await blank.initialize();
    const refused = await blank.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
    expect(refused.result.structuredContent.explanation.stage).toBe("settings");
    expect(refused.result.content[0].text).not.toContain("user_config");
  });

  test("asks for every setting that a person would set, the key as a secret, each optional one with a default", () => {
    const asked = Object.entries(manifest.user_config) as [
      string,
      { default?: unknown; sensitive?: boolean; required: boolean },
    ][];
    expect(asked.map(([key]) => `TENCENT_CHAT_${key.toUpperCase()}`)).toEqual(
      SETTING_NAMES.filter((name) => metaOf(name).form).sort((one, other) => positionOf(one) - positionOf(other)),
    );
    for (const [key, field] of asked) {
      expect(field.required, key).toBe(false);
      expect(field.default, key).toBeDefined();
      expect(field.sensitive ?? false, key).toBe(key === "secret_key" || key === "usersig");
    }
    expect(Object.keys(manifest.server.mcp_config.env)).toEqual(
      asked.map(([key]) => `TENCENT_CHAT_${key.toUpperCase()}`),
    );
    expect(asked[0]?.[0]).toBe("sandbox");
    expect(manifest.user_config.secret_key_file.type).toBe("file");
    expect(manifest.tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    expect(manifest).toMatchObject({ manifest_version: "0.3", version: packageJson.version, icon: "icon.png" });
    expect(manifest.compatibility.runtimes.node).toBe(packageJson.engines.node);
    expect(manifest.server.entry_point).toBe(packageJson.bin[NAME]);
  });
});

test("the registry's entry names the same package, version and settings", () => {
  expect(registry.$schema).toContain("/2025-12-11/");
  expect(registry.name).toBe(packageJson.mcpName);
  expect(registry.name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
  expect(registry.description.length).toBeLessThanOrEqual(100);
  expect([registry.version, registry.packages[0]?.version]).toEqual([packageJson.version, packageJson.version]);
  expect(registry.packages[0]?.identifier).toBe(packageJson.name);
  expect(registry.packages[0]?.environmentVariables.map(({ name }) => name)).toEqual(SETTING_NAMES);
});
