import { visibleJson } from "../channel/text.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
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
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    return fail(`The journal ${path} cannot be read (${code})${tildeRemark(path)}.`);
  }
  const { edits, unreadable } = journal;
  if (asJson) print(JSON.stringify(journal));
  else if (edits.length === 0) print("The journal holds no edits.");
  else for (const edit of edits) printEdit(edit, print);
  if (unreadable > 0 && !asJson) print(`✗ ${unreadable} of its lines cannot be read.`);
  return unreadable === 0;
}

function printEdit(edit: RecordedEdit, print: (text: string) => void): void {
  const { time, intent, result } = edit;
  const outcome = result
    ? `${result.outcome}${result.code ? ` (${result.code})` : ""}${result.cancelled ? ", cancelled" : ""}`
    : "unknown: the process stopped before the outcome was known";
  const application = intent.sdkAppId === SANDBOX_SDKAPPID ? "sandbox" : `application ${intent.sdkAppId}`;
  const subscriber = intent.subscriber ? ` subscriber ${visibleJson(intent.subscriber)}` : "";
  const by = [`client ${visibleJson(intent.client)}`, intent.osUser && `user ${visibleJson(intent.osUser)}`];
  print(
    `${time}  ${application}  ${intent.tool}  ${visibleJson(intent.channel)}${subscriber}  by ${by.filter(Boolean).join(", ")}${intent.confirmed ? ", confirmed" : ""}  ${outcome}`,
  );
  for (const { field, before, after } of intent.changes) {
    print(`    ${field}: ${before === undefined ? "(not readable)" : visibleJson(before)} → ${visibleJson(after)}`);
  }
  const undo = undoOfRecorded(edit);
  if (undo) print(`    undo: ${undo.tool} ${visibleJson(undo.arguments)}`);
}
