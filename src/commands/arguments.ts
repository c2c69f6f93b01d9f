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

const FLAGS = {
  sandbox: { type: "boolean" },
  "read-only": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
  json: { type: "boolean" },
  check: { type: "boolean" },
  timeout: { type: "string" },
  results: { type: "string" },
  left: { type: "string" },
  since: { type: "string" },
  outcome: { type: "string" },
  channel: { type: "string" },
} as const;
type Flag = keyof typeof FLAGS;

const EVERYWHERE: readonly Flag[] = ["sandbox", "read-only", "help", "version"];
/** What is about safety, letters alone, and how it is written. It is never ignored: an edit might go to the wrong place. */
const SAFETY: Readonly<Record<string, string>> = {
  sandbox: "write --sandbox, alone",
  readonly: "write --read-only, alone",
  allowedchannels: "set TENCENT_CHAT_ALLOWED_CHANNELS in the env block of the host",
  confirmedits: "set TENCENT_CHAT_CONFIRM_EDITS in the env block of the host",
  writesperhour: "set TENCENT_CHAT_WRITES_PER_HOUR in the env block of the host",
};
/** The flags of each command, besides those that every command takes. */
const COMMANDS = {
  serve: [],
  setup: [],
  doctor: ["json", "timeout"],
  demo: [],
  apply: ["check", "results", "left"],
  journal: ["since", "outcome", "channel", "json", "check"],
} as const satisfies Record<string, readonly Flag[]>;
export type Command = keyof typeof COMMANDS;

export interface CommandLine {
  readonly command: Command | "help" | "version";
  readonly flags: Readonly<Partial<Record<Flag, string | boolean>>>;
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
  const { tokens } = parseArgs({ args, options: FLAGS, strict: false, allowPositionals: true, tokens: true });
  // Flags that every command takes may stand before it.
  const everywhere = EVERYWHERE.map((flag) => `--${flag}`);
  const at = args.findIndex((arg) => !everywhere.includes(arg));
  const first = args[at] ?? "";
  const command = isCommand(first) ? first : "serve";
  const allowed: readonly string[] = [...EVERYWHERE, ...COMMANDS[command]];
  const isByPerson = isTerminal || command !== "serve";
  const flags: Record<string, string | boolean> = {};
  const unknown = new Set<string>();
  const problems: string[] = [];
  let file: string | undefined;
  for (const token of tokens) {
    const typed = args[token.index] ?? "";
    if (token.kind === "positional") {
      if (token.index === at && command !== "serve") continue;
      if (command === "apply" && file === undefined) file = token.value;
      else unknown.add(typed);
    } else if (token.kind === "option") {
      const { name, value, rawName } = token;
      // parseArgs takes the flag that follows for the value of this one.
      if (value?.startsWith("--") || (token.inlineValue === false && /^-./.test(value ?? ""))) {
        if (isByPerson) problems.push(`${rawName} needs a value.`);
        else for (const each of [rawName, value ?? ""]) unknown.add(each);
        continue;
      }
      // -verbose is no -v among others.
      const isKnown = allowed.includes(name) && (rawName.startsWith("--") || typed === rawName);
      const takesValue = isKnown && FLAGS[name as Flag].type === "string";
      if (isKnown && takesValue === (value !== undefined)) flags[name] = value ?? true;
      else if (isKnown && isByPerson)
        problems.push(takesValue ? `${typed} needs a value.` : `--${name} takes no value.`);
      else unknown.add(typed);
    }
  }
  const ignored: string[] = [];
  for (const typed of unknown) {
    const right = rightSpelling(typed);
    const kind = typed.startsWith("-") ? "flag" : "command";
    if (isByPerson) problems.push(`Unknown ${kind}: ${shown(typed)}.${suggestion(typed, allowed)}`);
    else if (right) problems.push(`The argument ${shown(typed)} was not understood: ${right}.`);
    else ignored.push(shown(typed));
  }
  if (command === "apply" && file === undefined) problems.push("apply needs a file; - is standard input.");
  const asked = flags.help ? "help" : flags.version ? "version" : command;
  return { command: asked, flags, file, problems: asked === command ? problems : [], ignored };
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word) && word !== "serve";
}

/** For an argument of which a word, letters alone, is or nearly is about safety, or names a setting: how it is written. */
function rightSpelling(typed: string): string | undefined {
  if (/TENCENT[_-]CHAT[_-]/i.test(typed)) return "settings belong in the env block of the host";
  const words = typed.split(/[\s,=]+/).map((word) => word.toLowerCase().replace(/[^a-z]/g, ""));
  const sorted = (word: string) => [...word].sort().join("");
  const isMeant = (name: string, word: string) =>
    leven(name, word) <= 1 || word.startsWith(name) || sorted(word) === sorted(name); // two letters that changed places
  const meant = Object.keys(SAFETY).find((name) => words.some((word) => isMeant(name, word)));
  return meant && SAFETY[meant];
}

function suggestion(typed: string, flags: readonly string[]): string {
  const known = [...Object.keys(COMMANDS).filter(isCommand), ...flags.map((flag) => `--${flag}`)];
  const meant = nearestName(typed, known);
  return meant ? ` Did you mean ${meant}?` : " --help lists everything.";
}

/** An argument, if it can only be a name: anything else may be a secret that was put in the wrong place. */
function shown(typed: string): string {
  const name = typed.split("=", 1)[0] ?? "";
  return /^-{0,2}[a-z]+([-_][a-z]+)*$/i.test(name) && name.length <= 40 ? name : "(not shown)";
}
