import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { Environment } from "../settings/environment.ts";
import { PROGRAM } from "./mcp-hosts.ts";

/** Where setup stores a secret key and a journal: for their owner only, the key outside of any repository. */

/** The folder of this program in the person's configuration. */
export function configurationFolder({ XDG_CONFIG_HOME, HOME }: Environment): string {
  const isFull = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME); // the standard ignores others
  return join(isFull ? XDG_CONFIG_HOME : join(HOME ?? homedir(), ".config"), PROGRAM);
}

/** True if a folder, or the nearest parent that exists, is inside a Git repository. */
export function isInRepository(folder: string): boolean {
  const parent = dirname(folder);
  if (!existsSync(folder)) return parent !== folder && isInRepository(parent);
  const real = realpathSync(folder); // a link may lead into one
  return existsSync(join(real, ".git")) || (dirname(real) !== real && isInRepository(dirname(real)));
}

/** Makes a folder for its owner only, where it is missing. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
