import type { Deadline } from "../../call/deadline.ts";
import type { CodeKind } from "../errors/error-codes.ts";
import { type Failure, isRateLimited, isTransient, replyKindOf } from "../errors/failure.ts";
import { WRITE_TIMEOUT_MS } from "../limits.ts";

/** What may be sent again, after which pause, and how often. */

/** Maximum attempts of one call to one command, sent or not. */
const MAX_ATTEMPTS = 4;
/** The first pause is random up to this many milliseconds (full jitter), the next up to twice that. */
const FIRST_PAUSE_MS = 250;
/** After a rate code without Retry-After the whole command pauses for 1 to 1.5 seconds. */
const RATE_PAUSE_MS = 1_000;
/** Retries of each kind of code, within MAX_ATTEMPTS. */
const MAX_RETRIES: Readonly<Record<CodeKind, number>> = {
  unlisted: 0,
  request: 0,
  config: 0,
  credentials: 1, // with another credential alone: repeated failures lock the account (70050)
  expired: 1,
  disputed: 1,
  rate: MAX_ATTEMPTS,
  transient: MAX_ATTEMPTS,
};

/** What happened so far in one call. */
export interface CallState {
  /** Attempts so far: requests sent, or connections tried. */
  readonly attempts: number;
  /** Answers with a code of the same kind as this one, this one included. */
  readonly timesOfKind: number;
  /** False for the edit of a channel: without a valid answer it is read back, not sent again. */
  readonly isRepeatable: boolean;
  /** True if the next attempt is signed otherwise than one that the service refused. */
  readonly hasNewSignature: boolean;
}

/** How to make the next attempt. */
export interface RetryDecision {
  readonly pauseMs: number;
  /** True if the attempt needs a place in the retry budget. */
  readonly usesRetryBudget: boolean;
}

/** Decides whether another attempt may follow a failure; undefined where the failure ends the call. */
export function decideRetry(failure: Failure, state: CallState): RetryDecision | undefined {
  const { attempts, timesOfKind, isRepeatable, hasNewSignature } = state;
  if (attempts >= MAX_ATTEMPTS) return undefined;
  if (!isRepeatable && replyKindOf(failure) === "noAnswer") return undefined;
  const atOnce: RetryDecision = { pauseMs: 0, usesRetryBudget: false };
  if (isRateLimited(failure)) return atOnce; // the rate limiter makes the pause
  const backOff = { pauseMs: Math.max(backOffMs(attempts), failure.retryAfterMs ?? 0), usesRetryBudget: true };
  if (failure.kind === "network") return isTransient(failure) ? backOff : undefined;
  const { kind } = failure.code;
  if (timesOfKind > MAX_RETRIES[kind]) return undefined;
  if (kind === "expired" || kind === "credentials") return hasNewSignature ? atOnce : undefined;
  return backOff;
}

function backOffMs(attempts: number): number {
  return Math.random() * FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1);
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
