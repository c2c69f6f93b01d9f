import { nearestName } from "../channel/names.ts";
import { isLoopback, MOST_REQUESTS_PER_SECOND, REGIONS, type RegionName } from "../chat-api/hosts.ts";
import type { Rules } from "../guard/policy.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import { type Account, readAccount, SANDBOX_ACCOUNT } from "./account.ts";
import { SETTINGS } from "./table.ts";
import { type Environment, Values } from "./values.ts";
import { readEndpoint, readProxy } from "./way.ts";

/** From the environment to settings, or to every fault in it at once. Nothing about safety falls back to the open side. */

/** The environment, understood. */
export interface Settings extends Account {
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
 * Reads and checks every setting.
 *
 * @param sandboxAsked true if the command line asks for the sandbox
 * @param readFile reads a text file, for the secret key; may throw
 */
export function readSettings(env: Environment, sandboxAsked: boolean, readFile: (path: string) => string): Reading {
  const values = new Values(env);
  refuseUnknownNames(env, values);
  const readOnly = values.oneOf("TENCENT_CHAT_READ_ONLY", ["true", "false"]);
  const logLevel = values.oneOf("TENCENT_CHAT_LOG_LEVEL", LOG_LEVELS) ?? "info";
  const sandbox = values.oneOf("TENCENT_CHAT_SANDBOX", ["true", "false"]);
  // Where the word is neither, that is the fault to tell; whether an account is needed is not known then.
  const isUnclear = sandbox === undefined && values.setting("TENCENT_CHAT_SANDBOX") !== undefined;
  const isSandbox = sandbox === "true" || sandboxAsked || isUnclear;
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

  const account = isSandbox ? SANDBOX_ACCOUNT : readAccount(values, readFile);
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

function refuseUnknownNames(env: Environment, values: Values): void {
  const known: readonly string[] = SETTINGS.map(({ name }) => name);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("TENCENT_CHAT_") || known.includes(name)) continue;
    const meant = nearestName(name, known);
    values.faults.push(`${name} is not a setting${meant ? `: did you mean ${meant}?` : "."}`);
  }
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

// Node's own debug output prints whole URLs, and with them the UserSig.
function refuseLeaks(values: Values, env: Environment): void {
  const sections = ["undici", "fetch", "websocket", "http", "https"];
  const asked = (env.NODE_DEBUG ?? "").split(",").map((word) => word.trim().toLowerCase());
  const leaks = asked.some((word) => {
    const pattern = new RegExp(`^${word.replace(/[^a-z0-9*]/g, "\\$&").replaceAll("*", ".*")}$`);
    return sections.some((section) => pattern.test(section));
  });
  if (leaks)
    values.faults.push(
      "NODE_DEBUG would print signed addresses, which grant full control of the application: unset it.",
    );
}
