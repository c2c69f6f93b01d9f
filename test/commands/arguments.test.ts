import { describe, expect, test } from "vitest";
import { HELP, parseArguments } from "../../src/commands/arguments.ts";

describe("the command line", () => {
  test.each([
    [[], "serve"],
    [["--sandbox"], "serve"],
    [["demo"], "demo"],
    [["doctor", "--json"], "doctor"],
    [["setup"], "setup"],
    [["--help"], "help"],
    [["-h"], "help"],
    [["--version"], "version"],
    [["-v"], "version"],
  ])("%j means %s", (args, command) => {
    expect(parseArguments(args, true)).toMatchObject({ command, options: { problems: [], ignored: [] } });
  });

  test.each([
    ["--sanbox", "--sandbox"],
    ["-sandbox", "--sandbox"],
    ["sandbox", "--sandbox"],
    ["docter", "doctor"],
    ["--read-only", "TENCENT_CHAT_READ_ONLY"],
    ["--readonly=true", "TENCENT_CHAT_READ_ONLY"],
    ["--region=singapore", "TENCENT_CHAT_REGION"],
    ["--confirm-edits", "TENCENT_CHAT_CONFIRM_EDITS"],
    ["--journal-file", "TENCENT_CHAT_JOURNAL"],
    ["--sandboxed", "TENCENT_CHAT_SANDBOX"],
    ["--use-sandbox", "TENCENT_CHAT_SANDBOX"],
    ["--read-only-mode", "TENCENT_CHAT_READ_ONLY"],
    ["--confirm=always", "TENCENT_CHAT_CONFIRM_EDITS"],
    ["--allowed=x", "TENCENT_CHAT_ALLOWED_CHANNELS"],
    ["--channels=x", "TENCENT_CHAT_ALLOWED_CHANNELS"],
    ["--writes=1", "TENCENT_CHAT_WRITES_PER_HOUR"],
    ["--tencent-chat-read-only", "TENCENT_CHAT_READ_ONLY"],
    ["--snadbox", "TENCENT_CHAT_SANDBOX"],
    ["sanbdox", "TENCENT_CHAT_SANDBOX"],
    ["--sandb", "TENCENT_CHAT_SANDBOX"],
    ["sandbox_mode", "TENCENT_CHAT_SANDBOX"],
    ["--mode=sandbox", "TENCENT_CHAT_SANDBOX"],
    ["--ｓａｎｄｂｏｘ-mode", "TENCENT_CHAT_SANDBOX"],
    ["--raedolny", "TENCENT_CHAT_READ_ONLY"],
    ["--read", "TENCENT_CHAT_READ_ONLY"],
    ["--mode=read-only", "TENCENT_CHAT_READ_ONLY"],
    ["--env=TENCENT_CHAT_READ_ONLY=true", "TENCENT_CHAT_READ_ONLY"],
    ["--no-write", "TENCENT_CHAT_READ_ONLY"],
    ["--disable-edits", "TENCENT_CHAT_READ_ONLY"],
    ["--dry-run", "TENCENT_CHAT_READ_ONLY"],
    ["--env=READ_ONLY=true", "TENCENT_CHAT_READ_ONLY"],
    ["--set=read_only=true", "TENCENT_CHAT_READ_ONLY"],
    ["--mode=sandboxed", "TENCENT_CHAT_SANDBOX"],
    ["--readOnly", "TENCENT_CHAT_READ_ONLY"],
    ["--max-writes=0", "TENCENT_CHAT_WRITES_PER_HOUR"],
    ["confirm=always", "TENCENT_CHAT_CONFIRM_EDITS"],
    ["--allow=@TOA#_b", "TENCENT_CHAT_ALLOWED_CHANNELS"],
  ])("%s resembles ours: a settings error, never an edit on the configured service", (arg, meant) => {
    const { command, options } = parseArguments([arg], false);
    expect(command).toBe("serve");
    expect(options.problems).toEqual([
      expect.stringContaining(
        `did you mean ${meant.startsWith("TENCENT") ? "the environment variable " : ""}${meant}?`,
      ),
    ]);
  });

  test("a setting or a flag of the doctor stops every call of the server, where it was meant for something else", () => {
    const problems = (...args: string[]) => parseArguments(args, false).options.problems;
    expect(problems("--env", "TENCENT_CHAT_READ_ONLY=true")).toEqual([
      expect.stringContaining("settings are environment variables, not arguments"),
    ]);
    expect(problems("--journal", "/path")).toEqual(["--journal belongs to the doctor command."]);
    expect(problems("--json")).toEqual(["--json belongs to the doctor command."]);
    expect(problems("doctor", "--journal", "--json")).toEqual([]);
  });

  test.each([
    ["doctor", "--jurnal"],
    ["doctor", "--journal", "/path"],
    ["doctor", "--verbose"],
    ["setup", "claude"],
    ["demo", "--json"],
  ])("%s %s is not understood, also where no person typed it", (...args) => {
    const { command, messages } = parseArguments(args, false);
    expect(command).toBe("unknown");
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.join("\n")).not.toContain("/path");
  });

  test.each(["TENCENTCHAT_READ_ONLY=true", "tencent_chat_sandbox=true", "Tencent_Chat_Read_Only=true"])(
    "%s is no argument, in whatever spelling",
    (arg) => {
      expect(parseArguments([arg], false).options.problems).toEqual([
        expect.stringContaining("settings are environment variables, not arguments"),
      ]);
    },
  );

  test("shows no word that may be the value of a flag", () => {
    const { problems } = parseArguments(["--password", "sandboxe"], false).options;
    expect(problems.join()).toContain("did you mean --sandbox?");
    expect(problems.join()).not.toContain("sandboxe");
  });

  test("a command counts as the first word only", () => {
    expect(parseArguments(["--profile", "demo"], false)).toMatchObject({ command: "serve", options: { problems: [] } });
  });

  test.each([
    "--original-host=x",
    "--stdio",
    "--no-color",
    "--no-sandbox",
    "--log-level=3",
    "--mojo-platform-channel-handle=2032",
    "--remote-allow-origins=*",
    "--allow-fs-write",
    "--disallow-code-generation-from-strings",
    "--overwrite",
    "--conf=x.json",
    "--release-channel=beta",
    "--profile=Sandbox",
    "--name=tencent-chat-channel-mcp",
    "--user-data-dir=/home/me/tencent-chat-sandbox",
    "--folder-uri=file:///home/me/tencent-chat",
    "tencent-chat-channel-mcp",
    "/usr/lib/node_modules/tencent-chat-channel-mcp/dist/tencent-chat-channel-mcp.mjs",
    "C:\\Extensions\\local.mcpb.me.tencent-chat-channel-mcp\\dist\\tencent-chat-channel-mcp.mjs",
    "journal.md",
    "editor",
    "--service-sandbox-type=none",
    "--type=utility",
    "--user-data-dir=/home/me/edits",
    "--enable-features=A,B",
    "--config=x",
    "--thread-pool=4",
    "/home/me/edit/server.mjs",
    "mcp",
  ])("%s is a host's own: ignored", (arg) => {
    expect(parseArguments([arg], false)).toMatchObject({ command: "serve", options: { problems: [] } });
  });

  test.each([
    ["docter", "doctor"],
    ["help", "--help"],
    ["version", "--version"],
    ["frobnicate", "(an argument that is not shown) was not understood.\nCommands are demo, doctor and setup"],
    ["--doctor", "doctor"],
    ["--sanbox", "--sandbox"],
  ])("what is not understood at a terminal is an error: %s", (arg, suggestion) => {
    const { command, messages } = parseArguments([arg], true);
    expect(command).toBe("unknown");
    expect(messages.join("\n")).toContain(suggestion);
  });

  test("--sandbox=true and serve get a suggestion, and constructor is ignored", () => {
    const problems = (arg: string) => parseArguments([arg], false).options.problems;
    expect(problems("--sandbox=true")).toEqual(["--sandbox was not understood: --sandbox takes no value."]);
    expect(problems("serve")).toEqual(["serve was not understood: to serve, start without a command."]);
    expect(problems("constructor")).toEqual([]);
    expect(parseArguments(["--password", "correcthorse"], false).options.ignored).toEqual([
      "--password",
      "(an argument that is not shown)",
    ]);
  });

  test("the value of an argument is never shown, nor an argument that may be one", () => {
    const secret = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
    const letters = "abcdefghij".repeat(5);
    const args = [`--secret-key=${secret}`, "--token", secret, `-k${secret}`, secret.toUpperCase(), `--${letters}`];
    const { options, messages } = parseArguments(args, true);
    expect(JSON.stringify([options, messages]).toLowerCase()).not.toContain(secret);
    expect(JSON.stringify([options, messages])).not.toContain(letters);
    expect(options.problems.join()).toContain("TENCENT_CHAT_SECRET_KEY");
    expect(options.ignored).toContain("--token");
  });

  test("the help lists every command and flag", () => {
    for (const word of [
      "--sandbox",
      "setup",
      "doctor",
      "doctor --sandbox",
      "--json",
      "--journal",
      "demo",
      "--help",
      "--version",
    ]) {
      expect(HELP).toContain(word);
    }
  });
});
