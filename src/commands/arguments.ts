import leven from "leven";
import { nearestName } from "../channel/names.ts";
import { SETTINGS, type SettingName } from "../settings/table.ts";

/**
 * Understands the command line. Hosts add arguments of their own where they start the server, so unknown ones are ignored
 * there unless they resemble ours.
 */

export const HELP = `an MCP server for Tencent Cloud Chat official channels

  tencent-chat-channel-mcp                    serve MCP on stdio, configured by environment variables
  tencent-chat-channel-mcp --sandbox          the same on an embedded service with sample channels; no account needed
  tencent-chat-channel-mcp setup              answer a few questions and add the server to an MCP host
  tencent-chat-channel-mcp doctor             check settings, signature, connection and journal
  tencent-chat-channel-mcp doctor --sandbox   the same check on the embedded service
  tencent-chat-channel-mcp doctor --json      the same check, as JSON
  tencent-chat-channel-mcp doctor --journal   list the recorded edits, with their undo   [--json]
  tencent-chat-channel-mcp demo               play a conversation in the sandbox
  tencent-chat-channel-mcp --help, --version

Settings are TENCENT_CHAT_… environment variables; the README lists them.
`;

const SUBCOMMANDS = ["demo", "doctor", "setup"] as const;
const FLAGS = ["--sandbox", "--json", "--journal", "--help", "-h", "--version", "-v"];
/** Words that people type as a command, with what to do instead. */
const SUGGESTIONS: ReadonlyMap<string, string> = new Map([
  ["help", "did you mean --help?"],
  ["version", "did you mean --version?"],
  ["sandbox", "did you mean --sandbox?"],
  ["allow", "did you mean the environment variable TENCENT_CHAT_ALLOWED_CHANNELS?"],
  ["ro", "did you mean the environment variable TENCENT_CHAT_READ_ONLY?"],
  ["serve", "to serve, start without a command."],
  ["start", "to serve, start without a command."],
]);

export interface CommandOptions {
  readonly sandbox: boolean;
  readonly json: boolean;
  readonly journal: boolean;
  /** Arguments that resemble ours: the server then answers no call, since an edit might go to the wrong place. */
  readonly problems: readonly string[];
  /** Names of arguments that were ignored, never their values. */
  readonly ignored: readonly string[];
}

export interface ParsedArguments {
  readonly command: (typeof SUBCOMMANDS)[number] | "serve" | "help" | "version" | "unknown";
  readonly options: CommandOptions;
  /** What to print to a person about an unknown command or argument. */
  readonly messages: readonly string[];
}

/**
 * Reads the command line.
 * @param isTerminal true if a person typed this: then an unknown command, or an argument like one of ours, is an error
 */
export function parseArguments(args: readonly string[], isTerminal: boolean): ParsedArguments {
  const flags = new Set(args);
  const problems: string[] = [];
  const ignored: string[] = [];
  const subcommand = SUBCOMMANDS.find((name) => name === args[0]);
  const unknown = args.slice(subcommand ? 1 : 0).filter((arg) => !FLAGS.includes(arg));
  for (const arg of unknown) {
    const suggestion = suggestionFor(arg);
    if (suggestion)
      problems.push(`${arg === args[0] ? printable(arg) : shownName(arg)} was not understood: ${suggestion}`);
    else ignored.push(shownName(arg));
  }
  for (const flag of ["--json", "--journal"]) {
    if (flags.has(flag) && subcommand !== "doctor") problems.push(`${flag} belongs to the doctor command.`);
  }
  const options = {
    sandbox: flags.has("--sandbox"),
    json: flags.has("--json"),
    journal: flags.has("--journal"),
    problems,
    ignored,
  };
  const isByPerson = isTerminal || subcommand !== undefined;
  const isUnknownCommand =
    isByPerson && (problems.length > 0 || unknown.some((arg) => subcommand || !arg.startsWith("-")));
  const messages = [
    ...problems,
    ...ignored.map((name) => `${name} was not understood.`),
    "Commands are demo, doctor and setup, each as the first word. Settings, such as the journal's path, are environment variables. --help lists everything.",
  ];
  const command =
    flags.has("--help") || flags.has("-h")
      ? "help"
      : flags.has("--version") || flags.has("-v")
        ? "version"
        : (subcommand ?? "serve");
  return { command: isUnknownCommand ? "unknown" : command, options, messages };
}

