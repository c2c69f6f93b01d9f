import { parseArgs } from "node:util";
import { editsBetween, nearestName } from "../text/nearest-name.ts";

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

export interface CommandLine {
  readonly command: Command | "help" | "version";
  readonly flags: Readonly<
    Partial<Record<"sandbox" | "read-only" | "json" | "check", boolean>> &
      Partial<Record<"timeout" | "results" | "left" | "since" | "outcome" | "channel", string>>
  >;
  /** The file of `apply`. */
  readonly file: string | undefined;
  /** What is wrong, each a sentence. A server that was started with a problem sends nothing. */
  readonly problems: readonly string[];
  /** Names of arguments that were ignored, never their values: hosts add their own where they start the server. */
  readonly ignored: readonly string[];
}

/**
 * Reads the command line.
 * @param isTerminal true if a person typed it: then every unknown argument is a problem
 */
export function parseArguments(given: readonly string[], isTerminal: boolean): CommandLine {
  const args = given.filter((each) => each !== "--"); // package managers pass their own on
  const word = commandWord(args);
  const command = isCommand(word) ? word : "serve";
  const meant = /^\w/.test(word) ? nearestName(word, Object.keys(FLAGS).filter(isCommand)) : undefined;
  if (command === "serve" && meant) {
    const problem = `Unknown command: ${shown(word)}. Did you mean ${meant}?`;
    return { command, flags: {}, file: undefined, problems: [problem], ignored: [] };
  }
  if (command !== "serve" || isTerminal) return { ...readTyped(command, args), ignored: [] };
  const ofHost = args.filter((arg) => !isOfEveryCommand(arg)).map((arg) => ({ arg, right: rightSpelling(arg) }));
  return {
    ...readTyped(command, args.filter(isOfEveryCommand)),
    problems: ofHost.flatMap(({ arg, right }) =>
      right ? [`The argument ${shown(arg)} was not understood: ${right}.`] : [],
    ),
    ignored: ofHost.flatMap(({ arg, right }) => (right ? [] : [arg.startsWith("-") ? shown(arg) : "(a value)"])),
  };
}

/** The first word that is no flag of ours, and no value of one: a command, where a person typed the line. */
function commandWord(args: string[]): string {
  const options = { ...FLAGS.doctor, ...FLAGS.apply, ...FLAGS.journal };
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const first = tokens.find((token) => token.kind !== "option" || !Object.hasOwn(options, token.name));
  return first?.kind === "positional" ? first.value : "";
}

/** Reads what is meant for us, as a person types it. */
function readTyped(command: Command, args: readonly string[]): Omit<CommandLine, "ignored"> {
  const line = { command, flags: {}, file: undefined, problems: [] };
  if (args.some((arg) => arg === "--help" || arg === "-h")) return { ...line, command: "help" };
  if (args.some((arg) => arg === "--version" || arg === "-v")) return { ...line, command: "version" };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS[command], allowPositionals: true });
    if (command !== "serve") positionals.shift();
    const file = command === "apply" ? positionals.shift() : undefined;
    const problems = positionals.map((each) => `Unknown command: ${shown(each)}.${suggestion(each, command)}`);
    const empty = Object.entries(values).filter(([, value]) => value === "");
    problems.push(...empty.map(([flag]) => `--${flag} needs a value.`));
    if (command === "apply" && file === undefined) problems.push("apply needs a file; - is standard input.");
    return { command, flags: values as CommandLine["flags"], file, problems };
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

function isOfEveryCommand(arg: string): boolean {
  return arg === "-h" || arg === "-v" || (arg.startsWith("--") && Object.hasOwn(EVERYWHERE, arg.slice(2)));
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(FLAGS, word) && word !== "serve";
}

/** What is about safety, letters alone, and how it is written. It is never ignored: an edit might go to the wrong place. */
const SAFETY: Readonly<Record<string, string>> = {
  sandbox: "write --sandbox, alone",
  readonly: "write --read-only, alone",
  allowedchannels: "set TENCENT_CHAT_ALLOWED_CHANNELS in the env block of the host",
  confirmedits: "set TENCENT_CHAT_CONFIRM_EDITS in the env block of the host",
  writesperhour: "set TENCENT_CHAT_WRITES_PER_HOUR in the env block of the host",
};

/** Flags that browsers pass on to their child processes. */
const OF_BROWSERS = /^(no|enable|disable|service).*sandbox/;

/** For an argument whose name or value, letters alone, is or nearly is about safety, or names a setting: how it is written. */
function rightSpelling(typed: string): string | undefined {
  if (/TENCENT[_-]CHAT[_-]/i.test(typed)) return "settings belong in the env block of the host";
  const [name = "", ...values] = typed.split(/[\s,=]+/);
  const words = [name, ...(values.length === 1 ? values : [])] // more values are a text, and a slash makes a path
    .map((word) => (/[\\/]/.test(word) ? "" : word.toLowerCase().replace(/[^a-z]/g, "")));
  const isMeant = (safe: string, word: string, at: number) =>
    editsBetween(safe, word) <= 1 || (at === 0 && /^\W/.test(name) && word.includes(safe) && !OF_BROWSERS.test(word));
  const meant = Object.keys(SAFETY).find((safe) => words.some((word, at) => isMeant(safe, word, at)));
  return meant && SAFETY[meant];
}

function suggestion(typed: string, command: Command): string {
  const flags = Object.keys(FLAGS[command]).map((flag) => `--${flag}`);
  const known = [...Object.keys(FLAGS).filter(isCommand), ...flags];
  const meant = nearestName(typed, known);
  return meant && meant !== typed ? ` Did you mean ${meant}?` : " --help lists everything.";
}

/** An argument, if it can only be a name: anything else may be a secret that was put in the wrong place. */
function shown(typed: string): string {
  const name = typed.split("=", 1)[0] ?? "";
  const isName = /^-{0,2}[a-z]+([-_][a-z]+)*$/i.test(name) && name.length <= (name.startsWith("-") ? 40 : 15);
  return isName ? name : "(not shown)";
}
