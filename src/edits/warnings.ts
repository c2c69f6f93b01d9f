import type { ChannelInfo, WritableFieldName } from "../channel/fields.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { formatCount, hiddenCharacters, plural, shortValue } from "../text/text.ts";
import { fieldsOf } from "./outcome.ts";
import type { ChannelEdit } from "./undo.ts";

/** What a person should know about one edit, although the service accepts it. Nothing here applies to every edit. */

/** By field, the values that reads after an edit showed and that are neither the old nor the new one. */
export type Conflicts = ReadonlyMap<WritableFieldName, ReadonlySet<string | number>>;

export function conflictWarnings(conflicts: Conflicts): string[] {
  if (conflicts.size === 0) return [];
  const shown = [...conflicts].map(
    ([name, values]) => `${[...values].map((each) => shortValue(each)).join(" and ")} in ${name}`,
  );
  return [
    `Reads after the edit showed ${shown.join(", ")}, neither the old value nor the requested one: the service changed the text, or somebody else edits this channel. Read the channel before anything else is sent to it, an undo too.`,
  ];
}

export function valueWarnings({ desired, before }: Pick<ChannelEdit, "desired" | "before">): string[] {
  const { FaceUrl, CustomString, MaxSubscriberNum: limit } = desired;
  const warnings = fieldsOf(desired).flatMap((name) => textWarnings(name, desired[name]));
  if (FaceUrl && !/^https?:\/\//i.test(FaceUrl)) {
    warnings.push("FaceUrl is not an http or https address, so apps may show no avatar.");
  }
  warnings.push(...jsonWarnings(CustomString, before.CustomString));
  const subscribers = before.SubscriberNum ?? 0;
  if (limit !== undefined && limit < subscribers) {
    warnings.push(`MaxSubscriberNum ${formatCount(limit)} is below the current ${plural(subscribers, "subscriber")}.`);
  }
  return warnings;
}

export function changedLimitWarnings(
  { desired, before }: Pick<ChannelEdit, "desired" | "before">,
  after: ChannelInfo | undefined,
): string[] {
  const [old, now] = [before.MaxSubscriberNum, after?.MaxSubscriberNum];
  if (desired.MaxSubscriberNum !== undefined || old === undefined || now === undefined || old === now) return [];
  return [
    `MaxSubscriberNum changed from ${formatCount(old)} to ${formatCount(now)} although this edit did not name it: the service or somebody else changed it. To put it back, send MaxSubscriberNum ${old}.`,
  ];
}

export function textWarnings(name: string, value: string | number | undefined): string[] {
  if (typeof value !== "string") return [];
  const hidden = hiddenCharacters(value).slice(0, 10).join(", ");
  return [
    ...(value !== "" && value.trim() === "" ? [`${name} holds nothing but whitespace.`] : []),
    ...(value.includes("\ufffd") ? [`${name} holds U+FFFD: its text was damaged on the way.`] : []),
    ...(hidden === "" ? [] : [`${name} holds invisible or direction-changing characters (${hidden}).`]),
  ];
}

function jsonWarnings(after: string | undefined, before: string | undefined): string[] {
  const [old, now] = [before, after].map((text) => parseJson(text ?? ""));
  if (!after || !isRecord(old)) return [];
  if (!isRecord(now)) return ["CustomString was a JSON object, and the new value is not."];
  const lost = Object.keys(old).filter((key) => !Object.hasOwn(now, key));
  if (lost.length === 0) return [];
  return [`The new CustomString lacks these keys of the old one: ${shortValue(lost.join(", "), 300)}.`];
}
