import { createHash } from "node:crypto";
import { escapeHidden, shortValue } from "../text/text.ts";
import type { ConfirmationRequest } from "./edit.ts";
import type { Receipt } from "./receipt.ts";

/** What a person is asked before an edit. Some hosts show only its first three lines. */

/** Bytes of a value in the first lines, and below them. */
const SHORT_BYTES = 40;
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
  return { message: [first, shortLine(declined), ...longLines(declined)].join("\n"), fingerprint, declined };
}

function fingerprintOf({ channel, subscriber, changes }: Receipt): string {
  const shown = changes.map(({ field, before, after }) => [field, before ?? null, after]);
  return createHash("sha256")
    .update(JSON.stringify([channel, subscriber, shown]))
    .digest("base64url");
}

function shortLine({ changes }: Receipt): string {
  const show = (value: string | number | undefined) =>
    value === undefined ? "(not readable)" : isolated(value, SHORT_BYTES);
  return changes.map(({ field, before, after }) => `${field}: ${show(before)} → ${show(after)}`).join("; ");
}

/** Warnings, and whole values where the first lines had to cut them. */
function longLines({ changes, warnings }: Receipt): string[] {
  const long = (what: string, value: string | number = "") =>
    shortValue(value, SHORT_BYTES) === shortValue(value, LONG_BYTES) ? [] : [`${what}: ${isolated(value, LONG_BYTES)}`];
  const lines = [
    ...warnings.map((warning) => `Note: ${escapeHidden(warning)}`),
    ...changes.flatMap(({ field, before, after }) => [
      ...long(`${field}, current value`, before),
      ...long(`${field}, new value`, after),
    ]),
  ];
  return lines.length === 0 ? [] : ["", ...lines];
}

/** A value between isolates (U+2068, U+2069): Hebrew or Arabic text would turn around what surrounds it. */
function isolated(value: string | number, maxBytes: number): string {
  return `\u2068${escapeHidden(shortValue(value, maxBytes))}\u2069`;
}
