import {
  type IntentLine,
  type JournalLine,
  type OutcomeLine,
  type RecordedCall,
  readJournal,
} from "../guard/journal.ts";

/** Which edit of a journal took back which. Memory grows with the edits that have an undo, not with the file. */

/** What a listing needs to know before it prints the first edit. */
interface JournalLinks {
  /** By the write ID of an edit, when it was taken back. */
  readonly takenBackAt: ReadonlyMap<string, string>;
  /** By the write ID of an edit, when the edit was made that it took back. */
  readonly takesBack: ReadonlyMap<string, string>;
  /** Write IDs of edits without an outcome. */
  readonly unended: ReadonlySet<string>;
}

/** An edit that can be taken back. */
interface OpenEdit {
  readonly time: string;
  readonly written: Readonly<Record<string, string | number>>;
}

/**
 * Links the edits of a journal in the file's order: within one process that is the order in which they happened,
 * whatever the clock says.
 */
export async function linkEdits(path: string): Promise<JournalLinks> {
  const takenBackAt = new Map<string, string>();
  const takesBack = new Map<string, string>();
  const running = new Map<string, IntentLine>();
  /** By the values that take it back, the edits that can be. */
  const open = new Map<string, Map<string, OpenEdit>>();

  const close = (intent: IntentLine) => openFor(intent, intent.undo)?.delete(intent.writeId);
  const openFor = ({ sdkAppId }: IntentLine, undo: RecordedCall | undefined) => {
    if (!undo) return undefined;
    const key = JSON.stringify([sdkAppId, Object.entries(undo.arguments).sort()]);
    const edits = open.get(key) ?? new Map<string, OpenEdit>();
    open.set(key, edits);
    return edits;
  };
  for await (const line of readJournal(path)) {
    if (line?.event === "intent") {
      running.set(line.writeId, line);
      openFor(line, line.undo)?.set(line.writeId, { time: line.time, written: valuesOf(line) });
    }
    const intent = line && running.get(line.writeId);
    if (line?.event !== "outcome" || !intent) continue;
    running.delete(line.writeId);
    close(intent);
    if (line.outcome === "applied" && line.subscriber === undefined) {
      const undone = { tool: line.tool, arguments: { Official_Account: intent.channel, ...valuesOf(intent) } };
      const edits = openFor(intent, undone) ?? new Map<string, OpenEdit>();
      for (const [writeId, earlier] of edits) {
        if (!foundValues(intent, earlier)) continue;
        edits.delete(writeId);
        takenBackAt.set(writeId, intent.time);
        takesBack.set(intent.writeId, earlier.time);
      }
    }
    if (!takesBack.has(intent.writeId)) {
      openFor(intent, line.undo)?.set(intent.writeId, { time: intent.time, written: valuesOf(line) });
    }
  }
  return { takenBackAt, takesBack, unended: new Set(running.keys()) };
}

/** True if an edit found what the earlier one had written: otherwise it took back another one that came in between. */
function foundValues({ changes }: IntentLine, { written }: OpenEdit): boolean {
  return changes.every(
    ({ field, before }) => before === undefined || written[field] === undefined || before === written[field],
  );
}

function valuesOf({ changes }: Pick<IntentLine | OutcomeLine, "changes">): Record<string, string | number> {
  return Object.fromEntries((changes ?? []).map(({ field, after }) => [field, after]));
}

/** One edit in a journal; without an outcome its process stopped, or the edit still runs. */
export interface RecordedEdit {
  readonly intent: IntentLine;
  readonly result: OutcomeLine | undefined;
}

/** The edits of a journal in the order of their intents; undefined stands for a line that cannot be read. */
export async function* readEdits(path: string, { unended }: JournalLinks): AsyncGenerator<RecordedEdit | undefined> {
  /** Edits that wait for their outcome, or for an earlier one's. */
  const waiting = new Map<string, { intent: IntentLine; result: OutcomeLine | undefined }>();
  function* ready(isEnd: boolean): Generator<RecordedEdit> {
    for (const [writeId, edit] of waiting) {
      if (!isEnd && !edit.result && !unended.has(writeId)) return;
      waiting.delete(writeId);
      yield edit;
    }
  }
  for await (const line of readJournal(path)) {
    if (!line) yield undefined;
    else takeIn(line, waiting);
    yield* ready(false);
  }
  yield* ready(true);
}

function takeIn(
  line: JournalLine,
  waiting: Map<string, { intent: IntentLine; result: OutcomeLine | undefined }>,
): void {
  if (line.event === "intent") waiting.set(line.writeId, { intent: line, result: undefined });
  const edit = waiting.get(line.writeId);
  if (edit && line.event === "outcome") edit.result = line;
}

/** Which edits to list. */
export interface JournalSelection {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly outcome?: string | undefined;
  readonly channel?: string | undefined;
}

export function isSelected({ intent, result }: RecordedEdit, { since, outcome, channel }: JournalSelection): boolean {
  if (since !== undefined && Date.parse(intent.time) < since) return false;
  if (channel !== undefined && intent.channel !== channel) return false;
  // An edit without an outcome is one whose outcome is not known.
  return outcome === undefined || (result?.outcome ?? "unknown") === outcome;
}
