import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Change, NextCall, Outcome } from "../channel/receipt.ts";
import { PolicyRefusal } from "./policy-refusal.ts";

/** The record of writes: one JSON line before each request and one after it, appended whole, for the owner alone. */

/** What is about to be written. */
export interface Intent {
  readonly tool: string;
  readonly channel: string;
  readonly subscriber?: string | undefined;
  /** The application; 1 is the sandbox's. */
  readonly sdkAppId?: number;
  /** The MCP client's name from its initialize request. */
  readonly client: string;
  readonly changes: readonly Pick<Change, "field" | "before" | "after">[];
  readonly undo?: NextCall | undefined;
}

/** How it ended; notSent and refused say that nothing was changed. */
interface Ending {
  readonly outcome: Outcome | "notSent" | "refused";
  readonly code?: number | undefined;
  /** True if the client no longer wanted the answer, or the server was told to stop. */
  readonly cancelled?: true | undefined;
  readonly changes?: readonly Change[] | undefined;
}

/** A line of the file. `write` pairs an outcome with its intent. */
export type JournalLine = { readonly time: string; readonly write: string } & (
  | ({ readonly event: "intent" } & Intent)
  | ({ readonly event: "outcome"; readonly tool: string; readonly channel: string } & Ending)
);

/** Notes the end of one write. Returns a warning where the line could not be written. */
export type NoteEnding = (ending: Ending) => string | undefined;

export class Journal {
  readonly #path: string | undefined;
  readonly #sdkAppId: number;
  readonly #scrub: (text: string) => string;

  /**
   * @param path the file; undefined keeps no journal
   * @param scrub takes secrets out of a line
   */
  constructor(path: string | undefined, sdkAppId: number, scrub: (text: string) => string = (text) => text) {
    this.#path = path;
    this.#scrub = scrub;
    this.#sdkAppId = sdkAppId;
  }

  /**
   * Notes a write before its request.
   * @throws PolicyRefusal where the line could not be written: the write must then not be sent
   */
  begin(intent: Intent): NoteEnding {
    const write = randomUUID();
    try {
      this.#append({ time: new Date().toISOString(), write, event: "intent", sdkAppId: this.#sdkAppId, ...intent });
    } catch (error) {
      throw new PolicyRefusal(
        `The journal of writes cannot be written (${reasonOf(error)}), so the write was refused.`,
        "An operator must make the file of TENCENT_CHAT_JOURNAL writable, or unset it to work without a journal.",
      );
    }
    const { tool, channel } = intent;
    return (ending) => {
      try {
        this.#append({ time: new Date().toISOString(), write, event: "outcome", tool, channel, ...ending });
        return undefined;
      } catch (error) {
        return `The outcome could not be added to the journal (${reasonOf(error)}); its intent stands there.`;
      }
    };
  }

  /** What keeps the file from being written, or undefined. Creates the file where it is missing. */
  faultOfFile(): string | undefined {
    if (this.#path === undefined) return undefined;
    try {
      closeSync(this.#open(this.#path));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #append(line: JournalLine): void {
    if (this.#path === undefined) return;
    const file = this.#open(this.#path);
    try {
      // One write of one buffer: lines of several processes stay whole.
      const bytes = Buffer.from(`${this.#scrub(JSON.stringify(line))}\n`);
      const written = writeSync(file, bytes);
      if (written < bytes.length) {
        writeSync(file, "\n");
        throw new Error("only a part of the line was written");
      }
    } finally {
      closeSync(file);
    }
  }

  #open(path: string): number {
    const file = openSync(path, "a", 0o600);
    try {
      const { mode } = fstatSync(file);
      if ((mode & 0o7777) !== 0o600 && (mode & 0o170000) === 0o100000) fchmodSync(file, 0o600);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }
}

/** One write as the journal holds it; without an ending its process stopped before it was known. */
export interface RecordedWrite {
  readonly time: string;
  readonly intent: Intent;
  readonly ending: Ending | undefined;
}

/**
 * Reads a journal, oldest write first, and counts the lines that cannot be read.
 * @throws the file system's error where the file cannot be read
 */
export function readJournal(path: string): { writes: RecordedWrite[]; unreadable: number } {
  const texts = readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text.trim() !== "");
  const lines = texts.flatMap(readLine);
  const endings = new Map(lines.flatMap((line) => (line.event === "outcome" ? [[line.write, line] as const] : [])));
  const writes = lines.flatMap((line) =>
    line.event === "intent" ? [{ time: line.time, intent: line, ending: endings.get(line.write) }] : [],
  );
  return { writes, unreadable: texts.length - lines.length };
}

function readLine(text: string): JournalLine[] {
  try {
    const line = JSON.parse(text) as JournalLine;
    const isIntent = line.event === "intent" && typeof line.tool === "string" && Array.isArray(line.changes);
    return isIntent || line.event === "outcome" ? [line] : [];
  } catch {
    return [];
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
