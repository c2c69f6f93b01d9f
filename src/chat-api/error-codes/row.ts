import type { FixedBy } from "../../channel/explanation.ts";

/**
 * What may be done after a code:
 * - request: the call is wrong; the same call fails again
 * - config: a person must change the application or its plan
 * - credentials: the signature or account is wrong; sending again may lock the account, so nothing goes for a minute
 * - signAgain: one new signature helps, once
 * - rate: the whole queue slows down, then it may go again
 * - transient: it may go again
 * - unknown: a code without a row: nobody here knows what it means
 * - once: the service's pages disagree about it; it may go again once
 */
export type Kind = "unknown" | "request" | "config" | "credentials" | "signAgain" | "rate" | "transient" | "once";

/** One row of the table: code, kind, who can mend it, what happened, what to do next. */
type Row = readonly [code: number, kind: Kind, fixedBy: FixedBy, cause: string, nextStep: string];

/** A family of codes: what its unknown members most likely mean, and the members that are known. */
export interface Family {
  readonly from: number;
  readonly to: number;
  readonly unknown: { readonly fixedBy: FixedBy; readonly cause: string };
  readonly rows: readonly Row[];
}
