import { ExplainedError, type Explanation } from "./channel/explanation.ts";
import { nearestName } from "./channel/names.ts";
import { byteLength } from "./channel/text.ts";
import { isLoopback, REGIONS, type RegionName, SANDBOX_SDKAPPID } from "./chat-api/hosts.ts";
import { MOST_REQUESTS_PER_SECOND } from "./chat-api/pace.ts";
import { type Credential, decodeUserSig, faultOfUserSig } from "./chat-api/user-sig.ts";
import type { Rules } from "./guard/policy.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { SETTINGS, type SettingName } from "./settings-table.ts";

/** From the environment to settings, or to every fault in it at once. Nothing about safety falls back to the open side. */

/** The environment, understood. */
export interface Settings {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly credential: Credential;
  /** undefined in the sandbox, which picks its own port. */
  readonly endpoint: URL | undefined;
  readonly region: RegionName | undefined;
  readonly rules: Rules;
  readonly journal: string | undefined;
  readonly timeoutMs: number;
  readonly requestsPerSecond: number;
  readonly isSandbox: boolean;
  readonly proxy: { readonly url: string; readonly except: string } | undefined;
}

/** What reading the environment gave: settings where there is no fault, and what even a faulty one decides. */
export interface Reading {
  readonly settings: Settings | undefined;
  readonly faults: readonly string[];
  readonly readOnly: boolean;
  readonly logLevel: LogLevel;
}

/**
 * Thrown at every call while the settings are faulty: the server lists its tools, sends nothing and says what to mend.
 * Not for a credential that the service refused (ServiceRefusal).
 */
export class SettingsRefusal extends ExplainedError {
  override readonly name = "SettingsRefusal";
  readonly explanation: Explanation;

  constructor(faults: readonly string[]) {
    super(faults.join(" "));
    this.explanation = {
      stage: "settings",
      cause: `This server is not set up. ${faults.join(" ")} Nothing was sent.`,
      fixedBy: "operator",
      nextStep:
        "Tell the person who runs this server: mend the settings in the env block of the MCP host's configuration, then start the server again. The doctor command checks them.",
      safeToResend: false,
      attempts: 0,
    };
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An environment as the settings need it: blanks and unexpanded placeholders are unset; faults are collected. */
class Values {
  readonly faults: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === undefined || value === "" || /^\$\{[^}]*\}$/.test(value) ? undefined : value;
  }

  setting(name: SettingName): string | undefined {
    return this.text(name);
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[]): T | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (!found) this.faults.push(`${name} must be one of ${allowed.join(", ")}.`);
    return found;
  }

  number(name: SettingName, least: number, most: number, isWhole: boolean): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number;
    this.faults.push(`${name} must be a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`);
    return undefined;
  }
}

/**
 * Reads and checks every setting.
 *
 * @param sandboxAsked true if the command line asks for the sandbox
 * @param readFile reads a text file, for the secret key; may throw
 * @param now milliseconds since 1970, to tell an expired UserSig
 */
