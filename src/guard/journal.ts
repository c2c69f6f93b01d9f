import { randomUUID } from "node:crypto";
import { closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { isRecord } from "../channel/is-record.ts";
import { mayHaveChanged, type Outcome } from "../channel/outcome.ts";
import type { Change, NextCall } from "../channel/receipt.ts";
import { describeFileError } from "../file-error.ts";
import { PolicyError } from "./policy-error.ts";

/** The record of edits: one JSON line before each request and one after it, in a file for its owner only. */

/** Who edits: the same for the whole process. */
export interface JournalIdentity {
  /** The application; 1 is the sandbox's. */
  readonly sdkAppId: number;
  readonly label?: string | undefined;
  /** The app admin account. */
  readonly admin: string;
  readonly osUser: string;
  readonly host: string;
  readonly pid: number;
}

/** What is about to be sent. */
export interface Intent {
  readonly tool: string;
  readonly channel: string;
  readonly subscriber?: string | undefined;
  /** The MCP client's name, as it gave it. */
  readonly client: string;
  /** True if the client reported a person's yes. */
  readonly confirmed: boolean;
  readonly changes: readonly Pick<Change, "field" | "before" | "after">[];
  readonly undo?: NextCall | undefined;
}

/** How it ended. */
interface Result {
  readonly outcome: Outcome | "notSent";
  readonly code?: number | undefined;
  /** True if the client no longer wanted the answer, or the server was stopping. */
  readonly cancelled?: true | undefined;
  readonly changes?: readonly Change[] | undefined;
  /** What puts the old values back, as far as the look after the edit showed. */
  readonly undo?: NextCall | undefined;
  readonly warnings?: readonly string[] | undefined;
}

/** A line of the file. `writeId` pairs a result with its intent. */
export type JournalLine = { readonly time: string; readonly writeId: string } & (
  | ({ readonly event: "intent" } & Partial<JournalIdentity> & Intent)
  | ({ readonly event: "outcome"; readonly tool: string; readonly channel: string } & Result)
);

/** Records the result of one edit. Returns a warning where the line could not be written. */
export type RecordResult = (result: Result) => string | undefined;

export class Journal {
  readonly #path: string | undefined;
  readonly #identity: JournalIdentity;
  readonly #redact: (line: JournalLine) => JournalLine;

  /**
   * @param path the file; undefined keeps no journal
   * @param redact takes secrets out of a line
   */
  constructor(path: string | undefined, identity: JournalIdentity, redact: (line: JournalLine) => JournalLine) {
    this.#path = path;
    this.#identity = identity;
    this.#redact = redact;
  }

  /**
   * Records an edit before its request.
   * @throws PolicyError where the line could not be written: the edit must then not be sent
   */
  begin(intent: Intent): RecordResult {
    const writeId = randomUUID();
    try {
      this.#append({ time: new Date().toISOString(), writeId, event: "intent", ...this.#identity, ...intent });
    } catch (error) {
      throw new PolicyError(
        `The journal of edits cannot be written (${describeFileError(error)}), so no edit was sent.`,
        "An operator must let the user who runs the server own and write the file of TENCENT_CHAT_JOURNAL, or unset the setting to work without a journal, and restart the server.",
      );
    }
    const { tool, channel } = intent;
    return (result) => {
      try {
        this.#append({ time: new Date().toISOString(), writeId, event: "outcome", tool, channel, ...result });
        return undefined;
      } catch (error) {
        return `The outcome could not be added to the journal (${describeFileError(error)}); its intent is recorded there.`;
      }
    };
  }

  /** Opens the file, and creates it where it is missing. Returns what keeps it from being written, or undefined. */
  prepareFile(): string | undefined {
    if (this.#path === undefined) return undefined;
    try {
      closeSync(open(this.#path));
      return undefined;
    } catch (error) {
      return describeFileError(error);
    }
  }

  #append(line: JournalLine): void {
    if (this.#path === undefined) return;
    const file = open(this.#path);
    try {
      // One write for each record, so that records of several processes stay whole. It begins with a line break: what a
      // full disk or a crash left without one cannot swallow it.
      const bytes = Buffer.from(`\n${JSON.stringify(this.#redact(line))}`);
      if (writeSync(file, bytes) < bytes.length) throw new Error("only a part of the record was written");
    } finally {
      closeSync(file);
    }
  }
}

const START_BYTES = 64;

/** True for the beginning of an empty file, and of a first record; a full disk may have torn that after its first key. */
function isJournalStart(text: string): boolean {
  const [first = ""] = text.replace(/^[\r\n]+/, "").split("\n");
  const expected = `{"time":"${"?".repeat(24)}","writeId":"`;
  const isSame = [...first].every((letter, at) => letter === (expected[at] ?? letter) || expected[at] === "?");
  return first === "" || (first.length >= '{"time":"'.length && isSame);
}

/** Opens a journal for appending. Follows no link, does not block on a FIFO, and changes no file that is something else. */
function open(path: string): number {
  const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error("not a regular file");
    const start = Buffer.alloc(START_BYTES);
    const length = readSync(file, start, 0, start.length, 0);
    if (!isJournalStart(start.toString("latin1", 0, length))) throw new Error("it holds something else than a journal");
    if ((stats.mode & 0o7777) !== 0o600) fchmodSync(file, 0o600);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** One edit in the journal; without a result its process stopped before the outcome was known. */
export interface RecordedEdit {
  readonly time: string;
  readonly intent: Partial<JournalIdentity> & Intent;
  readonly result: Result | undefined;
}

/**
 * Reads a journal, oldest edit first (files may have been joined), and counts the lines that cannot be read.
 * @throws the file system's error where the file cannot be read
 */
export function readJournal(path: string): { edits: RecordedEdit[]; unreadable: number } {
  const texts = readFile(path)
    .split("\n")
    .filter((text) => text.trim() !== "");
  const lines = texts.flatMap(readLine);
  const results = new Map(lines.flatMap((line) => (line.event === "outcome" ? [[line.writeId, line] as const] : [])));
  const edits = lines
    .flatMap((line) =>
      line.event === "intent" ? [{ time: line.time, intent: line, result: results.get(line.writeId) }] : [],
    )
    .sort((one, other) => (one.time < other.time ? -1 : Number(one.time > other.time)));
  return { edits, unreadable: texts.length - lines.length };
}

/** Reads a regular file: follows no link, and does not block on a FIFO. */
function readFile(path: string): string {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw Object.assign(new Error("not a regular file"), { code: "not a regular file" });
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** The call that takes an edit back; undefined where it did not take effect. */
export function undoOfRecorded({ intent, result }: RecordedEdit): NextCall | undefined {
  if (!result) return intent.undo;
  return result.outcome !== "notSent" && mayHaveChanged(result.outcome) ? (result.undo ?? intent.undo) : undefined;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function readLine(text: string): JournalLine[] {
  try {
    const line: unknown = JSON.parse(text);
    return isJournalLine(line) ? [line] : [];
  } catch {
    return [];
  }
}

/** True if a line holds what a listing needs. */
function isJournalLine(line: unknown): line is JournalLine {
  if (!isRecord(line) || (line.undo !== undefined && !(isRecord(line.undo) && isRecord(line.undo.arguments))))
    return false;
  if (typeof line.time !== "string" || !TIME.test(line.time)) return false;
  if (line.changes !== undefined && !(Array.isArray(line.changes) && line.changes.every(isRecord))) return false;
  if (line.event === "outcome") return line.warnings === undefined || Array.isArray(line.warnings);
  return (
    line.event === "intent" && typeof line.tool === "string" && /^\w+$/.test(line.tool) && Array.isArray(line.changes)
  );
}
