import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import manifest from "../../manifest.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import registry from "../../server.json" with { type: "json" };
import { SETTINGS } from "../../src/settings/table.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { BuiltServer } from "../support/built.ts";
import { GET, PENN } from "../support/service.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const NAME = "tencent-chat-channel-mcp";

function emptyFolder(): string {
  const place = mkdtempSync(join(tmpdir(), "package-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

const run = (command: string, args: string[], cwd: string) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe" });

describe("the package", () => {
  test("installs as one folder of one file, below 600 kB, and its command works", () => {
    const place = emptyFolder();
    const packed = JSON.parse(
      run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", place], ROOT),
    ) as unknown;
    const [tarball] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as {
      filename: string;
      size: number;
      files: { path: string }[];
    }[];
    expect(tarball?.size).toBeLessThan(600_000);
    expect(tarball?.files.map(({ path }) => path).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/THIRD-PARTY-NOTICES.txt",
      `dist/${NAME}.cjs`,
      "manifest.json",
      "package.json",
    ]);
    run("npm", ["install", "--no-audit", "--no-fund", "--prefix", place, join(place, tarball?.filename ?? "")], place);
    expect(readdirSync(join(place, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([NAME]);
    const command = join(place, "node_modules", ".bin", NAME);
    expect(run(command, ["--version"], place).trim()).toBe(packageJson.version);
    expect(run(command, ["doctor", "--sandbox"], place)).toContain("All is well.");
    expect(run(command, ["demo"], place)).toContain("Each step went as told.");
  });

  test("owes notices for every package inside, and pays them", () => {
    const notices = readFileSync(join(ROOT, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
    for (const name of ["@modelcontextprotocol/sdk", "zod", "undici", "tls-sig-api-v2", "leven"]) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, "m"));
    }
  });
});

describe("the desktop bundle", () => {
  test("is valid, small, and unpacked elsewhere serves with stray arguments and settings that were left blank", async () => {
    const place = emptyFolder();
    run(process.execPath, ["scripts/mcpb.mjs", place], ROOT);
    const bundle = join(place, `${NAME}.mcpb`);
    expect(statSync(bundle).size).toBeLessThan(1024 * 1024);
    const unpacked = join(place, "unpacked");
    const { status } = spawnSync("node_modules/.bin/mcpb", ["unpack", bundle, unpacked], { cwd: ROOT });
    expect(status).toBe(0);
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
      SETTINGS.filter((row) => "inForm" in row).map(({ name }) => name),
    );
    for (const [key, field] of asked) {
      expect(field.required, key).toBe(false);
      expect(field.default, key).toBeDefined();
      expect(field.sensitive ?? false, key).toBe(key === "secret_key" || key === "usersig");
    }
    expect(Object.keys(manifest.server.mcp_config.env)).toEqual(
      asked.map(([key]) => `TENCENT_CHAT_${key.toUpperCase()}`),
    );
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
  expect(registry.packages[0]?.environmentVariables.map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
});
