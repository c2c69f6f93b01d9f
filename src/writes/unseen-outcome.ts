import { type AnswerHead, ExplainedError, type Explanation } from "../channel/explanation.ts";
import type { Failure } from "../chat-api/failure.ts";

/**
 * Told when a write was sent and its effect was not seen as wanted: it did not happen, or nobody knows.
 * Not for a write that the service refused (ServiceRefusal) or that never left (NotSent).
 */
export class UnseenOutcome extends ExplainedError {
  override readonly name = "UnseenOutcome";
  override readonly head: AnswerHead;
  readonly explanation: Explanation;

  /**
   * @param failure what kept the outcome from being known; undefined where the service said OK and the channel shows otherwise
   * @param told what was seen instead, and what to do
   */
  constructor(failure: Failure | undefined, told: { seen: string; nextStep: string; attempts: number }) {
    super(told.seen);
    this.head = failure?.head ?? {};
    this.explanation = {
      stage: failure?.explanation.stage ?? "service",
      cause: [failure?.happened, told.seen].filter(Boolean).join(" "),
      fixedBy: failure?.explanation.fixedBy ?? "agent",
      nextStep: told.nextStep,
      safeToResend: true,
      attempts: told.attempts,
    };
  }
}
