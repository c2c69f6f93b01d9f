import {
  type ChannelInfo,
  type ChannelValues,
  SUBSCRIBER_LIMIT_BOUNDS,
  WRITABLE_FIELDS,
  type WritableFieldName,
} from "./fields.ts";
import { type Evidence, fieldsOf, type Inference, isNormalized, type Outcome, type ServiceReply } from "./outcome.ts";
import { byteLength, formatCount, isWellFormed, quote, shortValue } from "./text.ts";

/** What an edit did: field by field, for whom, and how to take it back. Pure: it only compares what was seen. */

/** The parts of the known secrets that a receipt needs. */
export interface SecretRedactor {
  redactDeep<T>(value: T): T;
  appearIn(text: string): boolean;
}

/** What is known of one field after an edit. `differs`: it holds another value than was sent. */
type Verdict = "applied" | "normalized" | "unchanged" | "notApplied" | "differs" | "cannotBeReadBack";

/** One field of an edit. `before` and `after` are as read; `after` is as sent where it could not be read back. */
export interface Change {
  readonly field: string;
  readonly before?: string | number;
  readonly after: string | number;
  readonly verdict: Verdict;
  /** The size of the sent text against its limit, in UTF-8 bytes. */
  readonly bytes?: { readonly used: number; readonly max: number };
}

/** A call to make without changes. */
export interface NextCall {
  readonly tool: string;
  readonly arguments: Record<string, string | number>;
}

export interface Receipt {
  readonly outcome: Outcome;
  readonly channel: string;
  /** Subscribers of the channel when it was read; missing where the answer did not say. */
  readonly subscribers?: number;
  /** For the edit of one subscriber: the user ID. */
  readonly subscriber?: string;
  readonly summary: string;
  readonly changes: readonly Change[];
  /** The exact call that puts the old values back. */
  readonly undo?: NextCall;
  readonly warnings: readonly string[];
}

const VERDICT: Readonly<Record<Evidence, Verdict>> = {
  new: "applied",
  normalized: "normalized",
  old: "notApplied",
  tooEarly: "cannotBeReadBack",
  other: "differs",
  noChange: "unchanged",
  none: "cannotBeReadBack",
};

/**
 * The changes of an edit, field by field.
 * @param evidence from the inference; what it lacks counts as not read back
 * @param seen the channel as last read after the edit; undefined where it was not read
 */
export function listChanges(
  wanted: ChannelValues,
  before: ChannelInfo,
  evidence: Inference["evidence"],
  seen?: ChannelInfo,
): Change[] {
  return fieldsOf(wanted).map((field) => {
    const value = wanted[field] as string | number;
    const old = before[field];
    const now = seen?.[field];
    const isOverwritten = evidence[field] === "noChange" && now !== undefined && now !== value;
    const overwritten = isNormalized(now, value) ? "normalized" : "differs";
    const verdict = isOverwritten ? overwritten : VERDICT[evidence[field] ?? "none"];
    const after = verdict === "cannotBeReadBack" ? value : (now ?? value);
    return { field, ...(old !== undefined && { before: old }), after, verdict, ...bytesOf(field, value) };
  });
}

function bytesOf(name: WritableFieldName, value: string | number): Pick<Change, "bytes"> {
  const max = maxBytesOf(name);
  return typeof value === "string" && max !== undefined ? { bytes: { used: byteLength(value), max } } : {};
}

function maxBytesOf(name: string): number | undefined {
  const field = WRITABLE_FIELDS.find((candidate) => candidate.name === name);
  return field && "maxBytes" in field ? field.maxBytes : undefined;
}

/**
 * The call that puts back every readable value that the edit changed or may have changed, and a warning for each part
 * that it cannot restore.
 *
 * @param seen the channel as last read after the edit
 * @param secrets a value that holds one is not restored
 */
