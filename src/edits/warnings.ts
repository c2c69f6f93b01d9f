import { COMMANDS } from "../channel/commands.ts";
import { type ChannelInfo, isLimit, type WritableFieldName } from "../channel/fields.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { formatCount, hiddenCharacters, plural, shortValue } from "../text/text.ts";
import { fieldsOf } from "./outcome.ts";
import { type ChannelEdit, changedLimit, type NextCall, type SecretRedactor } from "./undo.ts";

/** What a person should know about one edit, although the service accepts it. Nothing here applies to every edit. */

/** By field, the values that reads after an edit showed and that are neither the old nor the new one. */
export type Conflicts = ReadonlyMap<WritableFieldName, ReadonlySet<string | number>>;

/** One warning that reads after the edit showed a third value. */
export function conflictWarnings(conflicts: Conflicts, secrets: SecretRedactor, undo: NextCall | undefined): string[] {
  if (conflicts.size === 0) return [];
  const shown = [...conflicts].map(
    ([name, values]) =>
      `${secrets
        .redactDeep([...values])
        .map((each) => shortValue(each))
        .join(" and ")} in ${name}`,
  );
  const isOverwritten = undo !== undefined && [...conflicts.keys()].some((name) => name in undo.arguments);
  const advice = isOverwritten ? " Read the channel before you call undo, which may overwrite that." : "";
  return [
    `Reads after the edit showed ${shown.join(", ")}, neither the old value nor the requested one: the service changed the text, or somebody else edits this channel.${advice}`,
  ];
}

/** The warnings that the values of an edit call for. */
export function valueWarnings(edit: ChannelEdit): string[] {
  const { desired, before } = edit;
  const warnings: string[] = [];
  for (const name of fieldsOf(desired)) {
    const value = desired[name];
    if (typeof value !== "string") continue;
    if (value !== "" && value.trim() === "") warnings.push(`${name} holds nothing but whitespace.`);
    if (value.includes("\ufffd")) warnings.push(`${name} holds U+FFFD: its text was damaged on the way.`);
    warnings.push(...hiddenTextWarnings(name, value));
    const old = before[name];
    if (typeof old === "string") warnings.push(...hiddenTextWarnings(`${name} before the edit`, old));
  }
  if (desired.FaceUrl && !/^https?:\/\//i.test(desired.FaceUrl)) {
    warnings.push("FaceUrl is not an http or https address, so apps may show no avatar.");
  }
  warnings.push(...jsonWarnings(desired.CustomString, before.CustomString), ...limitWarnings(edit));
  return warnings;
}

/** That MaxSubscriberNum changed although the edit did not name it. */
export function changedLimitWarnings(edit: ChannelEdit, after: ChannelInfo | undefined): string[] {
  const changed = changedLimit(edit, after);
  if (!changed) return [];
  const call: NextCall = {
    tool: COMMANDS.modifyChannel,
    arguments: { Official_Account: edit.id, MaxSubscriberNum: changed.before },
  };
  const repair = isLimit(changed.before)
    ? `To put it back, call ${call.tool} ${JSON.stringify(call.arguments)}.`
    : "These tools cannot send the value it had: tell the person.";
  return [
    `MaxSubscriberNum changed from ${formatCount(changed.before)} to ${formatCount(changed.after)} although this edit did not name it: the service or somebody else changed it. ${repair}`,
  ];
}

function limitWarnings({ desired, before }: ChannelEdit): string[] {
  const subscribers = before.SubscriberNum ?? 0;
  const limit = desired.MaxSubscriberNum;
  if (limit === undefined || limit >= subscribers) return [];
  return [`MaxSubscriberNum ${formatCount(limit)} is below the current ${plural(subscribers, "subscriber")}.`];
}

/** A warning that a value holds characters that cannot be seen. */
export function hiddenTextWarnings(what: string, value: string): string[] {
  const hidden = hiddenCharacters(value);
  if (hidden.length === 0) return [];
  return [`${what} holds invisible or direction-changing characters (${hidden.slice(0, 10).join(", ")}).`];
}

/** Maximum lost keys that a warning names. */
const MAX_LOST_KEYS = 20;

function jsonWarnings(after: string | undefined, before: string | undefined): string[] {
  const old = parseObject(before);
  if (after === undefined || after === "" || old === undefined) return [];
  const now = parseObject(after);
  if (now === undefined) return ["CustomString was a JSON object, and the new value is not."];
  const lost = Object.keys(old).filter((key) => !Object.hasOwn(now, key));
  if (lost.length === 0) return [];
  const shown = lost.slice(0, MAX_LOST_KEYS).map((key) => shortValue(key));
  const more = lost.length > shown.length ? ` and ${formatCount(lost.length - shown.length)} more` : "";
  return [
    `The new CustomString lacks the ${lost.length === 1 ? "key" : "keys"} ${shown.join(", ")}${more} of the old one.`,
  ];
}

function parseObject(text = ""): object | undefined {
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}
