import { homedir } from "node:os";
import { isAbsolute } from "node:path";
import type * as Prompts from "@clack/prompts";
import { readSettings } from "../settings/settings.ts";
import type { SettingName } from "../settings/table.ts";
import { type CliProcess, KEY_FILES } from "./environment.ts";

/** Questions at a terminal. Each of them throws Cancelled when the person presses Ctrl-C or Escape. */

export class Cancelled extends Error {}

/** A choice, with what is shown beside it. */
interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export class Questions {
  readonly #prompts: typeof Prompts;
  readonly #streams: { readonly input: CliProcess["stdin"]; readonly output: CliProcess["stdout"] };

  constructor(prompts: typeof Prompts, { stdin, stdout }: CliProcess) {
    this.#prompts = prompts;
    this.#streams = { input: stdin, output: stdout };
  }

  begin(title: string): void {
    this.#prompts.intro(title, this.#streams);
  }

  end(message: string): void {
    this.#prompts.outro(message, this.#streams);
  }

  cancel(message: string): void {
    this.#prompts.cancel(message, this.#streams);
  }

  say(kind: "step" | "info" | "warn" | "error", message: string): void {
    this.#prompts.log[kind](message, this.#streams);
  }

  list(lines: string[]): void {
    this.#prompts.log.message(lines, this.#streams);
  }

  /** Text to copy, without decoration. */
  print(text: string): void {
    this.#streams.output.write(`\n${text}\n\n`);
  }

  /** Asks for the text of a setting; its own rules check it. */
  async setting(message: string, name: SettingName): Promise<string> {
    const text = await this.text(message, (value) => problemWith(name, value));
    return (text ?? "").trim();
  }

  text(message: string, problemOf: (value: string) => string | undefined): Promise<string> {
    const validate = (value: string | undefined) => problemOf(value ?? "");
    return this.#answer(this.#prompts.text({ ...this.#streams, message, validate }));
  }

  /** Asks for the secret key, which is not shown. */
  async key(message: string): Promise<string> {
    const validate = (value = "") =>
      value.trim() === ""
        ? "Paste the key."
        : /^[~/.]/.test(value.trim())
          ? "Paste the key itself, not a path."
          : problemWith("TENCENT_CHAT_SECRET_KEY", value)?.replace("TENCENT_CHAT_SECRET_KEY ", "This text ");
    const key = await this.#answer(this.#prompts.password({ ...this.#streams, message, validate }));
    return key.trim();
  }

  /** Asks for a file that holds a key; `~` is understood. */
  async keyFile(message: string): Promise<string> {
    const path = (given: string) => given.trim().replace(/^~(?=\/)/, homedir());
    const problemOf = (given: string) => {
      if (!isAbsolute(path(given))) return "Give the whole path.";
      return readSettings({ TENCENT_CHAT_SECRET_KEY_FILE: path(given) }, { sandbox: false }, KEY_FILES).problems.find(
        (problem) => problem.includes("TENCENT_CHAT_SECRET_KEY_FILE"),
      );
    };
    return path(await this.text(message, problemOf));
  }

  confirm(message: string, initialValue: boolean): Promise<boolean> {
    return this.#answer(this.#prompts.confirm({ ...this.#streams, message, initialValue }));
  }

  async select<T extends string | boolean>(message: string, choices: readonly Choice<T>[], initial?: T): Promise<T> {
    const options = [...choices] as Prompts.Option<T>[];
    const question = { ...this.#streams, message, options, ...(initial !== undefined && { initialValue: initial }) };
    return (await this.#answer(this.#prompts.select<T>(question))) as T;
  }

  async #answer<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
    const value = await answer;
    if (this.#prompts.isCancel(value)) throw new Cancelled();
    return value as Exclude<T, symbol>;
  }
}

/** What the settings say of one value, or undefined. */
function problemWith(name: SettingName, value: string): string | undefined {
  const { problems, warnings } = readSettings({ [name]: value }, { sandbox: false }, KEY_FILES);
  // A list that matches no channel is only a warning elsewhere, but here the person can still correct it.
  const counts = name === "TENCENT_CHAT_ALLOWED_CHANNELS" ? [...problems, ...warnings] : problems;
  return counts.find((text) => text.includes(name));
}