/** Help for an argument that resembles a flag, a command or a setting; undefined for one of the host's own. */
function suggestionFor(arg: string): string | undefined {
  const word = nameOf(arg);
  if (/[\\/]/.test(word)) return undefined; // a path
  if (FLAGS.includes(word)) return `${word} takes no value.`;
  if (SUBCOMMANDS.some((name) => name === arg)) return undefined; // a command counts as the first word only
  const direct = SUGGESTIONS.get(word.replace(/^-+/, "").toLowerCase());
  if (direct) return direct;
  if (HOST_FLAGS.some((flag) => word === flag || (flag.endsWith("-") && word.startsWith(flag)))) return undefined;
  const near = nearestName(word, [...FLAGS.filter((flag) => flag.startsWith("--")), ...SUBCOMMANDS]);
  if (near) return `did you mean ${near}?`;
  const setting = safetySettingLike(arg) ?? nearestName(word, SETTING_NAMES);
  if (!setting) return undefined;
  return arg.startsWith("-") || !isSettingName(word)
    ? `did you mean the environment variable ${SETTING_PREFIX}${setting.replace(SETTING_PREFIX, "")}?`
    : "settings are environment variables, not arguments.";
}

const SETTING_PREFIX = "TENCENT_CHAT_";
const SETTING_NAMES = SETTINGS.map(({ name }) => name.replace(SETTING_PREFIX, ""));
/** Flags of Chromium and Node that resemble ours; one that ends in a hyphen stands for all that begin so. */
const HOST_FLAGS = [
  "--no-sandbox",
  "--disable-setuid-sandbox",
  "--disable-gpu-sandbox",
  "--service-sandbox-type",
  "--log-level",
  "--allow-",
];
/** Flags whose value is an argument of its own. */
const CARRIERS = ["mode", "env", "environment", "set", "option"];
/** Words of arguments about safety, with the setting that is most likely meant. */
const SAFETY_WORDS: Readonly<Record<string, SettingName>> = {
  sandbox: "TENCENT_CHAT_SANDBOX",
  readonly: "TENCENT_CHAT_READ_ONLY",
  dryrun: "TENCENT_CHAT_READ_ONLY",
  confirm: "TENCENT_CHAT_CONFIRM_EDITS",
  allowed: "TENCENT_CHAT_ALLOWED_CHANNELS",
  allowlist: "TENCENT_CHAT_ALLOWED_CHANNELS",
  channels: "TENCENT_CHAT_ALLOWED_CHANNELS",
  writes: "TENCENT_CHAT_WRITES_PER_HOUR",
  write: "TENCENT_CHAT_READ_ONLY",
  edit: "TENCENT_CHAT_READ_ONLY",
  edits: "TENCENT_CHAT_READ_ONLY",
  journal: "TENCENT_CHAT_JOURNAL",
};
/** Those that are recognized misspelled too, and without a hyphen in front. */
const STRONG_WORDS = ["sandbox", "readonly"];

/** The setting about safety that an argument is most likely meant for. */
function safetySettingLike(arg: string): SettingName | undefined {
  const name = nameOf(arg);
  const value = arg.slice(name.length + 1);
  const words = wordsOf(name);
  if (words.length === 1 && CARRIERS.includes(words[0] ?? "") && value !== "") return safetySettingLike(`--${value}`);
  const pairs = words.slice(1).map((word, at) => `${words[at]}${word}`); // read-only is one word
  const strong = STRONG_WORDS.find((meant) =>
    [...words, ...pairs].some((word) => resembles(word, meant, words.length === 1)),
  );
  if (strong) return SAFETY_WORDS[strong];
  if (!arg.startsWith("-") && value === "") return undefined; // may be the value of a host's flag
  const found = [...pairs, ...words].find((word) => Object.hasOwn(SAFETY_WORDS, word));
  return found === undefined ? undefined : SAFETY_WORDS[found];
}

/** @param isAlone true if the word is all that there is: then its beginning is enough */
function resembles(word: string, meant: string, isAlone: boolean): boolean {
  const isBeginning = isAlone && word.length >= 4 && meant.startsWith(word);
  return isBeginning || word.startsWith(meant) || leven(word, meant) <= 1 || sorted(word) === sorted(meant);
}

/** The words of a name, in lower case and their plain form. */
function wordsOf(name: string): string[] {
  const spaced = name.normalize("NFKC").replace(/([a-z])([A-Z])/g, "$1 $2");
  return spaced
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}

/** True for the name of a setting, in any spelling. */
function isSettingName(name: string): boolean {
  return wordsOf(name).join("").startsWith("tencentchat");
}

function sorted(word: string): string {
  return [...word].sort().join("");
}

/** An argument without what follows `=`. */
function nameOf(arg: string): string {
  return arg.split("=", 1)[0] ?? "";
}

const NOT_SHOWN = "(an argument that is not shown)";

/** The name of a flag; another word may be the value of the one before it. */
function shownName(arg: string): string {
  return arg.startsWith("-") ? printable(arg) : NOT_SHOWN;
}

/** The name of an argument, if it can only be a name: anything else may be a secret that was put in the wrong place. */
function printable(arg: string): string {
  const name = nameOf(arg);
  return /^-{0,2}[a-z]+([-_][a-z]+)*$/i.test(name) && name.length <= 40 ? name : NOT_SHOWN;
}
