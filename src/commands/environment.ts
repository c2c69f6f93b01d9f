import { readFileSync, statSync } from "node:fs";
import { hostname, platform, userInfo } from "node:os";
import type { ProcessInfo, Service } from "../context.ts";
import type { KeyFiles } from "../settings/account.ts";
import { readSettings, type Settings, type SettingsOptions, type SettingsResult } from "../settings/settings.ts";

/** What commands need from the process that they run in; index.ts passes it. */
export type CliProcess = Pick<
  NodeJS.Process,
  "env" | "stdin" | "stdout" | "stderr" | "pid" | "exit" | "on" | "execPath"
>;

/** Reads the settings from the environment. */
export function readEnvironment({ env }: Pick<CliProcess, "env">, options: SettingsOptions): SettingsResult {
  return readSettings(env, options, KEY_FILES);
}

/** Key files on this machine. */
export const KEY_FILES: KeyFiles = {
  read(path) {
    if (!statSync(path).isFile()) throw Object.assign(new Error("not a regular file"), { code: "not a regular file" });
    return readFileSync(path, "utf8");
  },
  // Windows has no such modes; Node reports every file there as open.
  isOpenToOthers: (path) => platform() !== "win32" && (statSync(path).mode & 0o077) !== 0,
};

/** What the journal and the User-Agent header say about us. */
export function describeProcess({ pid }: Pick<CliProcess, "pid">, version: string): ProcessInfo {
  return { version, osUser: osUserName(), host: hostname(), pid };
}

function osUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a user without an entry, as in some containers
  }
}

/** The service that the settings name; the embedded one is started. */
export async function connectService({ endpoint, sdkAppId, credential }: Settings): Promise<Service> {
  if (endpoint) return { endpoint, close: async () => {} };
  const { Sandbox } = await import("../sandbox/sandbox.ts");
  const secretKey = "secretKey" in credential ? credential.secretKey : "";
  const sandbox = await Sandbox.start({ sdkAppId, secretKey });
  sandbox.unref();
  return { endpoint: sandbox.endpoint, close: () => sandbox.close() };
}
