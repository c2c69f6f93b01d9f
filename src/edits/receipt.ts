import { type ChannelInfo, type ChannelValues, maxBytesOf, type WritableFieldName } from "../channel/fields.ts";
import type { RecordedCall, RecordedChange } from "../guard/journal.ts";
import { plural, quote, shortValue } from "../text/text.ts";
import { fieldsOf, type Judgement, mayHaveChanged, OUTCOMES, type Outcome, type Verdict } from "./outcome.ts";
import { type ChannelEdit, undoOf } from "./undo.ts";
import { type Conflicts, changedLimitWarnings, conflictWarnings, valueWarnings } from "./warnings.ts";

/** What an edit did: field by field, for whom, and how to take it back. Pure: it only compares what was read. */

/** One field of an edit. `before` and `after` are as read; `after` is as sent where it was not read. */
export interface Change extends RecordedChange {
  readonly verdict: Verdict;
  /** The size of the sent text against its limit, in UTF-8 bytes. */
  readonly bytes?: { readonly used: number; readonly max: number };
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
  readonly undo?: RecordedCall;
  readonly warnings: readonly string[];
}

/**
 * The receipt of a channel's edit.
 * @param judgement verdicts that it lacks are `notRead`
 * @param after the channel as the read that decided showed it
 */
export function receiptOf(
  edit: ChannelEdit,
  { outcome, verdicts }: Judgement,
  after?: ChannelInfo,
  conflicts: Conflicts = new Map(),
): Receipt {
  const { id, desired, before, application, warnings } = edit;
  const subscribers = after?.SubscriberNum ?? before.SubscriberNum;
  const changes = listChanges(desired, before, verdicts, after);
  const { undo, warnings: undoWarnings } = mayHaveChanged(outcome) ? undoOf(edit) : { warnings: [] };
  return {
    outcome,
    channel: id,
    ...(subscribers !== undefined && { subscribers }),
    summary: summarize(audienceOf(id, subscribers), application, outcome, changes),
    changes,
    ...(undo && { undo }),
    warnings: [
      ...warnings,
      ...conflictWarnings(conflicts),
      ...(mayHaveChanged(outcome) || outcome === "declined" ? valueWarnings(edit) : []),
      ...changedLimitWarnings(edit, after),
      ...undoWarnings,
    ],
  };
}

export function listChanges(
  desired: ChannelValues,
  before: ChannelInfo = {},
  verdicts: Judgement["verdicts"] = {},
  after?: ChannelInfo,
): Change[] {
  return fieldsOf(desired).map((field) => {
    const sent = desired[field] as string | number;
    const old = before[field];
    const verdict = verdicts[field] ?? "notRead";
    const shown = verdict === "notRead" ? sent : (after?.[field] ?? sent);
    return { field, ...(old !== undefined && { before: old }), after: shown, verdict, ...bytesOf(field, sent) };
  });
}

function bytesOf(name: WritableFieldName, value: string | number): Pick<Change, "bytes"> {
  const max = maxBytesOf(name);
  return typeof value === "string" && max !== undefined ? { bytes: { used: Buffer.byteLength(value), max } } : {};
}

/** One sentence for a person, the audience first. */
export function summarize(audience: string, application: string, outcome: Outcome, changes: readonly Change[]): string {
  const describe = outcome === "declined" || outcome === "refused" ? describeArrow : describeChange;
  return `${audience} (${application}): ${OUTCOMES[outcome].lead}${changes.map(describe).join("; ")}`;
}

/** `780,031 subscribers of '@TOA#_…'`. */
export function audienceOf(channel: string, subscribers: number | undefined): string {
  if (subscribers === undefined) return `An unknown number of subscribers of ${quote(channel)}`;
  return `${plural(subscribers, "subscriber")} of ${quote(channel)}`;
}

function describeArrow({ field, before, after }: Change): string {
  return `${field}: ${before === undefined ? "" : `${shortValue(before)} → `}${shortValue(after)}`;
}

function describeChange(change: Change): string {
  const { field, after, verdict } = change;
  switch (verdict) {
    case "applied":
      return describeArrow(change);
    case "unchanged":
      return `${field}: ${shortValue(after)} (unchanged)`;
    case "notApplied":
      return `${field}: ${shortValue(after)}, as before`;
    case "differs":
      return `${field}: now ${shortValue(after)}, which is not the requested value`;
    case "notRead":
      return `${describeArrow(change)} (not verified)`;
  }
}
