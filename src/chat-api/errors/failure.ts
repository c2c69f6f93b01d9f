import type { Envelope } from "../../channel/explanation.ts";
import type { CodeMeaning } from "./code-meaning.ts";
import { type NetworkReasonName, networkReason } from "./network-reasons.ts";

/** The results of an attempt besides a valid answer. Plain values: an error is made of one when the call is over. */

/** The network failed, or something in front of the service answered. */
export interface NetworkFailure {
  readonly kind: "network";
  readonly reason: NetworkReasonName;
  /** More about it, never a part of an answer's body. */
  readonly detail: string;
  /** True if no answer began on a connection that had answered before: most likely the peer closed it while idle. */
  readonly isStaleConnection?: boolean;
}

/** The service gave a valid answer whose ErrorCode is not 0. */
export interface CodeFailure {
  readonly kind: "code";
  readonly envelope: Envelope & { readonly ErrorCode: number };
  readonly meaning: CodeMeaning;
  /** What is wrong with this machine's clock, compared with the server's Date; empty if nothing. */
  readonly clockNote: string;
}

export type Failure = NetworkFailure | CodeFailure;

export function networkFailure(reason: NetworkReasonName, detail = ""): NetworkFailure {
  return { kind: "network", reason, detail };
}

/** For an answer that lacks what the documentation promises. */
export function malformed(detail: string): NetworkFailure {
  return networkFailure("answerMalformed", detail);
}

/** False where no byte of the request reached the service. */
export function wasSent(failure: Failure): boolean {
  return failure.kind === "code" || networkReason(failure.reason).kind !== "notSent";
}

/**
 * True if a write that failed this way may have been carried out all the same. An inner timeout or error says only
 * that the service did not finish; an answer that says OK and an error code in one says nothing for certain.
 */
export function isOutcomeUnknown(failure: Failure): boolean {
  if (failure.kind === "network") return networkReason(failure.reason).kind === "ambiguous";
  return failure.meaning.isOutcomeUnknown || failure.envelope.ActionStatus === "OK";
}

/** True where the same request may well succeed a moment later: no valid answer, or a transient code. */
export function isTransient(failure: Failure): boolean {
  return failure.kind === "code" ? failure.meaning.kind === "transient" : networkReason(failure.reason).isRetryable;
}

/** A short name for the log. */
export function describeFailure(failure: Failure): string {
  if (failure.kind === "code") return `ErrorCode ${failure.envelope.ErrorCode}`;
  return failure.detail ? `${failure.reason}: ${failure.detail}` : failure.reason;
}
