import leven from "leven";
import { CHANNEL_ID_PREFIX } from "../channel/fields.ts";
import { nearestName } from "../channel/names.ts";
import { escapeHidden } from "../channel/text.ts";
import type { ProxySettings } from "../chat-api/http/dispatchers.ts";
import { isLoopback, type RegionName } from "../chat-api/regions.ts";
import type { ConfirmEdits } from "../guard/confirmation.ts";
import type { Rules } from "../guard/policy.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import {
  type Account,
  checkMisplacedSecrets,
  type KeyFiles,
  knownSecrets,
  readAccount,
  SANDBOX_ACCOUNT,
} from "./account.ts";
import { readLocation, readProxy } from "./endpoint.ts";
import { type Environment, EnvReader } from "./env-reader.ts";
import { GUARD_SETTINGS, MIN_SAFE_TIMEOUT_SECONDS, NUMBERS, SETTINGS, type SettingName } from "./table.ts";

/** Reads the environment into settings, or lists every problem in it. A wrong value of a safety setting is an error, never a permissive default. */

const MAX_LABEL_CHARACTERS = 40;

export interface Settings extends Account {
  /** undefined in the sandbox, which picks its own port. */
  readonly endpoint: URL | undefined;
  /** The region whose host is used; undefined for an endpoint of its own. */
  readonly region: RegionName | undefined;
  readonly label: string | undefined;
  readonly rules: Rules;
  readonly journal: string | undefined;
  readonly timeoutMs: number;
  readonly requestsPerSecond: number;
  readonly isSandbox: boolean;
  readonly proxy: ProxySettings | undefined;
  /** Every credential that is set, used or not. */
  readonly secrets: readonly string[];
}

/** Settings where there is no problem, and what is known even where there is one. */
export interface SettingsResult {
  readonly settings: Settings | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly readOnly: boolean;
  readonly journal: string | undefined;
  readonly logLevel: LogLevel;
  readonly secrets: readonly string[];
}

/** The command line, as far as settings depend on it. */
export interface SettingsOptions {
  readonly sandbox: boolean;
  /** Problems found there. */
  readonly problems?: readonly string[];
}

/** Reads and checks every setting. */
export function readSettings(env: Environment, options: SettingsOptions, files: KeyFiles): SettingsResult {
  const reader = new EnvReader(env);
  reader.problems.push(...(options.problems ?? []));
  checkNames(env, reader);
  const readOnly = reader.oneOf("TENCENT_CHAT_READ_ONLY", ["true", "false"]);
  const logLevel = reader.oneOf("TENCENT_CHAT_LOG_LEVEL", LOG_LEVELS) ?? "info";
  const sandbox = reader.oneOf("TENCENT_CHAT_SANDBOX", ["true", "false"]);
  // Where the value is neither, or an argument is not understood, that is the problem to report; whether an account is needed is not known then.
  const hasUnclearArgument = (options.problems ?? []).length > 0;
  const isUnclear = sandbox === undefined && reader.setting("TENCENT_CHAT_SANDBOX") !== undefined;
  const wantsSandbox = sandbox === "true" || options.sandbox;
  const isSandbox = wantsSandbox || isUnclear || hasUnclearArgument;
  const rules: Rules = {
    readOnly: readOnly === "true",
    allowedChannels: readAllowedChannels(reader),
    writesPerHour: reader.number("TENCENT_CHAT_WRITES_PER_HOUR"),
    confirmEdits: readConfirmEdits(reader),
  };
  const timeoutSeconds = reader.number("TENCENT_CHAT_TIMEOUT_SECONDS") ?? NUMBERS.TENCENT_CHAT_TIMEOUT_SECONDS.default;
  if (timeoutSeconds < MIN_SAFE_TIMEOUT_SECONDS) {
    reader.warnings.push(
      `TENCENT_CHAT_TIMEOUT_SECONDS is below ${MIN_SAFE_TIMEOUT_SECONDS}: an edit without a clear answer often ends as unknown.`,
    );
  }
  checkNodeDebug(reader, env);

  const account = isSandbox ? SANDBOX_ACCOUNT : readAccount(reader, files);
  const location = isSandbox ? undefined : readLocation(reader, account?.sdkAppId);
  const isLocal = isSandbox || (location !== undefined && isLoopback(location.endpoint.hostname));
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0" && !isLocal) {
    reader.problems.push(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check, so anyone in between could read the credentials: unset it, and put a company CA into NODE_EXTRA_CA_CERTS.",
    );
  }
  const secrets = knownSecrets(reader, account?.credential);
  checkMisplacedSecrets(reader, secrets);
  if (wantsSandbox && reader.setting("TENCENT_CHAT_SDKAPPID") !== undefined) {
    reader.warnings.push("The sandbox is on, so TENCENT_CHAT_SDKAPPID and the credentials are ignored.");
  }
  const journal = reader.path("TENCENT_CHAT_JOURNAL");
  if (journal !== undefined && journal === reader.setting("TENCENT_CHAT_SECRET_KEY_FILE")) {
    reader.problems.push("TENCENT_CHAT_JOURNAL is the key file: give another path.");
  }
  const common = {
    rules,
    isSandbox,
    label: readLabel(reader),
    journal,
    timeoutMs: 1000 * timeoutSeconds,
    requestsPerSecond:
      reader.number("TENCENT_CHAT_REQUESTS_PER_SECOND") ?? NUMBERS.TENCENT_CHAT_REQUESTS_PER_SECOND.default,
    proxy: readProxy(reader),
    secrets,
    endpoint: location?.endpoint,
    region: location?.region,
  };
  const { problems, warnings } = reader;
  const isComplete = problems.length === 0 && account !== undefined && (location !== undefined || isSandbox);
  const settings = isComplete ? { ...common, ...account } : undefined;
  return { settings, problems, warnings, readOnly: rules.readOnly, journal, logLevel, secrets };
}

