import type { DeadlineEnd } from "../../call/deadline.ts";
import type { Envelope } from "../../call/explained-error.ts";
import type { ErrorCode } from "./error-codes.ts";
import { type FailedReplyKind, NETWORK_REASONS, type NetworkReasonName } from "./network-reasons.ts";

/** What an attempt ends in besides a valid answer. Plain values: an error is made of one when the call is over. */

export interface NetworkFailure {
  readonly kind: "network";
  readonly reason: NetworkReasonName;
  /** More about it, never a part of an answer's body. */
  readonly detail: string;
  /** Milliseconds from the Retry-After header. */
  readonly retryAfterMs?: number | undefined;
}

export interface CodeFailure {
  readonly kind: "code";
  readonly envelope: Envelope & { readonly ErrorCode: number };
  readonly code: ErrorCode;
  /** What is wrong with this machine's clock, compared with the server's Date; empty if nothing. */
  readonly clockNote: string;
  /** Milliseconds from the Retry-After header. */
  readonly retryAfterMs?: number | undefined;
}

export type Failure = NetworkFailure | CodeFailure;

export function networkFailure(reason: NetworkReasonName, detail = ""): NetworkFailure {
  return { kind: "network", reason, detail };
}

export function endedBeforeSending(end: DeadlineEnd, detail?: string): NetworkFailure {
  return networkFailure(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend", detail);
}

export function malformed(detail: string): NetworkFailure {
  return networkFailure("answerMalformed", detail);
}

/** Codes of an inner timeout or error say only that the service did not finish; those without a row say nothing. */
const UNCLEAR_KINDS: readonly string[] = ["transient", "disputed", "unlisted"];

export function replyKindOf(failure: Failure): FailedReplyKind {
  if (failure.kind === "network") return NETWORK_REASONS[failure.reason].reply;
  const isUnclear = UNCLEAR_KINDS.includes(failure.code.kind) || failure.envelope.ActionStatus === "OK";
  return isUnclear ? "noAnswer" : "refused";
}

/** True where the same request may well succeed a moment later. */
export function isTransient(failure: Failure): boolean {
  return failure.kind === "code" ? failure.code.kind === "transient" : NETWORK_REASONS[failure.reason].isTransient;
}

/** True where the service, or a gateway, asked for fewer requests. */
export function isRateLimited(failure: Failure): boolean {
  return failure.kind === "code" ? failure.code.kind === "rate" : failure.reason === "tooManyRequests";
}

export function describeFailure(failure: Failure): string {
  if (failure.kind === "code") return `ErrorCode ${failure.envelope.ErrorCode}`;
  return failure.detail ? `${failure.reason}: ${failure.detail}` : failure.reason;
}
