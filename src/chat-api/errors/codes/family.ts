import type { FixedBy } from "../../../channel/explanation.ts";

/**
 * What may be done after a code:
 * - request: the call is wrong; the same call fails again
 * - config: a person must change the application or its plan
 * - credentials: the signature or account is wrong; sending again may lock the account, so nothing is sent for a minute
 * - expired: one new signature helps, once
 * - rate: slow down, then send again
 * - transient: a read may be sent again; a write may have been carried out
 * - disputed: the documentation pages disagree; a read may be sent again once, a write may have been carried out
 * - unlisted: a code without a row
 */
export type CodeKind =
  | "request"
  | "config"
  | "credentials"
  | "expired"
  | "rate"
  | "transient"
  | "disputed"
  | "unlisted";

/**
 * One row of the table: code, kind, who can fix it, what happened, what to do next. `{sdkAppId}` is replaced by the
 * configured number. The last part is for a call that names a subscriber too: then the code may speak of either ID.
 */
type CodeRow = readonly [
  code: number,
  kind: CodeKind,
  fixedBy: FixedBy,
  cause: string,
  nextStep: string,
  withSubscriber?: { readonly cause: string; readonly nextStep: string },
];

/** A family of codes: its range, what an unlisted member most likely means, and the listed members. */
export interface CodeFamily {
  readonly from: number;
  readonly to: number;
  readonly unlisted: { readonly fixedBy: FixedBy; readonly cause: string };
  readonly rows: readonly CodeRow[];
}

/** The next step after an error inside the service. */
export const GIVE_REQUEST_ID =
  "Call again in a minute. If it fails twice more, stop and ask the person to give the RequestId to Tencent's support.";
