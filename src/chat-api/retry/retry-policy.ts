import type { CodeKind } from "../errors/codes/family.ts";
import { type Failure, isOutcomeUnknown, isTransient, wasSent } from "../errors/failure.ts";
import { WRITE_TIMEOUT_MS } from "../limits.ts";
import type { Deadline } from "./deadline.ts";

/** What may be sent again, after which pause, and how often. */

/** Maximum attempts of one call to one command, sent or not. */
const MAX_ATTEMPTS = 3;
/** The first pause is random up to this many milliseconds (full jitter), the next up to twice that. */
const FIRST_PAUSE_MS = 250;
/** After a rate code the whole command pauses for 1 to 1.5 seconds; no Retry-After is documented. */
const RATE_PAUSE_MS = 1_000;
/** Retries of each kind of code, within MAX_ATTEMPTS. */
const MAX_RETRIES: Readonly<Record<CodeKind, number>> = {
  unlisted: 0,
  request: 0,
  config: 0,
  credentials: 0, // repeated failures lock the account (70050)
  expired: 1,
  disputed: 1,
  rate: MAX_ATTEMPTS,
  transient: MAX_ATTEMPTS,
};

/** What happened so far in one call. */
export interface AttemptState {
  /** Attempts so far: requests sent, or connections tried. */
  readonly attempts: number;
  /** Answers with a code of the same kind as this one, this one included. */
  readonly timesOfKind: number;
  /** Earlier attempts of this call that broke like a connection that was closed while idle. */
  readonly staleConnections: number;
  /** True for a modify call: what was sent and may have been carried out is never sent again unread. */
  readonly isWrite: boolean;
  /** False with a ready-made UserSig, which cannot be made again here. */
  readonly canRefreshSignature: boolean;
}

/** How to make the next attempt. */
export interface RetryDecision {
  readonly pauseMs: number;
  /** True if the attempt needs a place in the retry budget. */
  readonly usesRetryBudget: boolean;
}

/** Decides whether another attempt may follow a failure; undefined where the failure ends the call. */
export function decideRetry(failure: Failure, state: AttemptState): RetryDecision | undefined {
  const { attempts, timesOfKind, staleConnections, isWrite, canRefreshSignature } = state;
  if (attempts >= MAX_ATTEMPTS) return undefined;
  if (isWrite && wasSent(failure) && isOutcomeUnknown(failure)) return undefined;
  const atOnce: RetryDecision = { pauseMs: 0, usesRetryBudget: false };
  const backOff: RetryDecision = { ...atOnce, pauseMs: backOffMs(attempts), usesRetryBudget: true };

  if (failure.kind === "network") {
    if (failure.reason === "tooManyRequests") return atOnce; // the rate limiter makes the pause
    if (failure.isStaleConnection && staleConnections === 0) return atOnce;
    return isTransient(failure) ? backOff : undefined;
  }
  const { kind } = failure.meaning;
  if (timesOfKind > MAX_RETRIES[kind]) return undefined;
  if (kind === "rate") return atOnce;
  if (kind === "expired") return canRefreshSignature ? atOnce : undefined;
  return backOff;
}

function backOffMs(attempts: number): number {
  return Math.random() * FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1);
}

/** Milliseconds that every request to the command must wait after this failure: 0, or the pause after a rate code. */
export function ratePauseMs(failure: Failure): number {
  const isRate = failure.kind === "code" ? failure.meaning.kind === "rate" : failure.reason === "tooManyRequests";
  return isRate ? RATE_PAUSE_MS * (1 + Math.random() / 2) : 0;
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
