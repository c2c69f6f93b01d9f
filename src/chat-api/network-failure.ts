import type { Explanation } from "../channel/explanation.ts";
import type { End } from "./deadline.ts";
import { Failure } from "./failure.ts";
import {
  NO_VALID_ANSWER,
  NOT_SENT,
  type NotSentReason,
  type NoValidAnswerReason,
  type Reason,
} from "./network-reasons.ts";

/** The two errors of the network: what never left, and what left without an answer that means anything. */

abstract class NetworkFailure extends Failure {
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
    const { told, safeToResend } = this;
    const { attempts } = this.call;
    return { stage, cause: `${this.happened} ${told}`, fixedBy, nextStep, safeToResend, attempts };
  }

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
  readonly wasSent = false;
  readonly leavesOutcomeOpen = false;
  readonly reason: NotSentReason;
  protected readonly told = "Nothing was sent.";
  protected get safeToResend(): boolean {
    return this.reason !== "userSigUnusable";
  }

  constructor(reason: NotSentReason, detail = "") {
    super(reason, detail);
    this.reason = reason;
  }

  /** For a call that ended while it waited for its turn. */
  static before(end: End): NotSent {
    return new NotSent(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend");
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
  readonly wasSent = true;
  readonly reason: NoValidAnswerReason;

  constructor(reason: NoValidAnswerReason, detail = "") {
    super(reason, detail);
    this.reason = reason;
  }

  /** A gateway that asks for fewer requests has passed this one on to nobody. */
  get leavesOutcomeOpen(): boolean {
    return this.reason !== "tooManyRequests";
  }

  protected get row(): Reason {
    return NO_VALID_ANSWER[this.reason];
  }

  protected get told(): string {
    return this.#mayHaveChanged ? "Whether the service carried the request out is not known." : "Nothing was changed.";
  }

  protected get safeToResend(): boolean {
    return !this.#mayHaveChanged;
  }

  get #mayHaveChanged(): boolean {
    return this.call.writes && this.leavesOutcomeOpen;
  }
}
