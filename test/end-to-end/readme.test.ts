import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings/settings.ts";
import { BUILT } from "../support/built.ts";
import { temporaryFolder } from "../support/folders.ts";

/** Every command of both READMEs: run here, run by another test, or named as what this project cannot provide. */

const ROOT = new URL("../..", import.meta.url).pathname;
const READMES = ["README.md", "README.zh-CN.md"];
const PROGRAMS = ["claude", "codex", "gemini", "code"];

/** Commands that run elsewhere, and where. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^npm ci && npm run demo$/, ".ci/run"],
  [/^npm ci && npm test$/, ".ci/run"],
  [/^npm pack --silent && npm install -g \.\//, "test/end-to-end/package.test.ts, with --prefix"],
  [/^tencent-chat-channel-mcp doctor --sandbox$/, "test/end-to-end/package.test.ts"],
  [/^tencent-chat-channel-mcp doctor$/, "test/commands/doctor.test.ts"],
  [/^tencent-chat-channel-mcp setup$/, "test/commands/setup.test.ts"],
  [/^tencent-chat-channel-mcp apply edits\.jsonl/, "test/commands/apply.test.ts"],
  [/^npm run mcpb$/, "test/end-to-end/package.test.ts"],
  [/^npm config set registry /, "a setting of npm"],
  [/^npx -y @modelcontextprotocol\/inspector /, "npm run clients: downloads the Inspector"],
];

/** The commands of a document: its sh blocks, and code in its text that begins like one. */
function commandsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const lines = blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, "")
      .trim()
      .split("\n"),
  );
  const inline = [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  const starts = /^(npm|npx) |^tencent-chat-channel-mcp \w|^TENCENT_CHAT_\w+=\S+ \w/;
  return [...lines, ...inline.filter((code) => starts.test(code))];
}

const commands = [...new Set(READMES.flatMap(commandsOf))];
const isElsewhere = (command: string) => ELSEWHERE.some(([pattern]) => pattern.test(command));
const startsWith = (...words: string[]) => commands.filter((command) => words.some((word) => command.startsWith(word)));

/** Runs a command in bash. The programs of hosts, and ours, are replaced by scripts of the test. */
function runIn(home: string, command: string, programs: Readonly<Record<string, string>>, input = "") {
  const bin = join(home, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const env = { HOME: home, PATH: `${bin}:${process.env.PATH}` };
  return spawnSync("bash", ["-c", command], { env, input, encoding: "utf8" });
}

/** A key file for settings that name one. */

describe("every command of the READMEs", () => {
  test("is run by a test, or named as needing what is not here", () => {
    const ownTests = [...startsWith(...PROGRAMS), ...startsWith("TENCENT_CHAT_")];
    expect(commands.filter((command) => !isElsewhere(command) && !ownTests.includes(command))).toEqual([]);
    for (const [pattern] of ELSEWHERE)
      expect(
        commands.some((command) => pattern.test(command)),
        `${pattern}`,
      ).toBe(true);
    expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(
      /^npm ci .*\nnpm run demo\nnpm test -- --coverage\n[\s\S]*npm run release -- --dry-run$/m,
    );
  });

  test.each(startsWith(...PROGRAMS))("gives a host settings without a problem: %s", (command) => {
    const [program = ""] = command.split(" ");
    const { stdout, status } = runIn(temporaryFolder(), command, { [program]: 'printf "%s\\n" "$@"' });
    expect(status).toBe(0);
    const words = stdout.trim().split("\n");
    const pairs =
      program === "code"
        ? Object.entries(JSON.parse(words[1] ?? "").env as Record<string, string>)
        : words.filter((_, at) => /^(-e|--env)$/.test(words[at - 1] ?? "")).map((pair) => pair.split("=", 2));
    const { TENCENT_CHAT_SECRET_KEY_FILE: example, ...others } = Object.fromEntries(pairs);
    const keyFile = join(temporaryFolder(), "key");
    writeFileSync(keyFile, "5".repeat(64), { mode: 0o600 });
    const { problems, settings } = readSettings({
      ...others,
      ...(example && { TENCENT_CHAT_SECRET_KEY_FILE: keyFile }),
    });
    expect(problems).toEqual([]);
    expect(settings?.isSandbox || settings?.rules.readOnly).toBe(true);
  });

  test.each(startsWith("TENCENT_CHAT_"))("reaches our command with its settings: %s", (command) => {
    const ours = `exec "${process.execPath}" "${BUILT}" "$@"`;
    const { stdout, stderr } = runIn(temporaryFolder(), command, { "tencent-chat-channel-mcp": ours });
    const said = stdout + stderr;
    // What the example names is not there: the answer is about just that.
    expect(said).toMatch(/(\/path\/to\/journal|The file of TENCENT_CHAT_SECRET_KEY_FILE) cannot be read/);
    expect(said).not.toContain("is required");
  });
});
