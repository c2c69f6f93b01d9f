import { isDeepStrictEqual } from "node:util";
import type { NextCall } from "../channel/receipt.ts";
import { escapeHidden, visibleJson } from "../channel/text.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { type RecordedEdit, readJournal, undoOfRecorded } from "../guard/journal.ts";
import { describeFileError, tildeRemark } from "../settings/env-reader.ts";

/**
 * Prints every edit in the journal, newest last, with the undo of those that took effect or may have.
 * @returns false where the journal, or a line of it, could not be read
 */
export function listJournal(path: string | undefined, asJson: boolean, print: (text: string) => void): boolean {
  const fail = (problem: string) => {
    print(asJson ? JSON.stringify({ edits: [], problem }) : `✗ ${problem}`);
    return false;
  };
  if (!path) return fail("There is no journal: set TENCENT_CHAT_JOURNAL to a file.");
  let journal: ReturnType<typeof readJournal>;
  try {
    journal = readJournal(path);
  } catch (error) {
    return fail(`The journal ${path} cannot be read (${describeFileError(error)})${tildeRemark(path)}.`);
  }
  const { edits, unreadable } = journal;
  const linked = linkEdits(edits);
  if (asJson) print(JSON.stringify({ edits: linked.map(toJson), unreadable }));
  else if (edits.length === 0) print("The journal holds no edits.");
  else for (const edit of linked) printEdit(edit, print);
  if (unreadable > 0 && !asJson) print(`✗ ${unreadable} of its lines cannot be read.`);
  return unreadable === 0;
}

/** An edit, and the times of the edits that belong to it: the undo of it, and the one of which it is the undo. */
interface LinkedEdit extends RecordedEdit {
  readonly takenBackBy: string | undefined;
  readonly takesBack: string | undefined;
  /** The call that takes it back; undefined where that was done, or where the edit itself took back another. */
  readonly undo: NextCall | undefined;
}

function linkEdits(edits: readonly RecordedEdit[]): LinkedEdit[] {
  /** By the undo, the edit that it took back. */
  const undone = new Map<RecordedEdit, RecordedEdit>();
  for (const [index, edit] of edits.entries()) {
    if (undone.has(edit)) continue; // who makes such an edit again makes a new one
    const undo = findUndoOf(
      edit,
      edits.slice(index + 1).filter((later) => !undone.has(later)),
    );
    if (undo) undone.set(undo, edit);
  }
  return edits.map((edit) => {
    const takenBackBy = edits.find((each) => undone.get(each) === edit)?.time;
    const takesBack = undone.get(edit)?.time;
    const undo = takenBackBy === undefined && takesBack === undefined ? undoOfRecorded(edit) : undefined;
    return { ...edit, takenBackBy, takesBack, undo };
  });
}

/** An edit as JSON, with the one undo that makes sense instead of those in the two lines of the file. */
function toJson({ intent: { undo: _, ...intent }, result, ...edit }: LinkedEdit): object {
  const { undo: __, ...ended } = result ?? {};
  return { ...edit, intent, ...(result && { result: ended }) };
}

/** The later edit that made the call which takes this one back; undefined where none did. */
function findUndoOf(edit: RecordedEdit, later: readonly RecordedEdit[]): RecordedEdit | undefined {
  const undo = undoOfRecorded(edit);
  if (!undo) return undefined;
  const { Official_Account: channel, ...restored } = undo.arguments;
  const written = Object.fromEntries(
    (edit.result?.changes ?? edit.intent.changes).map(({ field, after }) => [field, after]),
  );
  return later.find(({ intent, result }) => {
    const isOfSameChannel = intent.sdkAppId === edit.intent.sdkAppId && intent.channel === channel;
    if (!isOfSameChannel || intent.subscriber !== undefined || result?.outcome !== "applied") return false;
    // It found what this edit had written: otherwise it took back another one that came in between.
    const found = intent.changes.every(
      ({ field, before }) => before === undefined || written[field] === undefined || before === written[field],
    );
    const sent = Object.fromEntries(intent.changes.map(({ field, after }) => [field, after]));
    return found && isDeepStrictEqual(sent, restored);
  });
}

function printEdit(edit: LinkedEdit, print: (text: string) => void): void {
  const { time, intent, result, takenBackBy, takesBack, undo } = edit;
  const outcome = result
    ? `${result.outcome}${result.code ? ` (${result.code})` : ""}${result.cancelled ? ", cancelled" : ""}`
    : `no outcome recorded: the edit is still running, or process ${intent.pid} stopped; read the channel first`;
  const number = intent.sdkAppId === SANDBOX_SDKAPPID ? "sandbox" : `application ${intent.sdkAppId}`;
  const application = intent.label === undefined ? number : `${visibleJson(intent.label)} (${number})`;
  const subscriber = intent.subscriber ? ` subscriber ${visibleJson(intent.subscriber)}` : "";
  const by = [
    `client ${visibleJson(intent.client)}`,
    ...(intent.osUser ? [`user ${visibleJson(intent.osUser)} on ${visibleJson(intent.host ?? "")}`] : []),
    ...(intent.admin ? [`admin ${visibleJson(intent.admin)}`] : []),
    ...(intent.confirmed ? ["confirmed"] : []),
  ].join(", ");
  print(`${time}  ${application}  ${intent.tool}  ${visibleJson(intent.channel)}${subscriber}  by ${by}  ${outcome}`);
  for (const { field, before, after } of intent.changes) {
    print(`    ${field}: ${before === undefined ? "(not readable)" : visibleJson(before)} → ${visibleJson(after)}`);
  }
  for (const warning of result?.warnings ?? []) print(`    warning: ${escapeHidden(warning)}`);
  if (takesBack) print(`    takes back the edit of ${takesBack}`);
  if (takenBackBy) print(`    taken back by the edit of ${takenBackBy}`);
  if (undo) print(`    undo: ${undo.tool} ${visibleJson(undo.arguments)}`);
}
