import { isDeepStrictEqual } from "node:util";
import type { NextCall } from "../channel/receipt.ts";
import { escapeHidden, visibleJson } from "../channel/text.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { describeFileError } from "../file-error.ts";
import { type RecordedEdit, readJournal, undoOfRecorded } from "../guard/journal.ts";
import { tildeRemark } from "../settings/env-reader.ts";

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
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const remark = tildeRemark(path) || (isMissing ? ": nothing was recorded yet, or the path is wrong" : "");
    return fail(`The journal ${path} cannot be read (${describeFileError(error)})${remark}.`);
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
  /** By the edit that was taken back, its undo. One undo takes back an edit and its repetitions. */
  const undoneBy = new Map<RecordedEdit, RecordedEdit>();
  /** By the undo, the last edit that it took back. */
  const undoes = new Map<RecordedEdit, RecordedEdit>();
  for (const [index, edit] of edits.entries()) {
    const open = edits.slice(0, index).filter((earlier) => !undoneBy.has(earlier) && !undoes.has(earlier));
    for (const earlier of open.filter((each) => takesBack(edit, each))) {
      undoneBy.set(earlier, edit);
      undoes.set(edit, earlier);
    }
  }
  return edits.map((edit) => {
    const [undo, undone] = [undoneBy.get(edit), undoes.get(edit)];
    const isOpen = undo === undefined && undone === undefined;
    return {
      ...edit,
      takenBackBy: undo?.time,
      takesBack: undone?.time,
      undo: isOpen ? undoOfRecorded(edit) : undefined,
    };
  });
}

/** An edit as JSON, with the one undo that makes sense instead of those in the two lines of the file. */
function toJson({ intent: { undo: _, ...intent }, result, ...edit }: LinkedEdit): object {
  const { undo: __, ...ended } = result ?? {};
  return { ...edit, intent, ...(result && { result: ended }) };
}

/** True if a later edit made exactly the call that takes this one back, and it took effect. */
function takesBack({ intent, result }: RecordedEdit, earlier: RecordedEdit): boolean {
  const undo = undoOfRecorded(earlier);
  if (!undo || intent.subscriber !== undefined || result?.outcome !== "applied") return false;
  const { Official_Account: channel, ...restored } = undo.arguments;
  const written = Object.fromEntries(
    (earlier.result?.changes ?? earlier.intent.changes).map(({ field, after }) => [field, after]),
  );
  // It found what the earlier edit had written: otherwise it took back another one that came in between.
  const found = intent.changes.every(
    ({ field, before }) => before === undefined || written[field] === undefined || before === written[field],
  );
  const sent = Object.fromEntries(intent.changes.map(({ field, after }) => [field, after]));
  const isOfSameChannel = intent.sdkAppId === earlier.intent.sdkAppId && intent.channel === channel;
  return isOfSameChannel && found && isDeepStrictEqual(sent, restored);
}

function printEdit(edit: LinkedEdit, printLine: (text: string) => void): void {
  const print = (line: string) => printLine(escapeHidden(line)); // the file may have been changed by hand
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
  for (const warning of result?.warnings ?? []) print(`    warning: ${warning}`);
  if (takesBack) print(`    takes back the edit of ${takesBack}`);
  if (takenBackBy) print(`    taken back by the edit of ${takenBackBy}`);
  if (undo) print(`    undo: ${undo.tool} ${visibleJson(undo.arguments)}`);
}
