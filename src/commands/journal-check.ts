import { CHANNEL_FIELDS, type WritableFieldName } from "../channel/fields.ts";
import { mayHaveChanged, type Outcome } from "../edits/outcome.ts";
import { explanationOf } from "../explanations/explain.ts";
import { escapeHidden, plural, shortValue } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import { readChannels } from "./read-channels.ts";
import { type JournalSelection, visitEdits } from "./visit-edits.ts";

/** Finds what somebody else changed since our last edit: the Chat console is a second editor. */

interface Left {
  readonly value: string | number;
  readonly time: string;
}

/**
 * Reads every channel of the selection and prints the fields that are no longer what our last edit left.
 * @param tell takes what was not compared, in sentences
 * @returns true if nothing differs, and everything was compared
 */
export async function checkChannels(
  path: string,
  selection: JournalSelection,
  context: ToolContext,
  print: (text: string) => void,
  tell: (text: string) => void,
): Promise<boolean> {
  const { sdkAppId } = context;
  /** By channel and field. */
  const left = new Map<string, Map<string, Left>>();
  const readable = CHANNEL_FIELDS.map(({ name }) => name as string);
  const isWhole = await visitEdits(path, selection, tell, ({ intent, result }) => {
    if (intent.subscriber !== undefined || intent.sdkAppId !== sdkAppId) return;
    const fields = left.get(intent.channel) ?? new Map<string, Left>();
    left.set(intent.channel, fields);
    for (const { field, after, verdict } of result ? (result.changes ?? []) : intent.changes) {
      if (verdict === "applied" && readable.includes(field)) fields.set(field, { value: after, time: intent.time });
      // An edit that could not be verified may have left another value.
      else if (!result || mayHaveChanged(result.outcome as Outcome)) fields.delete(field);
    }
  });

  let differences = 0;
  let unread = 0;
  for await (const { id, info, failure } of readChannels(context, [...left.keys()])) {
    if (failure) {
      unread += 1;
      const { cause } = explanationOf(failure, { sdkAppId, channelIds: [id], attempts: 1 });
      print(`✗ ${escapeHidden(id)} could not be read: ${cause}`);
    }
    for (const [field, { value, time }] of left.get(id) ?? []) {
      const now = info[field as WritableFieldName];
      if (now === undefined || now === value) continue;
      differences += 1;
      print(escapeHidden(`${id}  ${field}: our edit of ${time} left ${shortValue(value)}, now ${shortValue(now)}`));
    }
  }
  const changed = differences === 0 ? "nothing differs" : `${plural(differences, "field")} changed since`;
  print(`${differences + unread === 0 ? "✓" : "✗"} ${plural(left.size - unread, "channel")} checked: ${changed}.`);
  return isWhole && differences + unread === 0;
}
