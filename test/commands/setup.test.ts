import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { configurationFolder } from "../../src/commands/key-file.ts";
import { BUILT } from "../support/built.ts";
import { temporaryFolder } from "../support/folders.ts";
import { SDKAPPID, SECRET_KEY, startSandbox } from "../support/service.ts";
import { CTRL_C, DOWN, ENTER, PseudoTerminal, Terminal } from "../support/terminal.ts";

type Steps = [question: string, keys: string][];

const HOST = "Which MCP host";
const EDIT = "What will it edit?";
const APP = "What is its SDKAppID?";
const SOURCE = "Where is its secret key?";
const KEY = "Paste its secret key";
const READ_ONLY = "Read only";
const CHANNELS = "Which channels may it use?";
const CONFIRM = "must a person confirm?";
const JOURNAL = "Record every edit";
const GO_ON = "Go on:";
const REPLACE = "Claude Code has it already. Replace it?";

/** A home folder with a `claude` that writes down what it was called with. */
function scratchHome(exitCode = 0): string {
  const home = temporaryFolder();
  mkdirSync(join(home, "bin"));
  // It has no such server: `claude mcp get` fails.
  const script = `#!/bin/sh\n[ "$2" = get ] && exit 1\nprintf '%s\\n' "$@" > "${home}/claude-arguments"\nexit ${exitCode}\n`;
  writeFileSync(join(home, "bin/claude"), script);
  chmodSync(join(home, "bin/claude"), 0o755);
  return home;
}

const COMMAND = `'${process.execPath}' '${BUILT}' setup`;
const shellOf = (home: string) => ({ HOME: home, PATH: `${join(home, "bin")}:${process.env.PATH}` });

/** Setup for an application on a sandbox: in this process, or the built command. */
async function startSetup(home: string, more: Record<string, string> = {}, isBuilt = false) {
  const sandbox = await startSandbox();
  const env = { ...shellOf(home), TENCENT_CHAT_ENDPOINT: sandbox.endpoint.href, ...more };
  return { sandbox, terminal: isBuilt ? new PseudoTerminal(COMMAND, env) : new Terminal(["setup"], env) };
}

async function play(terminal: Terminal | PseudoTerminal, steps: Steps): Promise<void> {
  for (const [question, keys] of steps) await terminal.answer(question, keys);
}

const keyPath = (home: string) => join(home, ".config/tencent-chat-channel-mcp", `${SDKAPPID}.key`);
const files = (home: string) =>
  readdirSync(home, { recursive: true })
    .filter((name) => name !== "bin")
    .sort();

const forClaudeCode: Steps = [
  [HOST, ENTER],
  [EDIT, `${DOWN}${ENTER}`],
  [APP, `${SDKAPPID}${ENTER}`],
  [SOURCE, ENTER],
  [KEY, `${SECRET_KEY}${ENTER}`],
  [READ_ONLY, "n"],
  [CHANNELS, `@TOA#_test_*${ENTER}`],
  [CONFIRM, `${DOWN}${ENTER}`],
  [JOURNAL, ENTER],
  [GO_ON, "y"],
];

/** The answer after the host: one Enter for the sandbox. */
const forSandbox: Steps = [[EDIT, ENTER]];

