import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../settings/environment.ts";
import { PROGRAM } from "./mcp-hosts.ts";

/** Where setup stores a secret key and a journal: for their owner only, and never in a repository. */

/** The folder of this program in the person's configuration. */
export function configurationFolder({ XDG_CONFIG_HOME, HOME }: Environment): string {
  const isFull = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME); // the standard ignores others
  return join(isFull ? XDG_CONFIG_HOME : join(HOME ?? homedir(), ".config"), PROGRAM);
}

/** Makes the folder for its owner only, where it is missing, and keeps it out of any repository that it may lie in. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, ".gitignore"), "*\n");
}

/** Writes the key file as a new one, so that it is never open to others, not even for a moment. */
export function storeKey(path: string, key: string): void {
  const temporaryPath = `${path}.new`;
  rmSync(temporaryPath, { force: true });
  try {
    writeFileSync(temporaryPath, `${key}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporaryPath, path);
  } finally {
    rmSync(temporaryPath, { force: true });
  }
}
