import { ExplainedError, type Explanation } from "../channel/explanation.ts";
import {
  NO_VALID_ANSWER,
  NOT_SENT,
  type NotSentReason,
  type NoValidAnswerReason,
  type Reason,
} from "./network-reasons.ts";

/** The two errors of the network: what never left, and what left without an answer that means anything. */

abstract class NetworkFailure extends ExplainedError {
  /** Requests sent or tried for this call. */
  attempts = 0;
  readonly detail: string;
  protected abstract readonly row: Reason;
  protected abstract readonly told: string;

  constructor(reason: string, detail: string) {
    super(detail ? `${reason}: ${detail}` : reason);
    this.detail = detail;
  }

  /** True if trying again at once can help. */
  get mayHelpAgain(): boolean {
    return this.row.again;
  }

  get explanation(): Explanation {
    const { stage = "network", fixedBy, nextStep } = this.row;
    const { attempts, told, safeToResend } = this;
    return { stage, cause: `${this.happened} ${told}`, fixedBy, nextStep, safeToResend, attempts };
  }

  /** What happened, without what became of the request. */
  get happened(): string {
    return `${this.row.cause}${this.detail && ` (${this.detail})`}.`;
  }

  protected abstract readonly safeToResend: boolean;
}

/**
 * Thrown when provably no byte of a request reached the service: it may go again, a write too.
 * Not for what was sent and then lost (NoValidAnswer).
 */
export class NotSent extends NetworkFailure {
  override readonly name = "NotSent";
  readonly reason: NotSentReason;
  protected readonly told = "Nothing was sent.";
  protected get safeToResend(): boolean {
    return this.reason !== "userSigUnusable";
  }

  constructor(reason: NotSentReason, detail = "") {
    super(reason, detail);
    this.reason = reason;
  }

  protected get row(): Reason {
    return NOT_SENT[this.reason];
  }
}

/**
 * Thrown when a request was sent and no valid answer came: a write may or may not have happened.
 * Not for a refusal by the service (ServiceRefusal) nor for what never left (NotSent). Never holds the answer's body.
 */
export class NoValidAnswer extends NetworkFailure {
  override readonly name = "NoValidAnswer";
  readonly reason: NoValidAnswerReason;
  /** Set where the request was a write: reading alone cannot have changed anything. */
  wasWrite = false;

  constructor(reason: NoValidAnswerReason, detail = "") {
    super(reason, detail);
    this.reason = reason;
  }

  protected get row(): Reason {
    return NO_VALID_ANSWER[this.reason];
  }

  protected get told(): string {
    return this.wasWrite ? "Whether the service carried the request out is not known." : "Nothing was changed.";
  }

  protected get safeToResend(): boolean {
    return !this.wasWrite;
  }
}