export function readSettings(
  env: Environment,
  sandboxAsked: boolean,
  readFile: (path: string) => string,
  now: number = Date.now(),
): Reading {
  const values = new Values(env);
  refuseUnknownNames(env, values);
  const readOnly = values.oneOf("TENCENT_CHAT_READ_ONLY", ["true", "false"]);
  const logLevel = values.oneOf("TENCENT_CHAT_LOG_LEVEL", LOG_LEVELS) ?? "info";
  const isSandbox = values.oneOf("TENCENT_CHAT_SANDBOX", ["true", "false"]) === "true" || sandboxAsked;
  const rules = {
    readOnly: readOnly === "true",
    allowedChannels: readAllowedChannels(values),
    writesPerHour: values.number("TENCENT_CHAT_WRITES_PER_HOUR", 0, 1_000_000, true),
  };
  const journal = values.setting("TENCENT_CHAT_JOURNAL");
  const timeoutMs = 1000 * (values.number("TENCENT_CHAT_TIMEOUT_SECONDS", 0.1, 600, false) ?? 30);
  const requestsPerSecond =
    values.number("TENCENT_CHAT_REQUESTS_PER_SECOND", 1, MOST_REQUESTS_PER_SECOND, true) ?? MOST_REQUESTS_PER_SECOND;
  refuseLeaks(values, env);

  const account = isSandbox ? SANDBOX_ACCOUNT : readAccount(values, readFile, now);
  const endpoint = isSandbox ? undefined : readEndpoint(values, account?.sdkAppId);
  const region = isSandbox ? undefined : values.oneOf("TENCENT_CHAT_REGION", Object.keys(REGIONS) as RegionName[]);
  if (!isSandbox && env.NODE_TLS_REJECT_UNAUTHORIZED === "0" && !(endpoint && isLoopback(endpoint.hostname))) {
    values.faults.push(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check, so anyone on the way could read the credentials: unset it, and put a company CA into NODE_EXTRA_CA_CERTS.",
    );
  }
  const proxy = readProxy(values);
  const { faults } = values;
  const common = { rules, journal, timeoutMs, requestsPerSecond, isSandbox, region, proxy };
  const settings =
    faults.length === 0 && account && (endpoint || isSandbox) ? { ...common, ...account, endpoint } : undefined;
  return { settings, faults, readOnly: rules.readOnly, logLevel };
}

type Account = Pick<Settings, "sdkAppId" | "identifier" | "credential">;

/** The sandbox has an application of its own; this key opens nothing else. */
const SANDBOX_ACCOUNT: Account = {
  sdkAppId: SANDBOX_SDKAPPID,
  identifier: "administrator",
  credential: { secretKey: "the-sandbox-key-opens-only-the-embedded-sandbox" },
};

function refuseUnknownNames(env: Environment, values: Values): void {
  const known: readonly string[] = SETTINGS.map(({ name }) => name);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("TENCENT_CHAT_") || known.includes(name)) continue;
    const meant = nearestName(name, known);
    values.faults.push(`${name} is not a setting${meant ? `: did you mean ${meant}?` : "."}`);
  }
}

function readAccount(values: Values, readFile: (path: string) => string, now: number): Account | undefined {
  const sdkAppId = values.number("TENCENT_CHAT_SDKAPPID", 1, 4_294_967_295, true);
  if (values.setting("TENCENT_CHAT_SDKAPPID") === undefined) {
    values.faults.push("TENCENT_CHAT_SDKAPPID is required: the application's number in the Chat console.");
  }
  const identifier = values.setting("TENCENT_CHAT_IDENTIFIER") ?? "administrator";
  if (byteLength(identifier) > 32) values.faults.push("TENCENT_CHAT_IDENTIFIER is longer than 32 bytes.");
  const credential = readCredential(values, readFile);
  if (sdkAppId === undefined || !credential) return undefined;
  if ("userSig" in credential) {
    const fault = faultOfUserSig(credential.userSig, sdkAppId, identifier, now / 1000);
    if (fault) values.faults.push(`TENCENT_CHAT_USERSIG cannot be used: ${fault}`);
  }
  return { sdkAppId, identifier, credential };
}

function readCredential(values: Values, readFile: (path: string) => string): Credential | undefined {
  const names = ["TENCENT_CHAT_SECRET_KEY", "TENCENT_CHAT_SECRET_KEY_FILE", "TENCENT_CHAT_USERSIG"] as const;
  const given = names.filter((name) => values.setting(name) !== undefined);
  const [name] = given;
  if (given.length !== 1 || name === undefined) {
    values.faults.push(
      given.length === 0
        ? `One credential is required: ${names.join(", or ")}.`
        : `Only one credential may be set, but ${given.join(" and ")} are.`,
    );
    return undefined;
  }
  if (name === "TENCENT_CHAT_USERSIG") return { userSig: values.setting(name) ?? "" };
  const secretKey = name === "TENCENT_CHAT_SECRET_KEY" ? values.setting(name) : readKeyFile(values, readFile);
  if (secretKey === undefined) return undefined;
  if (decodeUserSig(secretKey)) {
    values.faults.push(`${name} holds a UserSig, not a secret key: put it into TENCENT_CHAT_USERSIG.`);
    return undefined;
  }
  return { secretKey };
}

