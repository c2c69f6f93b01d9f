import { type RecordedEdit, readEdits } from "../guard/journal.ts";
import { describeFileError } from "../text/file-error.ts";
import { plural } from "../text/text.ts";

export interface JournalSelection {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly outcome?: string | undefined;
  readonly channel?: string | undefined;
}

/**
 * Visits the selected edits.
 * @param tell takes what needs a look, in sentences
 * @returns false where the journal or a line of it could not be read, or an edit has an unknown or no outcome
 */
export async function visitEdits(
  path: string,
  selection: JournalSelection,
  tell: (text: string) => void,
  visit: (edit: RecordedEdit) => void,
): Promise<boolean> {
  let [visited, open, unreadable] = [0, 0, 0];
  try {
    for await (const edit of readEdits(path)) {
      if (!edit) unreadable += 1;
      if (!edit || !isSelected(edit, selection)) continue;
      visited += 1;
      if (!edit.result || edit.result.outcome === "unknown") open += 1;
      visit(edit);
    }
  } catch (error) {
    tell(`The journal ${path} cannot be read (${describeFileError(error)}).`);
    return false;
  }
  if (open > 0)
    tell(
      `${open} of ${plural(visited, "edit")} have no known outcome: read their channels; send edits of subscribers again.`,
    );
  if (unreadable > 0) tell(`${plural(unreadable, "line")} of the file cannot be read.`);
  return open === 0 && unreadable === 0;
}

function isSelected({ intent, result }: RecordedEdit, { since = 0, outcome, channel }: JournalSelection): boolean {
  if (Date.parse(intent.time) < since || (channel !== undefined && intent.channel !== channel)) return false;
  // An edit without an outcome is one whose outcome is not known.
  return outcome === undefined || (result?.outcome ?? "unknown") === outcome;
}
