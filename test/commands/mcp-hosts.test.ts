import { describe, expect, test } from "vitest";
import manifest from "../../manifest.json" with { type: "json" };
import plugin from "../../plugin/.claude-plugin/plugin.json" with { type: "json" };
import { configurationBlock, MCP_HOSTS, SERVER_NAME, shellLine } from "../../src/commands/mcp-hosts.ts";
import { TOOLS } from "../../src/tools/call-tool.ts";

describe("the name of the entry", () => {
  /** How hosts make one name of an entry's and a tool's, and how long it may be (docs/operation.md). */
  test.each([
    ["Claude Code, Codex", (entry: string, tool: string) => `mcp__${entry}__${tool}`, 64],
    ["Cursor", (entry: string, tool: string) => `${entry}_${tool}`, 60],
    ["Gemini CLI", (entry: string, tool: string) => `mcp_${entry}_${tool}`, 63],
  ])("leaves room for every tool in %s, and for a second server", (_host, join, limit) => {
    for (const { name } of TOOLS) {
      for (const entry of [SERVER_NAME, `${SERVER_NAME}-shop`]) {
        expect(join(entry, name).length, entry).toBeLessThanOrEqual(limit);
      }
    }
  });

  test("of the plugin and of its server leave room in Claude Code", () => {
    const [server = ""] = Object.keys(plugin.mcpServers);
    for (const { name } of TOOLS) {
      expect(`mcp__plugin_${plugin.name}_${server}__${name}`.length).toBeLessThanOrEqual(64);
    }
  });

  test("is short in Claude Desktop too, which uses the bundle's display name", () => {
    for (const { name } of TOOLS) expect(`${manifest.display_name}:${name}`.length).toBeLessThanOrEqual(64);
  });

  test("stands in every block and command", () => {
    const entry = { command: "x", args: [], env: { A: "1" } };
    expect(Object.keys(JSON.parse(configurationBlock(entry)).mcpServers)).toEqual([SERVER_NAME]);
    for (const host of ["claude-code", "codex", "gemini", "vscode"] as const) {
      expect(MCP_HOSTS[host].add?.(entry).join(" ")).toContain(SERVER_NAME);
    }
  });
});

describe("a command for a shell", () => {
  const words = ["code", "--add-mcp", '{"name":"a b","env":{"X":"it\'s"}}'];

  test("quotes what the shell would change", () => {
    expect(shellLine(words, "posix")).toBe(`code --add-mcp '{"name":"a b","env":{"X":"it'\\''s"}}'`);
    expect(shellLine(words, "powershell")).toBe(
      String.raw`code --add-mcp '{\"name\":\"a b\",\"env\":{\"X\":\"it''s\"}}'`,
    );
    expect(shellLine(words, "cmd")).toBe(String.raw`code --add-mcp "{\"name\":\"a b\",\"env\":{\"X\":\"it's\"}}"`);
  });
});
