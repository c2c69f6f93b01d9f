import { hostname, userInfo } from "node:os";
import { Secrets } from "../chat-api/auth/secrets.ts";
import type { Service } from "../context.ts";
import { createLog } from "../log.ts";
import { readSettings, type Settings, SettingsError, type SettingsResult } from "../settings/settings.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CommandLine } from "./arguments.ts";

/** What commands need from the process that they run in; index.ts passes it. */
export type CliProcess = Pick<
  NodeJS.Process,
  "argv" | "env" | "stdin" | "stdout" | "stderr" | "pid" | "exit" | "on" | "execPath"
>;

/** Milliseconds that calls in flight have after a signal: containers are killed ten seconds later. */
export const DRAIN_AFTER_SIGNAL_MS = 9_000;

/** Reads the settings from the environment and the flags that stand for two of them. */
export function settingsOf({ env }: CliProcess, { flags, problems }: CommandLine): SettingsResult {
  const withFlags = {
    ...env,
    ...(flags.sandbox && { TENCENT_CHAT_SANDBOX: "true" }),
    ...(flags["read-only"] && { TENCENT_CHAT_READ_ONLY: "true" }),
  };
  return readSettings(withFlags, problems);
}

function osUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a user without an entry, as in some containers
  }
}

async function connectService({ endpoint, sdkAppId, credential, identifier }: Settings): Promise<Service> {
  if (endpoint) return { endpoint, close: async () => {} };
  const { Sandbox } = await import("../sandbox/sandbox.ts");
  const secretKey = "secretKey" in credential ? credential.secretKey : "";
  const sandbox = await Sandbox.start({ sdkAppId, secretKey, admins: [identifier] });
  sandbox.unref();
  return { endpoint: sandbox.endpoint, close: () => sandbox.close() };
}

/** A log that knows the secrets, and what makes the tools' context when the first call comes. */
export function prepareCalls(cli: CliProcess, version: string, result: SettingsResult) {
  const { settings, problems, warnings, logLevel } = result;
  let context: ToolContext | undefined;
  const early = new Secrets(result.secrets); // before the context is there
  const log = createLog(
    logLevel,
    (text) => cli.stderr.write(text),
    (event) => (context?.secrets ?? early).redactDeep({ ...event, pid: cli.pid }),
  );
  for (const problem of problems) log("error", "settings", { problem });
  for (const warning of warnings) log("warn", "settings", { warning });
  const openContext = async () => {
    if (!settings) throw new SettingsError(early.redactDeep(problems));
    const { createContext } = await import("../context.ts");
    const service = await connectService(settings);
    const info = { version, osUser: osUserName(), host: hostname(), pid: cli.pid };
    context = createContext(settings, service, info, log);
    return context;
  };
  return { log, openContext };
}
