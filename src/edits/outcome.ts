import { type ChannelInfo, type ChannelValues, WRITABLE_FIELDS, type WritableFieldName } from "../channel/fields.ts";
import type { FailedReplyKind } from "../chat-api/errors/network-reasons.ts";

/** What became of an edit: one pure function of the reply and of what was read before and after it. */

/** Every outcome: what it means, and what the summary of a receipt says of it. */
export const OUTCOMES = {
  applied: { meaning: "the new values were read back", lead: "applied. " },
  accepted: {
    meaning: "the service said OK, but nothing of what was written could be read back",
    lead: "the service said OK. ",
  },
  unchanged: {
    meaning: "everything asked for was there already; nothing was written",
    lead: "already has these values; nothing was written. ",
  },
  notApplied: {
    meaning: "no valid answer came, and a read made when the edit could no longer take effect shows the old values",
    lead: "not applied: the channel shows the old values. ",
  },
  refused: { meaning: "the service refused the edit", lead: "this edit was refused. " },
  declined: {
    meaning: "the person did not confirm, or could not be asked; nothing was written",
    lead: "not confirmed; nothing was written. ",
  },
  unknown: { meaning: "what became of it is not known; follow the next step", lead: "outcome unknown. " },
} as const satisfies Record<string, { meaning: string; lead: string }>;

export type Outcome = keyof typeof OUTCOMES;

/** True if an edit with this outcome took effect, or may have: only then does an undo make sense. */
export function mayHaveChanged(outcome: Outcome): boolean {
  return outcome === "applied" || outcome === "accepted" || outcome === "unknown";
}

/**
 * What is known of one field after an edit:
 * - applied: it shows the new value
 * - unchanged: it had the value before, and has it
 * - notApplied: it shows the value from before
 * - differs: it shows a third value: the service changed the text, or somebody else edits this channel
 * - notRead: the edit was refused, or the read after it lacks the field; without an OK, also where the read before did
 */
export type Verdict = "applied" | "unchanged" | "notApplied" | "differs" | "notRead";

/** What the service said of an edit that was sent. */
export type SentReply = "ok" | Exclude<FailedReplyKind, "notSent">;

export interface Judgement {
  readonly outcome: Outcome;
  readonly verdicts: Readonly<Partial<Record<WritableFieldName, Verdict>>>;
}

export function fieldsOf(desired: ChannelValues): WritableFieldName[] {
  return WRITABLE_FIELDS.flatMap(({ name }) => (desired[name] === undefined ? [] : [name]));
}

/**
 * Judges an edit that was sent.
 * @param after the channel as the read that decides showed it; undefined where that read failed or was not made
 */
export function judge(
  reply: SentReply,
  desired: ChannelValues,
  before: ChannelInfo,
  after: ChannelInfo | undefined,
): Judgement {
  const verdicts = Object.fromEntries(
    fieldsOf(desired).map((name) => [name, verdictOf(reply, desired[name], before[name], after?.[name])]),
  );
  return { outcome: outcomeOf(reply, Object.values(verdicts)), verdicts };
}

type Value = string | number | undefined;

function verdictOf(reply: SentReply, desired: Value, old: Value, now: Value): Verdict {
  if (reply === "refused" || now === undefined) return "notRead";
  // Without an OK, a field that the first read lacked may have had this value all along.
  if (reply === "noAnswer" && old === undefined) return "notRead";
  if (now === desired) return old === desired ? "unchanged" : "applied";
  return now === old ? "notApplied" : "differs";
}

function outcomeOf(reply: SentReply, verdicts: readonly Verdict[]): Outcome {
  if (reply === "refused") return "refused";
  // After an OK, what cannot be read says nothing; without one, it may be anything.
  const decisive = verdicts.filter((each) => each !== "unchanged" && !(reply === "ok" && each === "notRead"));
  const [first, ...others] = new Set(decisive);
  if (first === undefined) return reply === "ok" ? "accepted" : "unknown";
  if (others.length > 0) return "unknown";
  return first === "applied" || (first === "notApplied" && reply === "noAnswer") ? first : "unknown";
}
