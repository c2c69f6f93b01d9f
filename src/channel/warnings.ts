import { type ChannelInfo, type ChannelValues, DEFAULT_MAX_SUBSCRIBERS } from "./fields.ts";
import { fieldsOf } from "./outcome.ts";
import { changedLimit, isLimit, type NextCall } from "./receipt.ts";
import { formatCount, hiddenCharacters, plural, shortValue } from "./text.ts";

/** What a person should know about one edit, although the service accepts it. Nothing here applies to every edit. */

/**
 * The warnings that the values of an edit call for.
 * @param edit.seen the channel as last read after the edit; undefined before it, and where it could not be read
 */
export function valueWarnings(edit: {
  tool: string;
  channel: string;
  wanted: ChannelValues;
  before: ChannelInfo;
  seen?: ChannelInfo | undefined;
}): string[] {
  const { wanted, before } = edit;
  const warnings: string[] = [];
  for (const name of fieldsOf(wanted)) {
    const value = wanted[name];
    if (typeof value !== "string") continue;
    if (value === "" && before[name] !== "") warnings.push(`${name} is emptied.`);
    const hidden = hiddenCharacters(value);
    if (hidden.length > 0) warnings.push(hiddenTextWarning(name, hidden));
  }
  if (wanted.FaceUrl && !/^https?:\/\//i.test(wanted.FaceUrl)) {
    warnings.push("FaceUrl is not an http or https address, so apps may show no avatar.");
  }
  warnings.push(...jsonWarnings(wanted.CustomString, before.CustomString));
  warnings.push(...(changedLimitWarnings(edit) ?? limitWarnings(edit)));
  return warnings;
}

/** That MaxSubscriberNum changed although the edit did not name it; undefined where it did not. */
export function changedLimitWarnings(edit: Parameters<typeof valueWarnings>[0]): string[] | undefined {
  const changed = changedLimit(edit);
  if (!changed) return undefined;
  const { tool, channel } = edit;
  const call: NextCall = { tool, arguments: { Official_Account: channel, MaxSubscriberNum: changed.before } };
  const repair = isLimit(changed.before)
    ? `To put it back, call ${tool} ${JSON.stringify(call.arguments)}.`
    : "These tools cannot send the value it had: tell the person.";
  return [
    `MaxSubscriberNum changed from ${formatCount(changed.before)} to ${formatCount(changed.after)} although this edit did not name it: the service or somebody else changed it. ${repair}`,
  ];
}

function limitWarnings(edit: Parameters<typeof valueWarnings>[0]): string[] {
  const { wanted, before } = edit;
  const subscribers = before.SubscriberNum ?? 0;
  const limit = wanted.MaxSubscriberNum;
  if (limit !== undefined && limit < subscribers) {
    return [`MaxSubscriberNum ${formatCount(limit)} is below the current ${plural(subscribers, "subscriber")}.`];
  }
  const isUnknown = limit === undefined && before.MaxSubscriberNum === undefined;
  if (!isUnknown || subscribers <= DEFAULT_MAX_SUBSCRIBERS) return [];
  return [
    `This channel has more than ${formatCount(DEFAULT_MAX_SUBSCRIBERS)} subscribers, so its limit was raised once; the documentation does not say whether an edit without MaxSubscriberNum keeps that. Tell the person; if people can no longer subscribe, ask for a limit and set MaxSubscriberNum to it.`,
  ];
}

/** The warning that an edit publishes characters that cannot be seen. */
export function hiddenTextWarning(name: string, hidden: readonly string[]): string {
  return `${name} holds invisible or direction-changing characters (${hidden.slice(0, 10).join(", ")}); they are sent as given.`;
}

/** So many lost keys are named. */
const MAX_LOST_KEYS = 20;

function jsonWarnings(after: string | undefined, before: string | undefined): string[] {
  const old = parseObject(before);
  if (after === undefined || after === "" || old === undefined) return [];
  const now = parseObject(after);
  if (now === undefined) return ["CustomString was JSON and is not JSON any more."];
  const lost = Object.keys(old).filter((key) => !Object.hasOwn(now, key));
  if (lost.length === 0) return [];
  const shown = lost.slice(0, MAX_LOST_KEYS).map((key) => shortValue(key));
  const more = lost.length > shown.length ? ` and ${formatCount(lost.length - shown.length)} more` : "";
  return [`CustomString was JSON and loses the ${lost.length === 1 ? "key" : "keys"} ${shown.join(", ")}${more}.`];
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
