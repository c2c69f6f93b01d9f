import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** The house: arrows point one way, nothing imports upwards, and each outside thing has its one room. */

const SRC = new URL("../src", import.meta.url).pathname;

/** What each room may import. The root's files stand above all rooms, and only index sees everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  channel: [],
  "chat-api": ["channel"],
  guard: ["channel"],
  writes: ["guard", "chat-api", "channel"],
  tools: ["writes", "guard", "chat-api", "channel"],
  mcp: ["tools", "chat-api", "channel", "log.ts"],
  sandbox: ["channel"],
  "log.ts": [],
  settings: ["log.ts", "guard", "chat-api", "channel"],
  "house.ts": ["settings", "log.ts", "tools", "writes", "guard", "chat-api", "channel"],
  "demo.ts": ["channel"],
  "doctor.ts": ["house.ts", "settings", "log.ts", "tools", "guard", "chat-api", "channel"],
  "index.ts": ["house.ts", "settings", "log.ts", "demo.ts", "doctor.ts", "mcp", "sandbox"],
};

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .map((path) => {
    const text = readFileSync(join(SRC, path), "utf8");
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, target]) => target ?? "");
    const inside = imports
      .filter((target) => target.startsWith("."))
      .map((target) => relative(SRC, join(SRC, dirname(path), target)));
    return {
      path,
      room: path.split("/")[0] ?? "",
      text,
      inside,
      outside: imports.filter((target) => !target.startsWith(".")),
    };
  });

const importers = (outside: RegExp) =>
  files.filter((file) => file.outside.some((name) => outside.test(name))).map(({ path }) => path);

describe("the house", () => {
  test("has no room that this test does not know", () => {
    expect([...new Set(files.map(({ room }) => room))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test.each(files.map((file) => [file.path, file] as const))(
    "%s imports nothing from above",
    (_path, { room, inside }) => {
      for (const target of inside) {
        const wing = target.split("/")[0] ?? "";
        if (wing === room || target === "../package.json") continue;
        expect(MAY_IMPORT[room], `${target}`).toContain(wing);
      }
    },
  );

  test("has no circle of imports", () => {
    const next = new Map(files.map(({ path, inside }) => [path, inside]));
    const done = new Set<string>();
    function visit(path: string, trail: readonly string[]): void {
      expect(trail, `a circle: ${[...trail, path].join(" → ")}`).not.toContain(path);
      if (done.has(path)) return;
      for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    }
    for (const { path } of files) visit(path, []);
  });

  test("imports the SDK in mcp and in the demo alone", () => {
    for (const path of importers(/^@modelcontextprotocol\/sdk/)) expect(path).toMatch(/^(mcp\/|demo\.ts)/);
  });

  test("speaks HTTP in the connection and in the sandbox alone, and signs in one file", () => {
    expect(importers(/^undici$/)).toEqual(["chat-api/connection.ts", "chat-api/dispatchers.ts"]);
    expect(importers(/^node:https?$/)).toEqual(["sandbox/service.ts"]);
    expect(importers(/^tls-sig-api-v2/)).toEqual(["chat-api/user-sig.ts"]);
  });

  test("keeps the channel pure: zod and names alone", () => {
    const outside = files.filter(({ room }) => room === "channel").flatMap((file) => file.outside);
    expect(new Set(outside)).toEqual(new Set(["zod/v4", "leven"]));
  });

  test("touches process in index alone, and never the console", () => {
    for (const { path, text } of files) {
      if (path !== "index.ts") expect(text, path).not.toMatch(/\bprocess\./);
      expect(text, path).not.toMatch(/\bconsole\.\w+\(/);
    }
  });

  test("names the job of each dependency in CONTRIBUTING.md", () => {
    const contributing = readFileSync(join(SRC, "../CONTRIBUTING.md"), "utf8");
    const { devDependencies } = JSON.parse(readFileSync(join(SRC, "../package.json"), "utf8"));
    const named = [...contributing.matchAll(/^\|([^|]+)\|[^|]+\|$/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    for (const name of Object.keys(devDependencies)) expect(named).toContain(name);
  });

  test("keeps every file short enough for one thing", () => {
    for (const { path, text } of files) {
      const isTable = /error-codes\/|network-reasons/.test(path);
      if (!isTable) expect(text.split("\n").length, path).toBeLessThanOrEqual(201);
    }
  });
});
