import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** The structure: imports point one way, and each outside thing has its one place. */

const SRC = new URL("../src", import.meta.url).pathname;

/** What each folder, or file at the top, may import: those before it, and no others. */
const BELOW_CHAT_API = ["call", "text", "channel"];
const BELOW_EDITS = [...BELOW_CHAT_API, "chat-api", "explanations", "guard"];
const BELOW_MCP = [...BELOW_EDITS, "edits", "tools", "log.ts"];
const MAY_IMPORT: Record<string, readonly string[]> = {
  call: [],
  text: [],
  channel: [],
  "log.ts": ["text"],
  sandbox: ["channel"],
  "chat-api": BELOW_CHAT_API,
  explanations: ["call", "channel", "chat-api", "text"],
  guard: ["call", "text"],
  edits: BELOW_EDITS,
  tools: [...BELOW_EDITS, "edits", "log.ts"],
  settings: [...BELOW_CHAT_API, "chat-api", "guard", "log.ts"],
  mcp: BELOW_MCP,
  "context.ts": [...BELOW_MCP, "settings"],
  commands: [...BELOW_MCP, "settings", "context.ts", "mcp", "sandbox"],
  "index.ts": ["commands"],
};

/** The same inside chat-api: the pipeline uses its parts, and they do not know it. */
const CHAT_API_MAY_IMPORT: Record<string, readonly string[]> = {
  errors: [],
  "limits.ts": [],
  "regions.ts": [],
  auth: ["errors"],
  retry: ["errors", "limits.ts"],
  http: ["errors", "auth", "regions.ts"],
  "reply.ts": ["errors", "http"],
  "client.ts": ["reply.ts", "errors", "auth", "retry", "http"],
  "chat-api.ts": ["client.ts", "reply.ts", "errors", "http"],
};

interface SourceFile {
  readonly path: string;
  readonly folder: string;
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
      folder: path.split("/")[0] ?? "",
      text,
      inside,
      outside: imports.filter((target) => !target.startsWith(".")),
    };
  });

const importers = (outside: RegExp) =>
  files.filter((file) => file.outside.some((name) => outside.test(name))).map(({ path }) => path);

describe("the structure", () => {
  test("has no folder that this test does not know", () => {
    expect([...new Set(files.map(({ folder }) => folder))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test.each(files.map((file) => [file.path, file] as const))("%s imports nothing from above", (path, file) => {
    for (const target of file.inside) {
      const [folder = "", part = ""] = target.split("/");
      if (target === "../package.json") continue;
      if (folder !== file.folder) expect(MAY_IMPORT[file.folder], target).toContain(folder);
      const ownPart = path.split("/")[1] ?? "";
      if (folder === "chat-api" && file.folder === "chat-api" && part !== ownPart) {
        expect(CHAT_API_MAY_IMPORT[ownPart], target).toContain(part);
      }
    }
  });

  test("has no circular imports", () => {
    const next = new Map(files.map(({ path, inside }) => [path, inside]));
    const done = new Set<string>();
    function visit(path: string, trail: readonly string[]): void {
      expect(trail, `circular: ${[...trail, path].join(" → ")}`).not.toContain(path);
      if (done.has(path)) return;
      for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    }
    for (const { path } of files) visit(path, []);
  });

  test("imports the SDK in mcp and in the demo's client only", () => {
    for (const path of importers(/^@modelcontextprotocol\/sdk/)) expect(path).toMatch(/^(mcp\/|commands\/demo\.ts)/);
  });

  test("knows protocol revisions in mcp only", () => {
    for (const { path, text } of files) {
      if (/2026-07-28|2025-11-25/.test(text)) expect(path).toMatch(/^mcp\//);
    }
  });

  test("speaks HTTP in chat-api/http and in the sandbox only, and signs in one file", () => {
    expect(importers(/^undici/)).toEqual(["chat-api/http/dispatcher.ts", "chat-api/http/http-client.ts"]);
    expect(importers(/^node:https?$/)).toEqual(["sandbox/sandbox.ts"]);
    expect(importers(/^tls-sig-api-v2/)).toEqual(["chat-api/auth/user-sig.ts"]);
  });

  test("checks policy at the gate only: no tool file calls it", () => {
    for (const { path, text } of files) {
      if (/^tools\/(get|modify)-/.test(path)) expect(text, path).not.toMatch(/\bpolicy\b/);
    }
  });

  test("touches process in index.ts only, never the console, and needs no double cast", () => {
    for (const { path, text } of files) {
      if (path !== "index.ts") expect(text, path).not.toMatch(/(?<![-\w])process\.\w/);
      expect(text, path).not.toMatch(/\bconsole\.\w+\(/);
      expect(text, path).not.toMatch(/as unknown as/);
    }
  });
});
