import type { Deadline } from "../../call/deadline.ts";
import { type Failure, isRateLimited, isTransient, replyKindOf } from "../errors/failure.ts";
import { WRITE_TIMEOUT_MS } from "../limits.ts";

/** What may be sent again, after which pause, and how often. */

/** Maximum attempts of one call to one command, sent or not. */
const MAX_ATTEMPTS = 4;
/** The first pause is random up to this many milliseconds (full jitter), the next up to twice that. */
const FIRST_PAUSE_MS = 250;
/** After a rate code without Retry-After the whole command pauses for 1 to 1.5 seconds. */
const RATE_PAUSE_MS = 1_000;
/** What happened so far in one call. */
export interface CallState {
  /** Attempts so far: requests sent, or connections tried. */
  readonly attempts: number;
  /** True if no earlier answer of the call had a code of this kind. */
  readonly isFirstOfKind: boolean;
  /** False for the edit of a channel: without a valid answer it is read back, not sent again. */
  readonly isRepeatable: boolean;
  /** True if the next attempt is signed otherwise than the one that the service refused. */
  readonly hasNewSignature: boolean;
}

/**
 * The milliseconds to wait before another attempt; undefined where the failure ends the call. An attempt at once (0)
 * needs no place in the retry budget: the rate limiter, or a new signature, bounds those.
 */
export function retryPauseMs(failure: Failure, state: CallState): number | undefined {
  const { attempts, isFirstOfKind, isRepeatable, hasNewSignature } = state;
  if (attempts >= MAX_ATTEMPTS || (!isRepeatable && replyKindOf(failure) === "noAnswer")) return undefined;
  if (hasNewSignature || isRateLimited(failure)) return 0; // the rate limiter makes the pause after a rate code
  const isDisputed = failure.kind === "code" && failure.code.kind === "disputed";
  if (!isTransient(failure) && !(isDisputed && isFirstOfKind)) return undefined;
  return Math.max(backOffMs(attempts), failure.retryAfterMs ?? 1);
}

function backOffMs(attempts: number): number {
  return Math.random() * FIRST_PAUSE_MS * 2 ** (attempts - 1);
}

/** Milliseconds that every request to the command must wait after this failure; 0 unless it asks for fewer requests. */
export function ratePauseMs(failure: Failure): number {
  if (!isRateLimited(failure)) return 0;
  return failure.retryAfterMs ?? RATE_PAUSE_MS * (1 + Math.random() / 2);
}

/**
 * Milliseconds after sending until an attempt is given up: longer than the service's own timeout, and short enough to
 * leave time for another attempt, or for reading what a write did.
 */
export function responseTimeoutMs(deadline: Deadline, isWrite: boolean): number {
  if (isWrite) return Math.min(WRITE_TIMEOUT_MS, deadline.remainingMs * 0.6);
  return Math.min(Math.max(deadline.totalMs / 3, WRITE_TIMEOUT_MS), deadline.remainingMs);
}

/**
 * Keeps an outage from being answered by a storm of retries: ten retries, and one more for each call that succeeds.
 * When it is used up, every call still gets its one attempt.
 */
export class RetryBudget {
  static readonly max = 10;
  #left = RetryBudget.max;

  /** Takes one; false if there is none left. */
  consume(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Gives one back: a call succeeded. */
  refill(): void {
    this.#left = Math.min(RetryBudget.max, this.#left + 1);
  }
}
