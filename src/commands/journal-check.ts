import { CHANNEL_FIELDS, type WritableFieldName } from "../channel/fields.ts";
import { mayHaveChanged, type Outcome } from "../edits/outcome.ts";
import { explanationOf } from "../explanations/explain.ts";
import { escapeHidden, plural, shortValue } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import { isSelected, type JournalSelection, linkEdits, readEdits } from "./journal-links.ts";
import { readChannels } from "./read-channels.ts";

/** Finds what somebody else changed since our last edit: the Chat console is a second editor. */

/** What our last edit of a field left. */
interface Left {
  readonly value: string | number;
  readonly time: string;
}

/**
 * Reads every channel of the selection and prints the fields that are no longer what our last edit left.
 * @returns true if there are none
 * @throws the file system's error where the journal cannot be read
 */
export async function checkChannels(
  path: string,
  selection: JournalSelection,
  context: ToolContext,
  print: (text: string) => void,
): Promise<boolean> {
  const { left, unreadable, open } = await valuesLeft(path, selection, context.sdkAppId);
  const ids = [...left.keys()];
  let differences = 0;
  let unread = 0;
  for await (const { id, info, failure } of readChannels(context, ids)) {
    if (failure) {
      unread += 1;
      const { cause } = explanationOf(failure, { sdkAppId: context.sdkAppId, channelIds: [id], attempts: 1 });
      print(`✗ ${escapeHidden(id)} could not be read: ${cause}`);
      continue;
    }
    for (const [field, { value, time }] of left.get(id) ?? []) {
      const now = info[field as WritableFieldName];
      if (now === undefined || now === value) continue;
      differences += 1;
      const shown = [value, now].map((each) => shortValue(each));
      print(escapeHidden(`${id}  ${field}: our edit of ${time} left ${shown[0]}, now ${shown[1]}`));
    }
  }
  const checked = plural(ids.length - unread, "channel");
  print(
    differences === 0
      ? `✓ ${checked} checked: nothing differs.`
      : `✗ ${checked} checked: ${plural(differences, "field")} changed since.`,
  );
  if (open > 0) print(`✗ ${plural(open, "edit")} without a known outcome: not compared.`);
  if (unreadable > 0) print(`✗ ${plural(unreadable, "line")} of the file cannot be read.`);
  return differences + unread + open + unreadable === 0;
}

/** By channel and field, the value that our last edit left there. */
async function valuesLeft(path: string, selection: JournalSelection, sdkAppId: number) {
  const left = new Map<string, Map<string, Left>>();
  const readable = CHANNEL_FIELDS.map(({ name }) => name as string);
  let [unreadable, open] = [0, 0];
  for await (const edit of readEdits(path, await linkEdits(path))) {
    if (!edit) unreadable += 1;
    if (!edit || edit.intent.subscriber !== undefined || edit.intent.sdkAppId !== sdkAppId) continue;
    if (!isSelected(edit, selection)) continue;
    if (!edit.result || edit.result.outcome === "unknown") open += 1;
    const fields = left.get(edit.intent.channel) ?? new Map<string, Left>();
    left.set(edit.intent.channel, fields);
    const changes = edit.result ? (edit.result.changes ?? []) : edit.intent.changes;
    for (const { field, after, verdict } of changes) {
      if (verdict === "applied" && readable.includes(field))
        fields.set(field, { value: after, time: edit.intent.time });
      // An edit that could not be verified may have left another value.
      else if (!edit.result || mayHaveChanged(edit.result.outcome as Outcome)) fields.delete(field);
    }
  }
  return { left, unreadable, open };
}
