import type { Deadline } from "../../call/deadline.ts";
import { type Failure, isRateLimited, isTransient, replyKindOf } from "../errors/failure.ts";
import { WRITE_TIMEOUT_MS } from "../limits.ts";

/** What may be sent again, after which pause, and how often. */

/** Maximum attempts of one call to one command, sent or not, beside one with a new signature. */
const MAX_ATTEMPTS = 4;
/**
 * Keeps an outage from being answered by a storm: so many retries of a command, and one more for each call that succeeds.
 * A second's worth at the highest rate: a gateway that starts anew breaks every connection at once.
 */
export const RETRY_BUDGET = 200;
/** The first pause is random up to this many milliseconds (full jitter), the next up to twice that. */
const FIRST_PAUSE_MS = 250;
/** After a rate code without Retry-After the whole command pauses for 1 to 1.5 seconds. */
const RATE_PAUSE_MS = 1_000;

/**
 * The milliseconds to wait before another attempt; undefined where the failure ends the call. An attempt at once (0)
 * needs no place in the retry budget: the rate limiter bounds those.
 *
 * @param attempts so far
 * @param isFirstOfKind true if no earlier answer of the call had a code of this kind
 * @param isRepeatable false for the edit of a channel: without a valid answer it is read back, not sent again
 */
export function retryPauseMs(
  failure: Failure,
  attempts: number,
  isFirstOfKind: boolean,
  isRepeatable: boolean,
): number | undefined {
  if (attempts >= MAX_ATTEMPTS || (!isRepeatable && replyKindOf(failure) === "noAnswer")) return undefined;
  if (isRateLimited(failure)) return 0; // the rate limiter makes the pause
  const isDisputed = failure.kind === "code" && failure.code.kind === "disputed";
  if (!isTransient(failure) && !(isDisputed && isFirstOfKind)) return undefined;
  return Math.max(Math.random() * FIRST_PAUSE_MS * 2 ** (attempts - 1), failure.retryAfterMs ?? 1);
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
