import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../manifest.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import plugin from "../../plugin/.claude-plugin/plugin.json" with { type: "json" };
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

describe("a release", () => {
  const SOURCES =
    ".github CHANGELOG.md CONTRIBUTING.md Dockerfile LICENSE README.md README.zh-CN.md SECURITY.md docs examples icon.png manifest.json mcpb-resources package.json package-lock.json plugin scripts server.json src";
  const open = () => {
    const place = temporaryFolder();
    for (const each of SOURCES.split(" ")) cpSync(join(ROOT, each), join(place, each), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"));
    return {
      place,
      read: (file: string) => readFileSync(join(place, file), "utf8"),
      replace: (file: string, from: string | RegExp, to: string) =>
        writeFileSync(join(place, file), readFileSync(join(place, file), "utf8").replace(from, to)),
      dryRun: (env: Record<string, string> = {}) =>
        spawnSync(process.execPath, ["scripts/release.mjs", "--dry-run"], {
          cwd: place,
          env: { ...process.env, ...env },
          encoding: "utf8",
        }),
    };
  };

  test("names every file that is missing, and everything that is of another version", () => {
    const { place, replace, dryRun } = open();
    replace("CHANGELOG.md", /^## /m, "## 9.9.9\n\n## ");
    replace("package-lock.json", '"version": "', '"version": "9');
    const missing = ["LICENSE", "README.zh-CN.md", "icon.png", "plugin/skills", "SECURITY.md", "docs"];
    for (const path of missing) rmSync(join(place, path), { recursive: true });
    const { status, stderr } = dryRun({ GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v9.9.9" });
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toEqual([
      `✗ CHANGELOG.md does not begin with ${packageJson.version}`,
      `✗ the tag is v9.9.9, package.json's version ${packageJson.version}`,
      `✗ package-lock.json is not of version ${packageJson.version}`,
      ...missing.map((path) => `✗ ${path} is missing`),
    ]);
  });

  test("names every version and name that is wrong and what the package leaves out; the address sets them all", () => {
    const { place, read, replace, dryRun } = open();
    const versioned = ["manifest.json", "server.json", "plugin/plugin.json", "plugin/.claude-plugin/plugin.json"];
    for (const file of versioned) replace(file, '"version": "', '"version": "9');
    replace("package.json", '"mcpName": "io.', '"mcpName": "com.');
    replace("server.json", '"name": "io.', '"name": "org.');
    replace("Dockerfile", 'server.name="', 'server.name="x');
    replace("package.json", '"docs",', "");
    const { status, stderr } = dryRun();
    expect(status).toBe(1);
    for (const what of [...versioned.map((file) => `${file} (version)`), "server.json (name)", "Dockerfile"])
      expect(stderr).toContain(`Out of date: ${what}. Run npm run docs.\n`);
    expect(stderr).toContain("✗ the package lacks docs/tools.md\n");

    const url = "https://github.com/owner/name";
    run("npm", ["pkg", "set", "repository.type=git", `repository.url=git+${url}.git`], place);
    run(process.execPath, ["scripts/docs.mjs"], place);
    run(process.execPath, ["scripts/docs.mjs", "--check"], place);
    for (const file of ["package.json", ...versioned]) expect(read(file)).toContain(`"${url}#readme"`);
    const name = "io.github.owner/tencent-chat-channel-mcp";
    expect([JSON.parse(read("package.json")).mcpName, JSON.parse(read("server.json")).name]).toEqual([name, name]);
    expect(read("Dockerfile")).toContain(`server.name="${name}"`);
    expect(read(".github/CODEOWNERS")).toBe("* @owner\n");
    run(join(ROOT, "node_modules/.bin/mcpb"), ["validate", join(place, "manifest.json")], place);
  }, 120_000);
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
    expect(Object.keys(plugin.userConfig)).toEqual(Object.keys(manifest.user_config));
    expect([manifest.user_config.read_only.default, plugin.userConfig.read_only.default]).toEqual([true, true]);
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
