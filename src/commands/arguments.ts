import { parseArgs } from "node:util";
import leven from "leven";
import { nearestName } from "../text/nearest-name.ts";

/** The command line, read by `parseArgs`. */

export const HELP = `an MCP server for Tencent Cloud Chat official channels

  tencent-chat-channel-mcp COMMAND      without a command: serve MCP on stdio

  setup         answer a few questions and add the server to an MCP host
  doctor        check settings, signature and connection
                [--json] [--timeout SECONDS]
  demo          play a conversation in the sandbox
  apply FILE    run a file of edits, a JSON object a line (-: standard input)
                [--check] [--results FILE] [--left FILE]
  journal       list the recorded edits, with their undo
                [--since 7d] [--outcome unknown] [--channel ID] [--json]
                [--check]: what somebody else changed since

  --sandbox     use the embedded service with sample channels: no account
  --read-only   turn both edit tools off
  --help, --version

Settings are TENCENT_CHAT_… environment variables; the README lists them.
`;

/** Flags that stand for settings, and those that every command takes. */
const EVERYWHERE = {
  sandbox: { type: "boolean" },
  "read-only": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;
const { sandbox, "read-only": _, ...ABOUT } = EVERYWHERE;
const SWITCH = { type: "boolean" } as const;
const VALUE = { type: "string" } as const;
/** The flags of each command. setup asks what these flags say, and the demo plays in the sandbox alone. */
const FLAGS = {
  serve: EVERYWHERE,
  setup: ABOUT,
  doctor: { ...EVERYWHERE, json: SWITCH, timeout: VALUE },
  demo: { ...ABOUT, sandbox },
  apply: { ...EVERYWHERE, check: SWITCH, results: VALUE, left: VALUE },
  journal: { ...EVERYWHERE, since: VALUE, outcome: VALUE, channel: VALUE, json: SWITCH, check: SWITCH },
} as const;
type Command = keyof typeof FLAGS;
const ALL_FLAGS = { ...FLAGS.doctor, ...FLAGS.apply, ...FLAGS.journal };
const COMMANDS = Object.keys(FLAGS).filter((name) => name !== "serve");

export interface CommandLine {
  readonly command: Command | "help" | "version";
  readonly flags: ReturnType<typeof parseArgs<{ options: typeof ALL_FLAGS }>>["values"];
  readonly file?: string | undefined;
  /** What is wrong, each a sentence. A server that was started with a problem sends nothing. */
  readonly problems: readonly string[];
  /** Names of arguments that are ignored, never their values: hosts add their own where they start the server. */
  readonly ignored: readonly string[];
}

/**
 * Reads the command line.
 * @param isTerminal true if a person typed it: then every unknown argument is a problem
 */
export function parseArguments(given: readonly string[], isTerminal: boolean): CommandLine {
  const args = given.filter((each) => each !== "--"); // package managers pass their own on
  const [word = ""] = parseArgs({ args, options: ALL_FLAGS, strict: false, allowPositionals: true }).positionals;
  const command = COMMANDS.includes(word) ? (word as Command) : "serve";
  if (command !== "serve" || isTerminal) return readTyped(command, args);
  const line = readTyped(command, args.filter(isOurs));
  const others = args.filter((arg) => !isOurs(arg));
  const problems = others.flatMap((arg) => rightSpelling(arg) ?? []);
  const meant = nearestName(word, COMMANDS); // a job that does nothing must not look like one that worked
  if (meant) problems.push(`Unknown command: ${shown(word)}. Did you mean ${meant}?`);
  const ignored = others.map((arg) => (arg.startsWith("-") ? shown(arg) : "(a value)"));
  return { ...line, problems, ignored: problems.length > 0 ? [] : ignored };
}

/** Reads what is meant for us, as a person types it. */
function readTyped(command: Command, args: string[]): CommandLine {
  const line = { command, flags: {}, problems: [], ignored: [] };
  try {
    const { values, positionals } = parseArgs({ args, options: FLAGS[command], allowPositionals: true });
    if (values.help || values.version) return { ...line, command: values.help ? "help" : "version" };
    if (command !== "serve") positionals.shift();
    const file = command === "apply" ? positionals.shift() : undefined;
    const problems = [
      ...(file === undefined ? positionals : []).map(
        (each) => `Unknown command: ${shown(each)}.${suggestion(each, command)}`,
      ),
      ...(file !== undefined && positionals.length > 0 ? ["apply takes one file."] : []),
      ...Object.entries(values).flatMap(([flag, value]) => (value === "" ? [`--${flag} needs a value.`] : [])),
      ...(command === "apply" && file === undefined ? ["apply needs a file; - is standard input."] : []),
    ];
    return { ...line, flags: values as CommandLine["flags"], file, problems };
  } catch (error) {
    return { ...line, problems: [describe(error as Error, command)] };
  }
}

/** What parseArgs refused. Its own messages quote what was typed, which may be a secret in the wrong place. */
function describe({ code, message }: NodeJS.ErrnoException, command: Command): string {
  const [, flag = ""] = /'(?:-\w, )?(--?[^\s']+)/.exec(message) ?? [];
  const what = command === "serve" ? "Unknown flag:" : `Unknown flag of ${command}:`;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `${what} ${shown(flag)}.${suggestion(flag, command)}`;
  return `${flag} ${message.includes("does not take an argument") ? "takes no" : "needs a"} value.`;
}

function isOurs(arg: string): boolean {
  return arg === "-h" || arg === "-v" || (arg.startsWith("--") && Object.hasOwn(EVERYWHERE, arg.slice(2)));
}

/** A problem for an argument that is never ignored: a setting, or one of the two flags of safety, a letter off. */
function rightSpelling(arg: string): string | undefined {
  if (/TENCENT_CHAT_|^-+tencent-chat-/i.test(arg))
    return "A setting stands among the arguments: put it into the env block of the host.";
  const names = arg.split(/[\s,]+(?=-)/).map((flag) => flag.replace(/[\s=].*/s, "").toLowerCase());
  const letters = names.filter((name) => !/[\\/]/.test(name)).map((name) => name.replace(/[^a-z]/g, "")); // no path
  const meant = ["sandbox", "read-only"].find((flag) =>
    letters.some((each) => leven(flag.replace("-", ""), each) <= 1),
  );
  return meant && `The argument ${shown(arg)} was not understood: write --${meant}, alone.`;
}

function suggestion(typed: string, command: Command): string {
  const meant = nearestName(typed, [...COMMANDS, ...Object.keys(FLAGS[command]).map((flag) => `--${flag}`)]);
  return meant && meant !== typed ? ` Did you mean ${meant}?` : " --help lists everything.";
}

/** An argument, if it can only be a name: anything else may be a secret that was put in the wrong place. */
function shown(typed: string): string {
  const name = typed.split("=", 1)[0] ?? "";
  const isName = /^-{0,2}[a-z]+([-_][a-z]+)*$/i.test(name) && name.length <= (name.startsWith("-") ? 40 : 15);
  return isName ? name : "(not shown)";
}
