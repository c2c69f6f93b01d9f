import { ExplainedError } from "../call/explained-error.ts";
import { isLoopback } from "../chat-api/regions.ts";
import type { Rules } from "../guard/policy.ts";
import { knownSecrets, readAccount, SANDBOX_ACCOUNT } from "./account.ts";
import { type Environment, type Findings, plainValue, readEnvironment } from "./environment.ts";
import { readLocation, readProxy } from "./location.ts";
import { DEFAULTS } from "./schema.ts";

/** Reads the environment into settings, or lists every problem in it. A wrong value is an error, never a permissive default. */

/** What people and models see of the settings. */
const SHOWN = ["TENCENT_CHAT_LABEL", "TENCENT_CHAT_ALLOWED_CHANNELS", "TENCENT_CHAT_JOURNAL"] as const;

/** Settings where there is no problem, and what is known even where there is one. */
export type SettingsResult = ReturnType<typeof readSettings>;
export type Settings = NonNullable<SettingsResult["settings"]>;

/**
 * Reads and checks every setting.
 * @param argumentProblems what is wrong with the command line
 */
export function readSettings(env: Environment, argumentProblems: readonly string[] = []) {
  const findings: Findings = { problems: [...argumentProblems], warnings: [] };
  const { problems, warnings } = findings;
  const values = readEnvironment(env, findings);
  const rules: Rules = {
    readOnly: values.TENCENT_CHAT_READ_ONLY ?? false,
    allowedChannels: values.TENCENT_CHAT_ALLOWED_CHANNELS,
    writesPerHour: values.TENCENT_CHAT_WRITES_PER_HOUR,
    confirmEdits: values.TENCENT_CHAT_CONFIRM_EDITS ?? "never",
  };
  const isSandbox = values.TENCENT_CHAT_SANDBOX === true;
  // Where that value, or an argument, is not understood, whether an account is needed is not known.
  const isUnclear =
    argumentProblems.length > 0 ||
    (values.TENCENT_CHAT_SANDBOX === undefined && plainValue(env.TENCENT_CHAT_SANDBOX) !== undefined);
  const needsAccount = !isSandbox && !isUnclear;
  const account = needsAccount ? readAccount(env, values, findings) : SANDBOX_ACCOUNT;
  const location = needsAccount ? readLocation(env, values, findings) : undefined;
  const hostname = location?.endpoint.hostname ?? "localhost";
  checkNode(env, hostname, findings);
  const secrets = knownSecrets(env, account?.credential);
  const journal = values.TENCENT_CHAT_JOURNAL;
  for (const name of SHOWN) {
    const value = env[name]?.toLowerCase() ?? "";
    if (secrets.some((secret) => value.includes(secret.toLowerCase())))
      problems.push(`${name} holds the credential: remove it from there.`);
  }
  const common = {
    rules,
    isSandbox,
    label: values.TENCENT_CHAT_LABEL,
    journal,
    timeoutMs: 1000 * (values.TENCENT_CHAT_TIMEOUT_SECONDS ?? DEFAULTS.timeoutSeconds),
    requestsPerSecond: values.TENCENT_CHAT_REQUESTS_PER_SECOND ?? DEFAULTS.requestsPerSecond,
    proxy: readProxy(env, hostname, findings),
    secrets, // every credential that is set, used or not
    endpoint: location?.endpoint, // undefined in the sandbox, which picks its own port
    region: location?.region, // undefined for an endpoint of its own
  };
  const isComplete = problems.length === 0 && account !== undefined && (location !== undefined || isSandbox);
  return {
    settings: isComplete ? { ...common, ...account } : undefined,
    problems,
    warnings,
    readOnly: rules.readOnly,
    journal,
    logLevel: values.TENCENT_CHAT_LOG_LEVEL ?? DEFAULTS.logLevel,
    secrets,
  };
}

/** The name of the application for people who run several: its label, or its SDKAppID and region. */
export function applicationName({ label, isSandbox, sdkAppId, region, endpoint }: Settings): string {
  if (isSandbox) return label === undefined ? "sandbox" : `sandbox, ${label}`;
  return label ?? `SDKAppID ${sdkAppId}, ${region ?? endpoint?.hostname}`;
}

/** Variables of Node that would let credentials out. */
function checkNode(env: Environment, hostname: string, { problems }: Findings): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0" && !isLoopback(hostname)) {
    problems.push(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check, so anyone in between could read the credentials: unset it, and put a company CA into NODE_EXTRA_CA_CERTS.",
    );
  }
  // Node's own debug output prints whole URLs, and with them the UserSig.
  if (/\*|\b(undici|fetch|websocket|https?)\b/i.test(env.NODE_DEBUG ?? "")) {
    problems.push("NODE_DEBUG would print signed addresses, which grant full control of the application: unset it.");
  }
}

/**
 * Thrown at every call while the settings are wrong: the server lists its tools, sends nothing and says what to fix.
 * Not for a credential that the service refused.
 */
export class SettingsError extends ExplainedError {
  override readonly name = "SettingsError";

  constructor(problems: readonly string[]) {
    super({
      stage: "settings",
      cause: `This server is not configured correctly. ${problems.join(" ")} Nothing was sent.`,
      fixedBy: "operator",
      nextStep:
        "Stop and tell the person who runs this server: fix the settings in the env block of the MCP host's configuration, then restart the MCP host. The doctor command checks them.",
      safeToResend: false,
      attempts: 0,
    });
  }
}
