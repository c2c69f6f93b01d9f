import type * as Prompts from "@clack/prompts";
import { wrapAnsi } from "fast-wrap-ansi";
import type { CliProcess } from "./cli-process.ts";
import type { Texts } from "./texts.ts";

/** Questions at a terminal. Each of them throws Cancelled when the person presses Ctrl-C or Escape. */

export class Cancelled extends Error {}

/** A choice, with what is shown beside it. */
interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** What a terminal says that does not know its size. */
const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;
/** Columns that the frame of a question takes. */
const FRAME_COLUMNS = 4;

export class Questions {
  readonly #prompts: typeof Prompts;
  readonly #streams: { readonly input: CliProcess["stdin"]; readonly output: CliProcess["stdout"] };
  readonly #labels: { readonly active: string; readonly inactive: string };

  constructor(prompts: typeof Prompts, { stdin, stdout }: CliProcess, { yes, no }: Texts["setup"]) {
    this.#prompts = prompts;
    // The prompts would draw one character a line, and one choice.
    stdout.columns ||= USUAL_COLUMNS;
    stdout.rows ||= USUAL_ROWS;
    this.#labels = { active: yes, inactive: no };
    this.#streams = { input: stdin, output: stdout };
  }

  begin(title: string): void {
    this.#prompts.intro(title, this.#streams);
  }

  end(message: string): void {
    this.#prompts.outro(this.#wrapped(message), this.#streams);
  }

  cancel(message: string): void {
    this.#prompts.cancel(message, this.#streams);
  }

  say(kind: "step" | "info" | "warn" | "error", message: string): void {
    this.#prompts.log[kind](this.#wrapped(message), this.#streams);
  }

  list(lines: readonly string[]): void {
    this.#prompts.log.message(
      lines.map((line) => this.#wrapped(line)),
      this.#streams,
    );
  }

  /** Text to copy, without decoration. */
  print(text: string): void {
    this.#streams.output.write(`\n${text}\n\n`);
  }

  text(message: string, problemOf: (value: string) => string | undefined): Promise<string> {
    const validate = (value: string | undefined) => problemOf((value ?? "").trim());
    const answer = this.#prompts.text({ ...this.#streams, message: this.#wrapped(message), validate });
    return this.#answer(answer).then((text) => (text ?? "").trim());
  }

  /** Asks for a text that is not shown. */
  secret(message: string, problemOf: (value: string) => string | undefined): Promise<string> {
    const validate = (value: string | undefined) => problemOf((value ?? "").trim());
    const answer = this.#prompts.password({ ...this.#streams, message: this.#wrapped(message), validate });
    return this.#answer(answer).then((text) => text.trim());
  }

  confirm(message: string, initialValue: boolean): Promise<boolean> {
    const question = { ...this.#streams, ...this.#labels, message: this.#wrapped(message), initialValue };
    return this.#answer(this.#prompts.confirm(question));
  }

  async select<T extends string | boolean>(message: string, choices: readonly Choice<T>[], initial?: T): Promise<T> {
    const options = [...choices] as Prompts.Option<T>[];
    const question = { ...this.#streams, message: this.#wrapped(message), options };
    const withInitial = { ...question, ...(initial !== undefined && { initialValue: initial }) };
    return (await this.#answer(this.#prompts.select<T>(withInitial))) as T;
  }

  /** Broken between words: the terminal would break in the middle of one. */
  #wrapped(text: string): string {
    return wrapAnsi(text, this.#streams.output.columns - FRAME_COLUMNS, { hard: true });
  }

  async #answer<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
    const value = await answer;
    if (this.#prompts.isCancel(value)) throw new Cancelled();
    return value as Exclude<T, symbol>;
  }
}
