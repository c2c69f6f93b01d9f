import { createHash } from "node:crypto";
import type { Receipt } from "../channel/receipt.ts";
import { escapeHidden, shortValue } from "../channel/text.ts";
import { PolicyError } from "../guard/policy-error.ts";
import type { Confirmation, Question } from "./edit.ts";

/** The question that a person answers before an edit. Some hosts show only its first three lines. */

/** A person is asked once more if the values changed meanwhile; if they change again, the edit is not sent. */
const MAX_TIMES_ASKED = 2;
/** Bytes of a value in the first lines, for one or two fields and for more. */
const SHORT_BYTES = { few: 60, many: 24 } as const;
const LONG_BYTES = 3_000;

/**
 * The question to ask before an edit; undefined where a person has said yes to just this.
 *
 * @param declined the receipt of the edit if it is not sent
 * @throws PolicyError where the values changed again while the person was asked a second time
 */
export function pendingQuestion(
  audience: string,
  application: string,
  declined: Receipt,
  confirmation: Confirmation | undefined,
): Question | undefined {
  const fingerprint = fingerprintOf(declined);
  if (confirmation?.answered.fingerprint === fingerprint) return undefined;
  const timesAsked = (confirmation?.answered.timesAsked ?? 0) + 1;
  if (timesAsked > MAX_TIMES_ASKED) {
    throw new PolicyError(
      "While the person was asked to confirm, the channel changed twice, so no edit was sent.",
      "Tell the person that somebody else is editing this channel, and ask whether to try again.",
      "agent",
    );
  }
  const first = `${confirmation ? "Changed while you were asked, please look again. " : ""}${audience} (${application})`;
  const message = [first, ...shortLines(declined), ...longLines(declined)].map(escapeHidden).join("\n");
  return { message, fingerprint, timesAsked, declined };
}

/** A hash of the values that a person was shown. */
function fingerprintOf({ channel, subscriber, changes }: Receipt): string {
  const shown = changes.map(({ field, before, after }) => [field, before ?? null, after]);
  return createHash("sha256")
    .update(JSON.stringify([channel, subscriber, shown]))
    .digest("base64url");
}

function shortLines({ changes }: Receipt): string[] {
  const isFew = changes.length <= 2;
  const texts = changes.map(({ field, before, after }) => {
    const [old, wanted] = [before, after].map((value) =>
      value === undefined ? "(not readable)" : shortValue(value, isFew ? SHORT_BYTES.few : SHORT_BYTES.many),
    );
    return `${field}: ${old} → ${wanted}`;
  });
  if (isFew) return texts;
  const half = Math.ceil(texts.length / 2);
  return [texts.slice(0, half).join("; "), texts.slice(half).join("; ")];
}

/** Warnings, and whole values where the first lines had to cut them. */
function longLines({ changes, warnings }: Receipt): string[] {
  const max = changes.length <= 2 ? SHORT_BYTES.few : SHORT_BYTES.many;
  const wasCut = (value: string | number) => shortValue(value, max) !== shortValue(value, LONG_BYTES);
  const values = changes.flatMap(({ field, before, after }) => [
    ...(before !== undefined && wasCut(before) ? [`${field}, current value: ${shortValue(before, LONG_BYTES)}`] : []),
    ...(wasCut(after) ? [`${field}, new value: ${shortValue(after, LONG_BYTES)}`] : []),
  ]);
  const lines = [...warnings.map((warning) => `Note: ${warning}`), ...values];
  return lines.length === 0 ? [] : ["", ...lines];
}
