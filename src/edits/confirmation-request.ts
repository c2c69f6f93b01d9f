import { createHash } from "node:crypto";
import { escapeHidden, shortValue } from "../text/text.ts";
import type { ConfirmationRequest } from "./edit.ts";
import type { Receipt } from "./receipt.ts";

/** What a person is asked before an edit. Some hosts show only its first three lines. */

/** Bytes of a value in the first lines, for one or two fields and for more. */
const SHORT_BYTES = { few: 60, many: 24 } as const;
const LONG_BYTES = 3_000;

/**
 * The request to make before an edit; undefined where a person has said yes to just this.
 *
 * @param declined the receipt of the edit if it is not sent
 * @param confirmed the fingerprint that a person said yes to
 */
export function confirmationRequestFor(
  audience: string,
  { application }: { readonly application: string },
  declined: Receipt,
  confirmed: string | undefined,
): ConfirmationRequest | undefined {
  const fingerprint = fingerprintOf(declined);
  if (confirmed === fingerprint) return undefined;
  const changed =
    confirmed === undefined ? "" : "What is shown here changed since you were last asked. Please check again. ";
  const first = escapeHidden(`${changed}${audience} (${application})`);
  return { message: [first, ...shortLines(declined), ...longLines(declined)].join("\n"), fingerprint, declined };
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
    const [old, desired] = [before, after].map((value) =>
      value === undefined ? "(not readable)" : isolated(value, isFew ? SHORT_BYTES.few : SHORT_BYTES.many),
    );
    return `${field}: ${old} → ${desired}`;
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
    ...(before !== undefined && wasCut(before) ? [`${field}, current value: ${isolated(before, LONG_BYTES)}`] : []),
    ...(wasCut(after) ? [`${field}, new value: ${isolated(after, LONG_BYTES)}`] : []),
  ]);
  const lines = [...warnings.map((warning) => `Note: ${escapeHidden(warning)}`), ...values];
  return lines.length === 0 ? [] : ["", ...lines];
}

/** A value between isolates (U+2068, U+2069): Hebrew or Arabic text would turn around what surrounds it. */
function isolated(value: string | number, maxBytes: number): string {
  return `\u2068${escapeHidden(shortValue(value, maxBytes))}\u2069`;
}
