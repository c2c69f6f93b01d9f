import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../settings/environment.ts";
import { PROGRAM } from "./mcp-hosts.ts";

/** Where setup stores a secret key and a journal: for their owner only, and never in a repository. */

/** The person's own folder; an empty HOME is none. */
export function homeFolder({ HOME = "" }: Environment): string {
  return isAbsolute(HOME) ? HOME : userInfo().homedir;
}

/** The folder of this program in the person's configuration. */
export function configurationFolder(env: Environment): string {
  const { XDG_CONFIG_HOME = "" } = env; // the standard ignores one that is not absolute
  return join(isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(homeFolder(env), ".config"), PROGRAM);
}

/** Makes the folder for its owner only, where it is missing, and keeps it out of any repository that it may lie in. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, ".gitignore"), "*\n");
}

/** Writes the key file as a new one, so that it is never open to others, not even for a moment. */
export function storeKey(path: string, key: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: "wx" });
}
