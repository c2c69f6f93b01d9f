import type { SettingName } from "./table.ts";

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An environment as the settings need it: blanks and unexpanded placeholders are unset; faults are collected. */
export class Values {
  readonly faults: string[] = [];
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
