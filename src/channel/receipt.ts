import {
  CHANNEL_FIELDS,
  type ChannelFacts,
  type ChannelValues,
  type ReadableFieldName,
  type WritableFieldName,
} from "./fields.ts";
import { hiddenCharacters, shortValue } from "./text.ts";

/** What an edit did: field by field, for whom, and how to take it back. Pure: it only compares what was seen. */

export type Outcome = "applied" | "unchanged" | "notApplied" | "unknown";
/** differs: what was read back is another value. cannotBeReadBack: no tool, or no answer, shows it. */
type Verdict = "applied" | "unchanged" | "differs" | "cannotBeReadBack";

/** One field of an edit. before and after are as read; after is as sent where it cannot be read back. */
export interface Change {
  readonly field: string;
  readonly before?: string | number;
  readonly after: string | number;
  readonly verdict: Verdict;
}

/** The exact call that puts old values back. */
export interface NextCall {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
}

export interface Receipt {
  readonly outcome: Outcome;
  readonly summary: string;
  readonly changes: readonly Change[];
  readonly undo?: NextCall;
  readonly warnings: readonly string[];
}

/** The fields that an edit names, in the order of the table. */
function fieldsNamed(wanted: ChannelValues): WritableFieldName[] {
  return CHANNEL_FIELDS.flatMap((field) => (field.writable && wanted[field.name] !== undefined ? [field.name] : []));
}

function isReadable(name: WritableFieldName): name is WritableFieldName & ReadableFieldName {
  return CHANNEL_FIELDS.some((field) => field.name === name && field.readable);
}

/** True if every wanted value can be read and stands already. */
export function standsAlready(wanted: ChannelValues, facts: ChannelFacts): boolean {
  return fieldsNamed(wanted).every((name) => isReadable(name) && facts[name] === wanted[name]);
}

/** What a read after an edit shows: the new values, the old ones, or nothing that tells them apart. */
export type Shown = "new" | "old" | "neither";

/** Tells from a read whether an edit was carried out. Only a field that the edit changes can tell. */
export function shownBy(wanted: ChannelValues, before: ChannelFacts, seen: ChannelFacts | undefined): Shown {
  const telling = fieldsNamed(wanted)
    .filter(isReadable)
    .filter((name) => before[name] !== wanted[name]);
  if (!seen || telling.length === 0) return "neither";
  if (telling.every((name) => seen[name] === wanted[name])) return "new";
  return telling.every((name) => seen[name] === before[name]) ? "old" : "neither";
}

/**
 * Compares an edit with what was read before it and after it.
 * @param seen what was read after the edit; undefined where nothing could be read
 */
export function compare(wanted: ChannelValues, before: ChannelFacts, seen: ChannelFacts | undefined): Change[] {
  return fieldsNamed(wanted).map((field) => {
    const value = wanted[field] as string | number;
    if (!isReadable(field)) return { field, after: value, verdict: "cannotBeReadBack" };
    const old = before[field];
    const head = old === undefined ? { field } : { field, before: old };
    const now = seen?.[field];
    if (now === undefined) return { ...head, after: value, verdict: "cannotBeReadBack" };
    if (now !== value) return { ...head, after: now, verdict: "differs" };
    return { ...head, after: now, verdict: old === value ? "unchanged" : "applied" };
  });
}

/** The call that puts back every readable value that the edit changed or may have changed; undefined if there is none. */
export function undoOf(tool: string, id: string, wanted: ChannelValues, before: ChannelFacts): NextCall | undefined {
  const old = fieldsNamed(wanted)
    .filter(isReadable)
    .filter((name) => before[name] !== undefined && before[name] !== wanted[name])
    .map((name) => [name, before[name]]);
  if (old.length === 0) return undefined;
  return { tool, arguments: { Official_Account: id, ...Object.fromEntries(old) } };
}

/** One sentence for a person, the audience first. */
export function summarize(id: string, outcome: Outcome, changes: readonly Change[], subscribers?: number): string {
  const audience = subscribers === undefined ? id : `${subscribers.toLocaleString("en-US")} subscribers of ${id}`;
  const told = changes.map(({ field, before, after }) => {
    if (before === undefined) return `${field}: ${shortValue(after)}`;
    return before === after
      ? `${field}: ${shortValue(before)} (unchanged)`
      : `${field}: ${shortValue(before)} → ${shortValue(after)}`;
  });
  return `${audience}: ${SAYS[outcome]}${told.join("; ")}`;
}

const SAYS: Record<Outcome, string> = {
  applied: "",
  unchanged: "nothing was written, it stands so already. ",
  notApplied: "not applied, the old values stand. ",
  unknown: "outcome unknown. ",
};

/** What a person would want to be told about an edit, though the service accepts it. */
export function warningsAbout(wanted: ChannelValues, before: ChannelFacts): string[] {
  const warnings: string[] = [];
  for (const name of fieldsNamed(wanted)) {
    const value = wanted[name];
    if (typeof value !== "string") continue;
    if (value === "" && isReadable(name) && before[name] !== "") warnings.push(`${name} is emptied.`);
    const hidden = hiddenCharacters(value);
    if (hidden.length > 0) warnings.push(warningAboutHidden(name, hidden));
  }
  if (wanted.FaceUrl && !/^https?:\/\//i.test(wanted.FaceUrl)) {
    warnings.push("FaceUrl is not an http or https address, so apps may show no avatar.");
  }
  warnings.push(...warningsAboutJson(wanted.CustomString, before.CustomString));
  warnings.push(warningAboutLimit(wanted.MaxSubscriberNum, before.SubscriberNum));
  return warnings;
}

/** No tool reads the limit, so each edit says what that means for it. */
function warningAboutLimit(limit: number | undefined, subscribers: number | undefined): string {
  if (limit === undefined) {
    return "MaxSubscriberNum was not given; the documents leave open whether a raised limit then falls back to 100,000. To be safe, send the limit along.";
  }
  const now = subscribers ?? 0;
  const tooLow = limit < now ? ` It is below the ${now.toLocaleString("en-US")} subscribers of today.` : "";
  return `MaxSubscriberNum can neither be read back nor taken back by undo.${tooLow}`;
}

/** The warning that an edit publishes characters nobody sees. */
export function warningAboutHidden(name: string, hidden: readonly string[]): string {
  return `${name} holds invisible or direction-changing characters (${hidden.slice(0, 10).join(", ")}); they are sent as given.`;
}

function warningsAboutJson(after: string | undefined, before: string | undefined): string[] {
  const old = parseObject(before);
  if (after === undefined || after === "" || old === undefined) return [];
  const now = parseObject(after);
  if (now === undefined) return ["CustomString was JSON and is JSON no more."];
  const lost = Object.keys(old).filter((key) => !Object.hasOwn(now, key));
  if (lost.length === 0) return [];
  return [
    `CustomString was JSON and loses ${lost.length === 1 ? "the key" : "the keys"} ${lost.map(shortValue).join(", ")}.`,
  ];
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