describe.runIf(process.platform === "linux")("setup at a terminal", { concurrent: true }, () => {
  test("checks the answers, stores the key for its owner only, and adds the server by the host's own command", async () => {
    const home = scratchHome();
    const { sandbox, terminal } = await startSetup(home, {}, true);
    await play(terminal, forClaudeCode);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("signature accepted");
    expect(terminal.output).not.toContain(SECRET_KEY);
    expect(readFileSync(keyPath(home), "utf8")).toBe(`${SECRET_KEY}\n`);
    expect(statSync(keyPath(home)).mode & 0o777).toBe(0o600);
    expect(statSync(join(keyPath(home), "..")).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(home, "claude-arguments"), "utf8").split("\n")).toEqual([
      ...["mcp", "add", "tencent-chat", "--scope", "user"],
      ...["--env", `TENCENT_CHAT_ENDPOINT=${sandbox.endpoint.href}`],
      ...["--env", `TENCENT_CHAT_SDKAPPID=${SDKAPPID}`],
      ...["--env", `TENCENT_CHAT_SECRET_KEY_FILE=${keyPath(home)}`],
      ...["--env", "TENCENT_CHAT_ALLOWED_CHANNELS=@TOA#_test_*"],
      ...["--env", "TENCENT_CHAT_CONFIRM_EDITS=1000"],
      ...["--env", `TENCENT_CHAT_JOURNAL=${join(keyPath(home), "../journal.jsonl")}`],
      ...["--", process.execPath, BUILT, ""],
    ]);
    expect(terminal.output).toContain("claude mcp add tencent-chat --scope user --env");

    const again = await startSetup(home);
    await play(again.terminal, [
      ...forClaudeCode.slice(0, 3),
      [SOURCE, ENTER],
      [READ_ONLY, ENTER],
      [CHANNELS, ENTER],
      [GO_ON, ENTER],
    ]);
    expect(await again.terminal.exit()).toBe(0);
    expect(readFileSync(join(home, "claude-arguments"), "utf8")).toContain("TENCENT_CHAT_READ_ONLY=true\n--\n");
    expect(again.terminal.output).toContain("To turn editing on, run setup again and answer No.");
  });

  test.each(forClaudeCode.map(([question], index) => [question, index] as const))(
    'writes nothing when Ctrl-C answers "%s"',
    async (_question, index) => {
      const home = scratchHome();
      const { terminal } = await startSetup(home);
      await play(terminal, [...forClaudeCode.slice(0, index), [forClaudeCode[index]?.[0] ?? "", CTRL_C]]);
      expect(await terminal.exit()).toBe(1);
      expect(terminal.output).toContain("Nothing was written.");
      expect(files(home)).toEqual(["bin/claude"]);
    },
  );

  test("prints the block for a host without a command, and offers no confirmation where it cannot ask", async () => {
    const home = scratchHome();
    const { terminal } = await startSetup(home);
    await play(terminal, [
      [HOST, `${DOWN}${DOWN}${DOWN}${DOWN}${ENTER}`],
      ...forClaudeCode.slice(1, 7),
      [JOURNAL, "n"],
      [GO_ON, ENTER],
    ]);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("Claude Desktop cannot ask a person to confirm an edit");
    expect(terminal.output).toContain("claude_desktop_config.json");
    const block = /^\{[\s\S]*?^\}/m.exec(terminal.output.replaceAll("\r", ""))?.[0] ?? "";
    expect(JSON.parse(block).mcpServers["tencent-chat"]).toMatchObject({
      command: process.execPath,
      args: [BUILT],
      env: { TENCENT_CHAT_SECRET_KEY_FILE: keyPath(home), TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_test_*" },
    });
  });

  test("needs no key for the sandbox", async () => {
    const home = scratchHome();
    const { terminal } = await startSetup(home);
    await play(terminal, [[HOST, ENTER], ...forSandbox, [GO_ON, ENTER]]);
    expect(await terminal.exit()).toBe(0);
    expect(files(home)).toEqual(["bin/claude", "claude-arguments"]);
    const added = readFileSync(join(home, "claude-arguments"), "utf8").split("\n");
    expect(added).toContain("TENCENT_CHAT_SANDBOX=true");
    expect(added.filter((word) => word.includes("="))).toEqual(["TENCENT_CHAT_SANDBOX=true"]);
    expect(terminal.output).toContain("Change the introduction of @TOA#_@TOA#dZDP");
  });

  test("says what is wrong with an answer, and asks again", async () => {
    const { terminal } = await startSetup(scratchHome());
    await play(terminal, [
      ...forClaudeCode.slice(0, 2),
      [APP, `abc${ENTER}`],
      ["It is a whole number, as the console shows it.", `${"\u007f".repeat(3)}${SDKAPPID}${ENTER}`],
      [SOURCE, ENTER],
      [KEY, `two words${ENTER}`],
      ["This is not a secret key, which is letters and digits", `${"\u007f".repeat(9)}${ENTER}`],
      ["Paste the key.", CTRL_C],
    ]);
    expect(await terminal.exit()).toBe(1);
  });

  test("takes a key file that is there already, and leaves it as it is", async () => {
    const home = scratchHome();
    writeFileSync(join(home, "my.key"), SECRET_KEY, { mode: 0o600 });
    const { terminal } = await startSetup(home);
    await play(terminal, [
      ...forClaudeCode.slice(0, 3),
      [SOURCE, `${DOWN}${ENTER}`],
      ["In which file?", `my.key${ENTER}`],
      ["Give the whole path.", `${"\u007f".repeat(6)}~/none${ENTER}`],
      ["This file does not hold a secret key, or cannot be read.", `${"\u007f".repeat(6)}~/my.key${ENTER}`],
      [READ_ONLY, ENTER],
      [CHANNELS, `@TOA#_test_*、 @TOA#_test_for_penn${ENTER}`],
      [GO_ON, ENTER],
    ]);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain('try: "Read the channel @TOA#_test_for_penn."');
    expect(files(home)).toEqual(["bin/claude", "claude-arguments", "my.key"]);
    expect(readFileSync(join(home, "claude-arguments"), "utf8")).toContain(`KEY_FILE=${join(home, "my.key")}\n`);
  });

  test("copies no proxy that holds a password, and shows none", async () => {
    const home = scratchHome();
    const { terminal } = await startSetup(home, {
      HTTPS_PROXY: "http://user:hush@127.0.0.1:9",
      NO_PROXY: "example.com",
    });
    await play(terminal, forClaudeCode);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("Copied from this shell, because hosts do not pass it on: NO_PROXY");
    expect(terminal.output).toContain("HTTPS_PROXY holds a password");
    const added = readFileSync(join(home, "claude-arguments"), "utf8");
    expect(added).toContain("NO_PROXY=example.com");
    expect(terminal.output + added).not.toContain("hush");
  });

  test("prints the command where the host's program is not found", async () => {
    const home = scratchHome();
    rmSync(join(home, "bin/claude"));
    const { terminal } = await startSetup(home);
    await play(terminal, [[HOST, ENTER], ...forSandbox, ["print what to add", ENTER]]);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("Claude Code was not found on the PATH.");
    expect(terminal.output).toContain("claude mcp add tencent-chat --scope user");
  });

  test("asks for a channel of the application in the first prompt", async () => {
    const home = scratchHome();
    writeFileSync(join(home, "bin/codex"), `#!/bin/sh\nprintf '%s\\n' "$@" > "${home}/codex-arguments"\n`, {
      mode: 0o755,
    });
    const { terminal } = await startSetup(home);
    await play(terminal, [
      [HOST, `${DOWN}${ENTER}`],
      ...forClaudeCode.slice(1, 5),
      [READ_ONLY, ENTER],
      [CHANNELS, ENTER],
      [GO_ON, ENTER],
    ]);
    expect(await terminal.exit()).toBe(0);
    expect(readFileSync(join(home, "codex-arguments"), "utf8")).toContain("TENCENT_CHAT_READ_ONLY=true");
    expect(terminal.output).toContain('"Read the channel (the ID of one of your channels)."');
  });

  test("says how the command line of VS Code gets onto the PATH", async () => {
    const { terminal } = await startSetup(scratchHome());
    await play(terminal, [[HOST, `${DOWN}${DOWN}${DOWN}${ENTER}`], ...forSandbox, ["print what to add", ENTER]]);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("VS Code was not found on the PATH (VS Code, Command Palette:");
    expect(terminal.output).toContain("code --add-mcp");
  });

  test("asks before it goes on with settings that do not work", async () => {
    const home = scratchHome();
    const { terminal } = await startSetup(home);
    await play(terminal, [
      ...forClaudeCode.slice(0, 4),
      [KEY, `${"0".repeat(64)}${ENTER}`],
      [READ_ONLY, ENTER],
      [CHANNELS, `news${ENTER}`],
      ["IDs start with @TOA#_.", `${"\u007f".repeat(4)}${ENTER}`],
      ["The check found problems. Go on anyway?", ENTER],
    ]);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toMatch(/✗ service +70009/);
    expect(files(home)).toEqual(["bin/claude"]);
  });

  test("keeps the key out of a repository that the home folder is, and ignores a relative XDG_CONFIG_HOME", async () => {
    const home = scratchHome();
    mkdirSync(join(home, ".git"));
    const { terminal } = await startSetup(home, { XDG_CONFIG_HOME: "conf" });
    await play(terminal, forClaudeCode);
    expect(await terminal.exit()).toBe(0);
    const folder = join(home, ".config/tencent-chat-channel-mcp");
    expect(readdirSync(folder).sort()).toEqual([".gitignore", `${SDKAPPID}.key`]);
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
  });

  test("says what to do when the host's command fails", async () => {
    const home = scratchHome(3);
    const { terminal } = await startSetup(home);
    await play(terminal, forClaudeCode);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toContain("claude ended with 3. The server was not added; run the command above yourself.");
    expect(terminal.output).not.toContain("is gone");
    const [, command] = /^(claude mcp add .*)$/m.exec(terminal.output) ?? [];
    expect(command).toMatch(new RegExp(`-- ${process.execPath} ${BUILT}$`)); // to copy: whole, and without a frame
    expect(files(home)).toContain(".config");
  });

  test("says so where the server that it was to replace is gone", async () => {
    const home = scratchHome();
    writeFileSync(join(home, "bin/claude"), `#!/bin/sh\n[ "$2" != add ]\n`);
    const { terminal } = await startSetup(home);
    await play(terminal, [...forClaudeCode, [REPLACE, "y"]]);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toContain("run the command above yourself. The entry that was there before is gone.");
  });

  test("takes an empty HOME for none", () => {
    expect(configurationFolder({ HOME: "" })).toBe(join(userInfo().homedir, ".config/tencent-chat-channel-mcp"));
  });

  test.each([
    ["y", ["get", "remove", "add"], 0],
    ["n", ["get"], 1],
    [CTRL_C, ["get"], 1],
  ])("asks before it replaces the server in a host that has it already: %j", async (keys, calls, code) => {
    const home = scratchHome();
    writeFileSync(join(home, "bin/claude"), `#!/bin/sh\necho "$2" >> "${home}/calls"\n`);
    const { terminal } = await startSetup(home);
    await play(terminal, [...forClaudeCode, [REPLACE, keys]]);
    expect(await terminal.exit()).toBe(code);
    expect(readFileSync(join(home, "calls"), "utf8").split("\n").filter(Boolean)).toEqual(calls);
  });

  test("asks whether an odd key is meant, with its length", async () => {
    const { terminal } = await startSetup(scratchHome());
    await play(terminal, [
      ...forClaudeCode.slice(0, 4),
      [KEY, `${SECRET_KEY.slice(0, 60)}${ENTER}`],
      ["60 characters; a secret key has 64 hexadecimal digits. Use it anyway?", ENTER],
      [KEY, `${SECRET_KEY}${ENTER}`],
      [READ_ONLY, CTRL_C],
    ]);
    expect(await terminal.exit()).toBe(1);
  });

  test("asks in Chinese where the locale is Chinese, and breaks no word at 80 columns", async () => {
    const home = scratchHome();
    const { terminal } = await startSetup(home, { LANG: "zh_CN.UTF-8" });
    await play(terminal, [
      ["要添加到哪个 MCP 客户端？", ENTER],
      ["要连接沙箱还是您的应用？", ENTER],
      ["是否继续？", ENTER],
    ]);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain("把 @TOA#_@TOA#dZDP 的简介改为‘你好’，然后撤销。");
  });

  test("draws whole lines where the terminal does not know its size", async () => {
    const home = scratchHome();
    const terminal = new PseudoTerminal(COMMAND, shellOf(home), "cols 0 rows 0");
    await play(terminal, [[HOST, CTRL_C]]);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toContain("Nothing was written.");
    expect(terminal.output).toContain("Claude Code");
    expect(terminal.output).toContain("Gemini CLI");
  });

  test("through npx adds the npx command, because its cache may be emptied", async () => {
    const home = scratchHome();
    const cache = join(home, "npm/_npx/0123/node_modules/tencent-chat-channel-mcp");
    mkdirSync(join(cache, ".."), { recursive: true });
    symlinkSync(join(BUILT, "../.."), cache);
    const entry = join(cache, "dist/tencent-chat-channel-mcp.cjs");
    const terminal = new PseudoTerminal(`'${process.execPath}' '${entry}' setup`, shellOf(home));
    await play(terminal, [[HOST, ENTER], ...forSandbox, [GO_ON, ENTER]]);
    expect(await terminal.exit()).toBe(0);
    expect(readFileSync(join(home, "claude-arguments"), "utf8")).toMatch(
      /--\nnpx\n-y\ntencent-chat-channel-mcp@[\d.]+\n$/,
    );
  });
});

test("setup without a terminal says how to do it by hand", async () => {
  const failed = await promisify(execFile)(process.execPath, [BUILT, "setup"]).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("TENCENT_CHAT_SECRET_KEY_FILE");
  expect(failed.stderr).toBe("");
});
