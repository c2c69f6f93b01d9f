import { randomUUID } from "node:crypto";
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { describeFileError } from "../text/file-error.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { readLines } from "../text/lines.ts";
import { PolicyError } from "./policy.ts";

/** The record of edits: one JSON line before each edit and one after it. */

export interface JournalIdentity {
  /** The application; 1 is the sandbox's. */
  readonly sdkAppId: number;
  readonly label?: string | undefined;
  readonly admin: string;
  readonly osUser: string;
  readonly host: string;
  readonly pid: number;
}

export interface RecordedChange {
  readonly field: string;
  readonly before?: string | number;
  readonly after: string | number;
  readonly verdict?: string;
}

export interface RecordedCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export interface Intent {
  readonly tool: string;
  readonly channel: string;
  readonly subscriber?: string | undefined;
  /** The MCP client's name, as it gave it. */
  readonly client: string;
  /** True if the client reported a person's yes. */
  readonly confirmed: boolean;
  readonly changes: readonly RecordedChange[];
  /** The call that takes the edit back, if it is applied. */
  readonly undo?: RecordedCall | undefined;
}

interface RecordedResult {
  /** The outcome of the receipt, or `notSent`. */
  readonly outcome: string;
  readonly code?: number | undefined;
  /** True if the client no longer wanted the answer, or the server was stopping. */
  readonly cancelled?: true | undefined;
  readonly changes?: readonly RecordedChange[] | undefined;
  /** The call that takes the edit back; missing where it had no effect. */
  readonly undo?: RecordedCall | undefined;
  readonly warnings?: readonly string[] | undefined;
}

interface LineStart {
  readonly time: string;
  /** The same in the intent and the outcome of an edit. */
  readonly writeId: string;
}
export type IntentLine = LineStart & { readonly event: "intent" } & Partial<JournalIdentity> & Intent;
export type OutcomeLine = LineStart & { readonly event: "outcome" } & Partial<JournalIdentity> &
  Pick<Intent, "tool" | "channel" | "subscriber"> &
  RecordedResult;
export type JournalLine = IntentLine | OutcomeLine;

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
  begin(intent: Intent) {
    const writeId = randomUUID();
    const start = () => ({ time: new Date().toISOString(), writeId });
    try {
      this.#append({ ...start(), event: "intent", ...this.#identity, ...intent });
    } catch (error) {
      throw new PolicyError(
        `The journal of edits cannot be written (${describeFileError(error)}), so no edit was sent.`,
        "An operator must let the user who runs the server write the file of TENCENT_CHAT_JOURNAL, or unset the setting to work without a journal, and restart the MCP host.",
      );
    }
    const { tool, channel, subscriber } = intent;
    return {
      writeId,
      /** Records how it ended. Returns a warning where the line could not be written. */
      end: (result: RecordedResult): string | undefined => {
        try {
          const { sdkAppId, label } = this.#identity;
          const about = { sdkAppId, label, tool, channel, subscriber };
          this.#append({ ...start(), event: "outcome", ...about, ...result });
          return undefined;
        } catch (error) {
          return `The outcome could not be added to the journal (${describeFileError(error)}); its intent is recorded there.`;
        }
      },
    };
  }

  /** The arguments of every undo that is recorded for this application. Nothing where the file cannot be read. */
  async *undos(): AsyncGenerator<object> {
    if (this.#path === undefined) return;
    try {
      for await (const line of readJournal(this.#path)) {
        if (line?.undo && line.sdkAppId === this.#identity.sdkAppId) yield line.undo.arguments;
      }
    } catch {
      // Without a journal no undo is known.
    }
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

/** The beginning of a journal's first record. */
const FIRST_RECORD = /^[\r\n]*\{"time":"[^"]{24}","writeId":"[0-9a-f-]{36}","event":"(intent|outcome)"/;
const START_BYTES = 256;

/** Opens a journal for appending. Follows no link, does not block on a FIFO, and changes no file that is something else. */
function open(path: string): number {
  const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    if (!fstatSync(file).isFile()) throw new Error("not a regular file");
    const start = Buffer.alloc(START_BYTES);
    const text = start.toString("latin1", 0, readSync(file, start, 0, start.length, 0));
    if (text.trim() !== "" && !FIRST_RECORD.test(text)) throw new Error("it holds something else than a journal");
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Reads the lines of a journal in the file's order; undefined stands for one that cannot be read.
 * @throws the file system's error where the file cannot be read
 */
export async function* readJournal(path: string): AsyncGenerator<JournalLine | undefined> {
  if (!statSync(path).isFile()) throw new Error("not a regular file"); // a FIFO would block
  for await (const text of readLines(createReadStream(path))) {
    if (text.trim() === "") continue;
    const line = parseJson(text);
    yield isJournalLine(line) ? line : undefined;
  }
}

/** One edit in a journal; without an outcome its process stopped, or the edit still runs. */
export interface RecordedEdit {
  readonly intent: IntentLine;
  readonly result: OutcomeLine | undefined;
}

/**
 * Reads the edits of a journal in the order in which they ended, whatever the clock says; those without an outcome stand
 * where they began. Undefined stands for a line that cannot be read.
 * @throws the file system's error where the file cannot be read
 */
export async function* readEdits(path: string): AsyncGenerator<RecordedEdit | undefined> {
  const unended = new Set<string>();
  for await (const line of readJournal(path)) {
    if (line?.event === "intent") unended.add(line.writeId);
    else if (line) unended.delete(line.writeId);
  }
  const running = new Map<string, IntentLine>();
  for await (const line of readJournal(path)) {
    if (!line) yield undefined;
    else if (line.event === "intent" && unended.has(line.writeId)) yield { intent: line, result: undefined };
    else if (line.event === "intent") running.set(line.writeId, line);
    else {
      const intent = running.get(line.writeId);
      running.delete(line.writeId);
      if (intent) yield { intent, result: line };
    }
  }
  for (const intent of running.values()) yield { intent, result: undefined }; // begun meanwhile
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** True if a line holds what a listing needs. */
function isJournalLine(line: unknown): line is JournalLine {
  if (!isRecord(line) || typeof line.time !== "string" || !TIME.test(line.time)) return false;
  const { event, tool, writeId, changes = [], warnings = [], undo = { arguments: {} } } = line;
  if (typeof writeId !== "string" || typeof tool !== "string" || !/^\w+$/.test(tool)) return false;
  if (!isRecord(undo) || !isRecord(undo.arguments)) return false;
  if (!Array.isArray(changes) || !changes.every(isRecord) || !Array.isArray(warnings)) return false;
  return event === "outcome" || (event === "intent" && line.changes !== undefined);
}
