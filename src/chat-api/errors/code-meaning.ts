import type { FixedBy } from "../../channel/explanation.ts";
import { ACCOUNT_CODES } from "./codes/account-codes.ts";
import { CHANNEL_CODES } from "./codes/channel-codes.ts";
import type { CodeKind } from "./codes/family.ts";
import { GATEWAY_CODES } from "./codes/gateway-codes.ts";
import { GENERAL_CODES } from "./codes/general-codes.ts";

/** THE table of error codes, in four families, and the meaning of a code that is not in it. */

/** What a code means and what may be done about it. */
export interface CodeMeaning {
  readonly code: number;
  readonly kind: CodeKind;
  readonly isKnown: boolean;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  readonly nextStep: string;
  /** Cause and next step where the call named a subscriber too. */
  readonly subscriberCause?: string | undefined;
  readonly subscriberNextStep?: string | undefined;
  /** True if the same call may be sent again without harm, after the pause its kind asks for. */
  readonly safeToResend: boolean;
  /** True if a write that got this code may have been carried out all the same. */
  readonly isOutcomeUnknown: boolean;
}

const FAMILIES = [GENERAL_CODES, GATEWAY_CODES, ACCOUNT_CODES, CHANNEL_CODES];

const SAFE_TO_RESEND: ReadonlySet<CodeKind> = new Set(["rate", "transient", "disputed"]);
const OUTCOME_UNKNOWN: ReadonlySet<CodeKind> = new Set(["transient", "disputed", "unlisted"]);

function flagsOf(kind: CodeKind): Pick<CodeMeaning, "safeToResend" | "isOutcomeUnknown"> {
  return { safeToResend: SAFE_TO_RESEND.has(kind), isOutcomeUnknown: OUTCOME_UNKNOWN.has(kind) };
}

/** Every code that has a row. */
export const ERROR_CODES: ReadonlyMap<number, CodeMeaning> = new Map(
  FAMILIES.flatMap((family) =>
    family.rows.map(([code, kind, fixedBy, cause, nextStep, withSubscriber]) => [
      code,
      {
        code,
        kind,
        isKnown: true,
        fixedBy,
        cause,
        nextStep,
        subscriberCause: withSubscriber?.cause,
        subscriberNextStep: withSubscriber?.nextStep,
        ...flagsOf(kind),
      },
    ]),
  ),
);

/** The meaning of any code: its row, or what its range tells. */
export function meaningOf(code: number): CodeMeaning {
  const known = ERROR_CODES.get(code);
  if (known) return known;
  const family = FAMILIES.find(({ from, to }) => code >= from && code <= to);
  const cause = family
    ? `${family.unlisted.cause} with a code that this server does not list (${family.from}–${family.to})`
    : "The service answered with a code outside every documented range";
  return {
    code,
    kind: "unlisted",
    isKnown: false,
    fixedBy: family?.unlisted.fixedBy ?? "tencent",
    cause,
    nextStep:
      "Read ErrorInfo. If it does not help, stop and ask the person to give the code and the RequestId to Tencent's support.",
    ...flagsOf("unlisted"),
  };
}
