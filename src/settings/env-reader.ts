import { isAbsolute } from "node:path";
import { NUMBERS, type SettingName } from "./table.ts";

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads an environment: blanks and unexpanded placeholders count as unset; problems are collected. */
export class EnvReader {
  /** What is wrong; the server then answers no call. */
  readonly problems: string[] = [];
  /** What works and should still be known; the doctor shows it. */
  readonly warnings: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return !value || /^\$\{user_config\.[^}]*\}$/.test(value) ? undefined : value;
  }

  setting(name: SettingName): string | undefined {
    return this.text(name);
  }

  /** The path of a file. */
  path(name: SettingName): string | undefined {
    const path = this.text(name);
    if (path !== undefined && !isAbsolute(path) && !path.startsWith("~")) {
      this.warnings.push(`${name} is a relative path, and an MCP host starts the server in another folder.`);
    }
    return path;
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[]): T | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (!found) this.problems.push(`${name} must be one of ${allowed.join(", ")}.`);
    return found;
  }

  number(name: keyof typeof NUMBERS): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const { min, max, isWhole } = NUMBERS[name];
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number;
    this.problems.push(`${name} must be a ${isWhole ? "whole " : ""}number from ${min} to ${max}.`);
    return undefined;
  }
}

/** A remark for a path that a shell would have expanded. */
export function tildeRemark(path: string): string {
  return path.startsWith("~") ? ": ~ is not expanded, so give the whole path" : "";
}
