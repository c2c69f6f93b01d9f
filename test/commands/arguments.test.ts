import { describe, expect, test } from "vitest";
import { HELP, parseArguments } from "../../src/commands/arguments.ts";

describe("the command line", () => {
  test.each([
    [[], "serve", {}],
    [["--sandbox"], "serve", { sandbox: true }],
    [["--read-only", "--sandbox"], "serve", { sandbox: true, "read-only": true }],
    [["demo"], "demo", {}],
    [["doctor", "--json", "--timeout", "5"], "doctor", { json: true, timeout: "5" }],
    [["doctor", "--sandbox"], "doctor", { sandbox: true }],
    [
      ["journal", "--since=7d", "--outcome", "unknown", "--check"],
      "journal",
      { since: "7d", outcome: "unknown", check: true },
    ],
    [["setup"], "setup", {}],
    [["--help"], "help", {}],
    [["-h"], "help", {}],
    [["doctor", "--help"], "help", {}],
    [["demo", "--sandbox"], "demo", { sandbox: true }],
    [["--version"], "version", {}],
    [["-v"], "version", {}],
  ])("%j means %s", (args, command, flags) => {
    expect(parseArguments(args, true)).toEqual({ command, flags, file: undefined, problems: [], ignored: [] });
  });

  test("apply takes one file, and - for standard input", () => {
    const parsed = parseArguments(["apply", "edits.jsonl", "--results", "r.jsonl"], false);
    expect(parsed).toMatchObject({
      command: "apply",
      file: "edits.jsonl",
      flags: { results: "r.jsonl" },
      problems: [],
    });
    expect(parseArguments(["apply", "-", "--check"], false)).toMatchObject({ file: "-", problems: [] });
    expect(parseArguments(["apply"], false).problems).toEqual(["apply needs a file; - is standard input."]);
    expect(parseArguments(["apply", "a", "b"], false).problems).toEqual(["apply takes one file."]);
    for (const last of [["--results"], ["--results="], ["--results", ""]])
      expect(parseArguments(["apply", "a", ...last], false).problems).toEqual(["--results needs a value."]);
  });

  test.each(["sandbox", "--sanbox", "-sandbox", "--sandbox=true", "--SANDBOX", "--sand-box", "--sandboxx"])(
    "%s of a host is a settings error that names the right spelling",
    (arg) => {
      const { command, problems } = parseArguments([arg], false);
      expect([command, problems.length]).toEqual(["serve", 1]);
      expect(problems[0]).toMatch(/was not understood: write --sandbox, alone\.$/);
    },
  );

  test.each(["--readonly", "--read_only", "readonly", "--read-only=1", "--readOnly"])(
    "%s of a host is one too",
    (arg) => {
      expect(parseArguments([arg], false).problems[0]).toContain("write --read-only, alone.");
    },
  );

  test.each([["--sandbox --read-only"], ["--read-only true"], ["--read-only,--sandbox"], ["--sandbox=/tmp/x"]])(
    "%s in one argument is one as well",
    (arg) => {
      expect(parseArguments([arg], false).problems).toEqual([expect.stringContaining("alone.")]);
    },
  );

  test.each([["-e", "TENCENT_CHAT_READ_ONLY=true"], ["--tencent-chat-read-only"], ["--env=TENCENT_CHAT_SANDBOX=true"]])(
    "%s is a setting, which belongs into the env block of the host: nothing is sent",
    (...args) => {
      const { problems } = parseArguments(args, false);
      expect(problems).toEqual([expect.stringContaining("into the env block of the host")]);
      expect(problems[0]).not.toContain("READ_ONLY");
    },
  );

  test("a flag is no value of the one before it, also where a host starts the server", () => {
    expect(parseArguments(["apply", "f", "--results", "--check"], true).problems).toEqual(["--results needs a value."]);
    expect(parseArguments(["apply", "-", "--results", "-"], true)).toMatchObject({
      file: "-",
      flags: { results: "-" },
    });
    expect(parseArguments(["--timeout", "--read-only"], false).flags).toEqual({ "read-only": true });
    expect(parseArguments(["--since", "-x", "--sanbox"], false).problems).toHaveLength(1);
  });

  test("a misspelt command is a problem also where no terminal is, and its flags may stand before it", () => {
    for (const [word, meant] of [
      ["aply", "apply"],
      ["Apply", "apply"],
      ["docter", "doctor"],
      ["set-up", "setup"],
    ] as const)
      expect(parseArguments([word, "f", "--results", "r"], false).problems).toEqual([
        `Unknown command: ${word}. Did you mean ${meant}?`,
      ]);
    const apply = { command: "apply", file: "f", problems: [] };
    expect(parseArguments(["--results", "r", "apply", "f"], false)).toMatchObject({
      ...apply,
      flags: { results: "r" },
    });
    expect(parseArguments(["--check", "apply", "f"], false)).toMatchObject({ ...apply, flags: { check: true } });
    expect(parseArguments(["--timeout=5", "doctor"], false)).toMatchObject({ command: "doctor", problems: [] });
    for (const args of [["stdio", "demo"], ["--demo"], ["start"], ["mode"]])
      expect(parseArguments(args, false), args.join(" ")).toMatchObject({ command: "serve", problems: [] });
  });

  test("a person may write a flag before the command", () => {
    for (const isTerminal of [true, false]) {
      expect(parseArguments(["--sandbox", "apply", "f"], isTerminal)).toMatchObject({
        command: "apply",
        file: "f",
        flags: { sandbox: true },
        problems: [],
      });
    }
    expect(parseArguments(["doctor", "--sandbox=true"], true).problems).toEqual(["--sandbox takes no value."]);
  });

  test.each([["-verbose"], ["-host=127.0.0.1"], ["-vv"]])("%s is neither help nor version", (arg) => {
    expect(parseArguments([arg], false)).toMatchObject({ command: "serve", problems: [] });
  });

  test("takes flags behind the -- that package managers pass on", () => {
    expect(parseArguments(["--", "--read-only"], false)).toMatchObject({ flags: { "read-only": true }, problems: [] });
  });

  test.each([
    "--type=utility",
    "--no-sandbox",
    "--disable-setuid-sandbox",
    "--inspect",
    "--log-level=debug",
    "--write",
    "--dry-run",
    "/opt/sandbox/x",
    "/sandbox",
    "--cwd=/sandbox",
    "C:\\Sandbox",
    "--title=My sandbox server",
    "--enable-sandbox",
    "--allowed-channels=@TOA#_a",
    "--log=/var/log/tencent-chat-channel-mcp.log",
    "--service-sandbox-type=none",
    "help",
  ])("%s of a host is ignored, and logged by its name", (arg) => {
    const { command, problems, ignored } = parseArguments([arg], false);
    expect([command, problems, ignored.length]).toEqual(["serve", [], 1]);
  });

  test("a value is never shown: it may be a secret in the wrong place", () => {
    const key = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
    for (const secret of [key, "correct-horse-battery-staple", "abcdefghijklmnopqrstuvwxyzabcdef"])
      for (const args of [[secret], [`--key=${secret}`], [`--${key}`], ["--key", secret], ["doctor", secret]])
        for (const isTerminal of [true, false])
          expect(JSON.stringify(parseArguments(args, isTerminal))).not.toContain(secret);
    expect(parseArguments(["--password", "hunter"], false).ignored).toEqual(["--password", "(a value)"]);
  });

  test.each([
    [["docter"], "Unknown command: docter. Did you mean doctor?"],
    [["help"], "Unknown command: help. Did you mean --help?"],
    [["foo"], "Unknown command: foo. --help lists everything."],
    [["--sanbox"], "Unknown flag: --sanbox. Did you mean --sandbox?"],
    [["--readonly"], "Unknown flag: --readonly. Did you mean --read-only?"],
    [["--no-such-thing"], "Unknown flag: --no-such-thing. --help lists everything."],
    [["--json"], "Unknown flag: --json. --help lists everything."],
    [["doctor", "--jsn"], "Unknown flag of doctor: --jsn. Did you mean --json?"],
    [["doctor", "--journal"], "Unknown flag of doctor: --journal. Did you mean journal?"],
    [["setup", "--sandbox"], "Unknown flag of setup: --sandbox. --help lists everything."],
    [["--read-only", "demo"], "Unknown flag of demo: --read-only. --help lists everything."],
    [["doctor", "doctor"], "Unknown command: doctor. --help lists everything."],
    [["demo", "extra"], "Unknown command: extra. --help lists everything."],
  ])("%j of a person is a problem with a suggestion", (args, problem) => {
    expect(parseArguments(args, true).problems).toEqual([problem]);
  });

  test("the help names every command and fits a terminal", () => {
    for (const command of ["setup", "doctor", "demo", "apply", "journal"]) expect(HELP).toContain(`\n  ${command} `);
    for (const line of HELP.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
