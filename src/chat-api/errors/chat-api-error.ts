import { ExplainedError, type Explanation } from "../../channel/explanation.ts";
import { describeIdProblem } from "../../channel/fields.ts";
import type { CodeKind } from "./codes/family.ts";
import { type CodeFailure, type Failure, isOutcomeUnknown, type NetworkFailure } from "./failure.ts";
import { networkReason } from "./network-reasons.ts";

/** The errors that a call to the service ends in. Each is complete when it is made: it knows the whole call. */

/** The call that failed. */
export interface RequestContext {
  /** True for a modify call: a read cannot have changed anything. */
  readonly isWrite: boolean;
  /** The channel IDs that it named. */
  readonly channelIds: readonly string[];
  /** The subscriber that it named. */
  readonly subscriber?: string | undefined;
  readonly sdkAppId: number;
  /** Requests sent for this call, the failed one included. */
  readonly attempts: number;
}

/** Failures that a wrong clock of this machine can cause. */
const CLOCK_RELATED_KINDS: ReadonlySet<CodeKind> = new Set(["credentials", "expired"]);

// Codes that a wrong channel ID can cause.
const ABOUT_AN_ID: ReadonlySet<number> = new Set([6017, 130002, 130004, 130007, 130008, 131003]);

/**
 * Reported when no byte of a request, or of an edit, reached the service: it may be sent again, even a write.
 * Not for what was sent and got no valid answer (AmbiguousResponseError).
 */
export class NotSentError extends ExplainedError {
  override readonly name = "NotSentError";
}

/**
 * Reported when a request was sent and no valid answer came. For a write it means that the outcome is unknown, except
 * for HTTP 429. Never holds any of the answer's body.
 */
class AmbiguousResponseError extends ExplainedError {
  override readonly name = "AmbiguousResponseError";

  constructor(failure: NetworkFailure, context: RequestContext) {
    const remark = mayHaveChanged(failure, context) ? " Whether the service carried the request out is not known." : "";
    super(explainNetworkFailure(failure, context, remark));
  }
}

function explainNetworkFailure(failure: NetworkFailure, context: RequestContext, remark: string): Explanation {
  const { stage = "network", fixedBy, nextStep, isRetryable } = networkReason(failure.reason);
  // What only a person can fix, and not by waiting, fails the same way again.
  const canSucceed = isRetryable || fixedBy === "agent";
  return {
    stage,
    cause: `${whatHappened(failure, context)}${remark}`,
    fixedBy,
    nextStep,
    safeToResend: canSucceed && !mayHaveChanged(failure, context),
    attempts: context.attempts,
  };
}

function mayHaveChanged(failure: Failure, { isWrite }: RequestContext): boolean {
  return isWrite && isOutcomeUnknown(failure);
}

/**
 * Reported when the service gave a valid answer and its ErrorCode is not 0, for the whole request or for one channel.
 * Says nothing about what was changed: only a read can tell.
 */
export class ServiceError extends ExplainedError {
  override readonly name = "ServiceError";
  readonly code: number;

  constructor(failure: CodeFailure, context: RequestContext) {
    const { fixedBy, nextStep, safeToResend, subscriberNextStep } = failure.meaning;
    const step = context.subscriber !== undefined && subscriberNextStep ? subscriberNextStep : nextStep;
    super(
      {
        stage: "service",
        cause: whatHappened(failure, context),
        fixedBy,
        nextStep: fill(step, context),
        safeToResend,
        attempts: context.attempts,
      },
      failure.envelope,
    );
    this.code = failure.envelope.ErrorCode;
  }
}

/** The error of a call that ended in this failure. */
export function toError(failure: Failure, context: RequestContext): ExplainedError {
  if (failure.kind === "code") return new ServiceError(failure, context);
  if (networkReason(failure.reason).kind === "notSent") {
    return new NotSentError(explainNetworkFailure(failure, context, " Nothing was sent."));
  }
  return new AmbiguousResponseError(failure, context);
}

/** What happened, without what became of a write. */
export function whatHappened(failure: Failure, context: RequestContext): string {
  if (failure.kind === "network") {
    return `${networkReason(failure.reason).cause}${failure.detail && ` (${failure.detail})`}.`;
  }
  const { meaning, clockNote } = failure;
  const cause = context.subscriber !== undefined && meaning.subscriberCause ? meaning.subscriberCause : meaning.cause;
  const remarks = [`${fill(cause, context)}.`];
  if (ABOUT_AN_ID.has(meaning.code)) {
    remarks.push(...new Set(context.channelIds.flatMap((id) => describeIdProblem(id) ?? [])));
  }
  if (failure.envelope.ErrorInfo && !meaning.isKnown) remarks.push("ErrorInfo may say more.");
  if (clockNote && CLOCK_RELATED_KINDS.has(meaning.kind)) remarks.push(clockNote);
  return remarks.join(" ");
}

function fill(text: string, { sdkAppId }: RequestContext): string {
  return text.replaceAll("{sdkAppId}", String(sdkAppId));
}