export function undoOf(
  tool: string,
  channel: string,
  edit: { wanted: ChannelValues; before: ChannelInfo; seen?: ChannelInfo | undefined },
  secrets: SecretRedactor,
): { undo?: NextCall; warnings: string[] } {
  const { wanted, before, seen } = edit;
  const restored: Record<string, string | number> = {};
  const warnings: string[] = [];
  const changed = fieldsOf(wanted).filter((name) => before[name] !== wanted[name]);
  for (const name of changed) {
    const old = before[name];
    const problem = old === undefined ? "its value before was not readable" : problemOfRestoring(name, old, secrets);
    if (problem !== undefined) warnings.push(`undo does not restore ${name}: ${problem}.`);
    else if (old !== undefined) restored[name] = old;
  }
  const limit = changedLimit({ wanted, before, seen });
  if (limit && isLimit(limit.before)) restored.MaxSubscriberNum = limit.before;
  if (Object.keys(restored).length === 0) return { warnings };
  return { undo: { tool, arguments: { Official_Account: channel, ...restored } }, warnings };
}

function problemOfRestoring(name: string, old: string | number, secrets: SecretRedactor): string | undefined {
  if (typeof old !== "string") {
    return isLimit(old) ? undefined : `its value before, ${old}, is not one that these tools send`;
  }
  if (secrets.appearIn(old)) return "its value before holds a credential of this server";
  if (!isWellFormed(old)) return "its value before holds half a character, which cannot be sent";
  const max = maxBytesOf(name);
  const used = byteLength(old);
  return max !== undefined && used > max ? `its value before is ${used} bytes and the limit is ${max}` : undefined;
}

/** True for a subscriber limit that these tools can send. */
export function isLimit(value: number): boolean {
  return value >= SUBSCRIBER_LIMIT_BOUNDS.min && value <= SUBSCRIBER_LIMIT_BOUNDS.max;
}

/** MaxSubscriberNum where it changed although the edit did not name it. */
export function changedLimit(edit: {
  wanted: ChannelValues;
  before: ChannelInfo;
  seen?: ChannelInfo | undefined;
}): { before: number; after: number } | undefined {
  const before = edit.before.MaxSubscriberNum;
  const after = edit.seen?.MaxSubscriberNum;
  if (edit.wanted.MaxSubscriberNum !== undefined || before === undefined || after === undefined) return undefined;
  return before === after ? undefined : { before, after };
}

const DECLINED = "not confirmed; nothing was written. ";
const LEADS: Readonly<Record<Outcome, string>> = {
  applied: "",
  accepted: "the service said OK; this could not be verified by reading. ",
  unchanged: "already has these values; nothing was written. ",
  notApplied: "not applied. ",
  partlyApplied: "only partly applied. ",
  refused: "refused by the service; as a read right after showed: ",
  declined: DECLINED,
  unknown: "outcome unknown. ",
};

/** What a summary says before the changes. After a refusal there is one read at most, which may lag. */
export function leadOf(outcome: Outcome, reply: ServiceReply | undefined, wasRead: boolean): string {
  if (outcome === "refused" && !wasRead) return "refused by the service; this was not verified by reading. ";
  if (outcome === "partlyApplied" && reply === "refused") {
    return "refused by the service, but partly applied; as a read right after showed: ";
  }
  return LEADS[outcome];
}

/**
 * One sentence for a person, the audience first.
 * @param application the label of the application, or its SDKAppID and region
 */
export function summarize(audience: string, application: string, lead: string, changes: readonly Change[]): string {
  const describe = lead === DECLINED ? describeArrow : describeChange;
  return `${audience} (${application}): ${lead}${changes.map(describe).join("; ")}`;
}

/** `780,031 subscribers of '@TOA#_…'`. */
export function audienceOf(channel: string, subscribers: number | undefined): string {
  if (subscribers === undefined) return `An unknown number of subscribers of ${quote(channel)}`;
  return `${formatCount(subscribers)} subscriber${subscribers === 1 ? "" : "s"} of ${quote(channel)}`;
}

function describeArrow({ field, before, after }: Change): string {
  return `${field}: ${before === undefined ? "" : `${shortValue(before)} → `}${shortValue(after)}`;
}

function describeChange(change: Change): string {
  const { field, after, verdict } = change;
  switch (verdict) {
    case "applied":
      return describeArrow(change);
    case "normalized":
      return `${describeArrow(change)} (the service changed the text slightly)`;
    case "unchanged":
      return `${field}: ${shortValue(after)} (unchanged)`;
    case "notApplied":
      return `${field}: still ${shortValue(after)}`;
    case "differs":
      return `${field}: now ${shortValue(after)}, which is not what was sent`;
    case "cannotBeReadBack":
      return `${describeArrow(change)} (not read back)`;
  }
}