function readKeyFile(values: Values, readFile: (path: string) => string): string | undefined {
  const name = "TENCENT_CHAT_SECRET_KEY_FILE";
  try {
    const key = readFile(values.setting(name) ?? "").trim();
    if (key !== "") return key;
    values.faults.push(`The file of ${name} is empty.`);
  } catch (error) {
    values.faults.push(
      `The file of ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"}).`,
    );
  }
  return undefined;
}

function readEndpoint(values: Values, sdkAppId: number | undefined): URL | undefined {
  const given = values.setting("TENCENT_CHAT_ENDPOINT");
  const region = values.setting("TENCENT_CHAT_REGION")?.toLowerCase();
  if (given === undefined && region === undefined) {
    values.faults.push(`TENCENT_CHAT_REGION is required: ${Object.keys(REGIONS).join(", ")}.`);
    return undefined;
  }
  const host = region !== undefined && Object.hasOwn(REGIONS, region) ? REGIONS[region as RegionName].host : undefined;
  const text = given ?? (host && `https://${host}`);
  if (text === undefined) return undefined;
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = endpoint?.protocol === "https:" || (endpoint?.protocol === "http:" && isLoopback(endpoint.hostname));
  if (!endpoint || !isSafe || endpoint.username || endpoint.password || endpoint.search || endpoint.hash) {
    values.faults.push(
      "TENCENT_CHAT_ENDPOINT must be an https address without user, query or fragment, such as https://adminapisgp.my-imcloud.com; plain http goes to loopback alone.",
    );
    return undefined;
  }
  if (sdkAppId === SANDBOX_SDKAPPID && !isLoopback(endpoint.hostname)) {
    values.faults.push(
      `TENCENT_CHAT_SDKAPPID ${SANDBOX_SDKAPPID} belongs to the sandbox and is never sent to a real service.`,
    );
    return undefined;
  }
  return endpoint;
}

function readAllowedChannels(values: Values): string[] | undefined {
  const name = "TENCENT_CHAT_ALLOWED_CHANNELS";
  const given = values.setting(name);
  if (given === undefined) return undefined;
  const rules = given.split(",").map((rule) => rule.trim());
  const isWrong = rules.some((rule) => rule === "" || rule.slice(0, -1).includes("*"));
  if (isWrong)
    values.faults.push(`${name} must list IDs, or prefixes with one * at the end, separated by single commas.`);
  return rules;
}

function readProxy(values: Values): Settings["proxy"] {
  const given = values.text("HTTPS_PROXY") ?? values.text("https_proxy");
  if (given === undefined) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    values.faults.push("HTTPS_PROXY must be the address of an HTTP proxy, such as http://proxy.example:8080.");
    return undefined;
  }
  return { url, except: values.text("NO_PROXY") ?? values.text("no_proxy") ?? "" };
}

// Node's own debug output prints whole URLs, and with them the UserSig.
function refuseLeaks(values: Values, env: Environment): void {
  const sections = ["undici", "fetch", "http", "https"];
  const asked = (env.NODE_DEBUG ?? "").split(",").map((word) => word.trim().toLowerCase());
  const leaks = asked.some((word) => {
    const pattern = new RegExp(`^${word.replace(/[^a-z0-9*]/g, "\\$&").replaceAll("*", ".*")}$`);
    return word !== "" && sections.some((section) => pattern.test(section));
  });
  if (leaks)
    values.faults.push(
      "NODE_DEBUG would print signed addresses, which grant full control of the application: unset it.",
    );
}
