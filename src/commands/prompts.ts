import { wrapAnsi } from "fast-wrap-ansi";
import type { CliProcess } from "./cli-process.ts";
import type { Texts } from "./texts.ts";

/** The person pressed Ctrl-C or Escape at a question. */
export class Cancelled extends Error {}

const FRAME_COLUMNS = 4;

export type Prompts = Awaited<ReturnType<typeof createPrompts>>;

/** clack's prompts at the terminal of this process. Questions throw Cancelled. */
export async function createPrompts({ stdin, stdout }: CliProcess, { setup: texts }: Texts) {
  const clack = await import("@clack/prompts");
  // At a terminal that does not know its size, clack would draw one character a line, and one choice.
  stdout.columns ||= 80;
  stdout.rows ||= 24;
  const at = { input: stdin, output: stdout };
  const wrap = (text: string) => wrapAnsi(text, stdout.columns - FRAME_COLUMNS, { hard: true });
  const answer = async <T>(asked: Promise<T | symbol>): Promise<T> => {
    const value = await asked;
    if (clack.isCancel(value)) throw new Cancelled();
    return value as T;
  };
  const line = (ask: typeof clack.text | typeof clack.password) => {
    return async (message: string, problemOf: (text: string) => string | undefined): Promise<string> => {
      const text = await answer<string | undefined>(
        ask({ ...at, message, validate: (text = "") => problemOf(text.trim()) }),
      );
      return (text ?? "").trim();
    };
  };
  return {
    texts,
    begin: (title: string) => clack.intro(title, at),
    end: (message: string) => clack.outro(wrap(message), at),
    cancel: () => clack.cancel(texts.cancelled, at),
    say: (kind: "message" | "step" | "info" | "warn" | "error", message: string) => clack.log[kind](wrap(message), at),
    print: (text: string) => void stdout.write(`\n${text}\n\n`),
    text: line(clack.text),
    secret: line(clack.password),
    confirm: (message: string, initialValue: boolean) =>
      answer(clack.confirm({ ...at, active: texts.yes, inactive: texts.no, message, initialValue })),
    select: <T>(
      message: string,
      options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[],
      initialValue?: T,
    ) => answer(clack.select({ ...at, message, options: options as never, initialValue })) as Promise<T>,
  };
}