/** The name of the application for people who run several: its label, or its SDKAppID and region. */
export function applicationName({ label, isSandbox, sdkAppId, region, endpoint }: Settings): string {
  if (isSandbox) return label === undefined ? "sandbox" : `sandbox, ${label}`;
  return label ?? `SDKAppID ${sdkAppId}, ${region ?? endpoint?.hostname}`;
}

const PREFIX = "TENCENTCHAT";
/** The setting about safety that a name like TENCENT_READ_ONLY is most likely meant for. */
function guardSettingLike(plain: string): SettingName | undefined {
  if (leven(plain.slice(0, 7), "TENCENT") > 2) return undefined;
  const rest = plain.replace(/^TENCENT(CHAT)?/, "");
  const isNear = (name: SettingName, word: string) =>
    plain.endsWith(word) || leven(rest, lettersOf(name).slice(PREFIX.length)) <= 2;
  return GUARD_SETTINGS.find(({ word, name }) => isNear(name, word))?.name;
}

function lettersOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Finds variables that are meant for this server and are not known: in another case or spelling, or misspelled. */
function checkNames(env: Environment, reader: EnvReader): void {
  const known: readonly string[] = SETTINGS.map(({ name }) => name);
  for (const name of Object.keys(env)) {
    const letters = lettersOf(name);
    const plain = letters.replace(/^EXPORT/, ""); // `export NAME=…` copied from a shell
    const isNear = leven(plain.slice(0, PREFIX.length), PREFIX) <= 2;
    const guard = guardSettingLike(plain);
    if (known.includes(name) || !(isNear || guard)) continue;
    const meant = nearestName(name, known) ?? guard;
    if (!plain.startsWith(PREFIX) && !meant) continue;
    // A long part of a name may be a key that was put there by mistake.
    const isShort = name.length <= 60 && name.split(/[^A-Za-z0-9]/).every((part) => part.length < 16);
    const shown = isShort ? escapeHidden(name) : "A variable whose name is not shown";
    reader.problems.push(`${shown} is not a setting${meant ? `: did you mean ${meant}?` : "."}`);
  }
}

function readLabel(reader: EnvReader): string | undefined {
  const label = reader.setting("TENCENT_CHAT_LABEL");
  if (label === undefined) return undefined;
  if ([...label].length <= MAX_LABEL_CHARACTERS && !/[\p{C}\p{Zl}\p{Zp}]/u.test(label)) return label;
  reader.problems.push(`TENCENT_CHAT_LABEL must be at most ${MAX_LABEL_CHARACTERS} visible characters on one line.`);
  return undefined;
}

function readAllowedChannels(reader: EnvReader): string[] | undefined {
  const name = "TENCENT_CHAT_ALLOWED_CHANNELS";
  const given = reader.setting(name);
  if (given === undefined) return undefined;
  const rules = splitChannels(given);
  const isWrong = rules.some((rule) => rule === "" || rule.slice(0, -1).includes("*"));
  if (isWrong) {
    reader.problems.push(`${name} must list IDs, or prefixes with one * at the end, separated by single commas.`);
  }
  for (const [index, rule] of rules.entries()) {
    const problem = problemOfRule(rule);
    if (problem) reader.warnings.push(`${name}: entry ${index + 1} ${problem}.`);
  }
  if (!rules.includes("*")) return rules;
  reader.warnings.push(`${name} contains * alone, which allows every channel.`);
  return undefined;
}

/** The entries of a list of channels: IDs, or prefixes ending in `*`. */
export function splitChannels(list: string): string[] {
  return list.split(/[,，、]/).map((entry) => entry.trim());
}

/** What makes an entry match no channel, most likely. The entry itself is not shown: it may be anything. */
function problemOfRule(rule: string): string | undefined {
  const start = rule.endsWith("*") ? rule.slice(0, -1) : rule;
  if (!start.startsWith(CHANNEL_ID_PREFIX) && !(rule.endsWith("*") && CHANNEL_ID_PREFIX.startsWith(start))) {
    return `does not start with ${CHANNEL_ID_PREFIX}, so it matches no channel: list IDs without quotes or brackets`;
  }
  const next = rule.indexOf(CHANNEL_ID_PREFIX, CHANNEL_ID_PREFIX.length + 1);
  return next > 0 ? "holds more than one ID: separate them with commas" : undefined;
}

function readConfirmEdits(reader: EnvReader): ConfirmEdits {
  const name = "TENCENT_CHAT_CONFIRM_EDITS";
  const given = reader.setting(name)?.toLowerCase();
  if (given === undefined || given === "never") return "never";
  if (given === "always") return "always";
  if (/^[1-9]\d{0,9}$/.test(given)) return Number(given);
  reader.problems.push(`${name} must be never, always, or a whole number of subscribers from 1 on.`);
  return "always";
}

// Node's own debug output prints whole URLs, and with them the UserSig.
function checkNodeDebug(reader: EnvReader, env: Environment): void {
  const sections = ["undici", "fetch", "websocket", "http", "https"];
  const enabled = (env.NODE_DEBUG ?? "").split(",").map((word) => word.trim().toLowerCase());
  const leaks = enabled.some((word) => {
    const pattern = new RegExp(`^${word.replace(/[^a-z0-9*]/g, "\\$&").replaceAll("*", ".*")}$`);
    return sections.some((section) => pattern.test(section));
  });
  if (leaks) {
    reader.problems.push(
      "NODE_DEBUG would print signed addresses, which grant full control of the application: unset it.",
    );
  }
}
