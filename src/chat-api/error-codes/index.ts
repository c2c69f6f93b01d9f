import type { FixedBy } from "../../channel/explanation.ts";
import { ACCOUNT_CODES } from "./account-codes.ts";
import { CHANNEL_CODES } from "./channel-codes.ts";
import { GATEWAY_CODES } from "./gateway-codes.ts";
import { GENERAL_CODES } from "./general-codes.ts";
import type { Kind } from "./row.ts";

/** THE table of error codes, in four families, and how to read a code that it does not know. */

export type { Kind } from "./row.ts";

/** What a code means and what may be done about it. */
export interface CodeMeaning {
  readonly code: number;
  readonly kind: Kind;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  readonly nextStep: string;
  /** True if the same call may be sent again without harm, after the pause its kind asks for. */
  readonly safeToResend: boolean;
}

const FAMILIES = [GENERAL_CODES, GATEWAY_CODES, ACCOUNT_CODES, CHANNEL_CODES];

const MAY_GO_AGAIN: ReadonlySet<Kind> = new Set(["signAgain", "rate", "transient", "once"]);

/** Every code that has a row. */
export const ERROR_CODES: ReadonlyMap<number, CodeMeaning> = new Map(
  FAMILIES.flatMap((family) =>
    family.rows.map(([code, kind, fixedBy, cause, nextStep]) => [
      code,
      { code, kind, fixedBy, cause, nextStep, safeToResend: MAY_GO_AGAIN.has(kind) },
    ]),
  ),
);

/** The meaning of any code: its row, or what its range tells. */
export function meaningOf(code: number): CodeMeaning {
  const known = ERROR_CODES.get(code);
  if (known) return known;
  const family = FAMILIES.find(({ from, to }) => code >= from && code <= to);
  const cause = family
    ? `${family.unknown.cause} with a code that this server does not know (${family.from}–${family.to})`
    : "The service answered with a code outside every documented range";
  return {
    code,
    kind: "unknown",
    fixedBy: family?.unknown.fixedBy ?? "tencent",
    cause,
    nextStep:
      "Read ErrorInfo; if it does not help, ask the person to give the code and the RequestId to Tencent's support.",
    safeToResend: false,
  };
}
