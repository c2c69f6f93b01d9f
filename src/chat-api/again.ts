import type { Deadline } from "./deadline.ts";
import type { Kind } from "./error-codes/index.ts";
import { NotSent, NoValidAnswer } from "./network-failure.ts";
import { ServiceRefusal } from "./service-refusal.ts";

/** What may be sent again, after which pause, and how often. */

/** Requests sent at most for one call to one command. */
const MOST_ATTEMPTS = 3;
/** The first pause is anywhere up to so many milliseconds (full jitter), the next up to twice that. */
const FIRST_PAUSE_MS = 250;
/** After a rate code the whole queue waits from one to one and a half seconds; no Retry-After is documented. */
const RATE_PAUSE_MS = 1_000;
/** How often each kind of refusal is sent again, within MOST_ATTEMPTS. */
const TIMES_AGAIN: Readonly<Record<Kind, number>> = {
  unknown: 0,
  request: 0,
  config: 0,
  credentials: 0, // repeated failures lock the account (70050)
  signAgain: 1, // with a new signature
  once: 1, // the pages disagree on what it means
  rate: MOST_ATTEMPTS,
  transient: MOST_ATTEMPTS,
};

/** What to do after a failure: nothing more, or another attempt. */
export interface Again {
  /** Milliseconds to wait first. */
  readonly pauseMs: number;
  /** True if the request needs a new signature. */
  readonly signsAgain: boolean;
  /** True if it may only go while the budget for attempts in an outage lasts. */
  readonly costs: boolean;
}

/** What was tried so far for one call. */
export interface Tried {
  /** Requests sent or tried. */
  readonly attempts: number;
  /** How often the service refused with a code of the same kind as now. */
  readonly timesOfKind: number;
  /** True for a modify: what was sent without a valid answer is then read back, not sent again. */
  readonly writes: boolean;
}

/** Decides whether a failed attempt may be followed by another; undefined where the failure is the answer. */
export function mayGoAgain(failure: unknown, { attempts, timesOfKind, writes }: Tried): Again | undefined {
  if (attempts >= MOST_ATTEMPTS) return undefined;
  const pauseMs = Math.random() * FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1);
  const soon: Again = { pauseMs, signsAgain: false, costs: true };
  const slower: Again = { pauseMs: holdMs(failure), signsAgain: false, costs: false };

  if (failure instanceof NotSent) {
    if (failure.reason === "keptBack") return { ...soon, costs: false };
    return failure.mayHelpAgain ? soon : undefined;
  }
  if (failure instanceof NoValidAnswer) {
    if (slower.pauseMs > 0) return slower;
    return failure.mayHelpAgain && !writes ? soon : undefined;
  }
  if (failure instanceof ServiceRefusal) {
    const { kind } = failure.meaning;
    if (timesOfKind > TIMES_AGAIN[kind]) return undefined;
    if (kind === "rate") return slower;
    return kind === "signAgain" ? { pauseMs: 0, signsAgain: true, costs: false } : soon;
  }
  return undefined;
}

/** Milliseconds that every request to the command must wait after this failure: 0, or the pause after a rate code. */
export function holdMs(failure: unknown): number {
  const isRate =
    (failure instanceof ServiceRefusal && failure.meaning.kind === "rate") ||
    (failure instanceof NoValidAnswer && failure.reason === "tooManyRequests");
  return isRate ? RATE_PAUSE_MS * (1 + Math.random() / 2) : 0;
}

/**
 * Milliseconds one attempt may take: longer than the 3 seconds after which the service itself gives up, and short
 * enough to leave time for another, or for reading back what a write did.
 */
export function attemptMs(deadline: Deadline, writes: boolean): number {
  const share = Math.max(deadline.totalMs / 3, 4_000);
  return Math.min(share, writes ? deadline.remainingMs * 0.6 : deadline.remainingMs);
}

/**
 * Keeps an outage from being answered by a storm: ten attempts more than one a call, and one more for each call that
 * went well. When they are used up, every call still gets its one attempt.
 */
export class RetryBudget {
  static readonly most = 10;
  #left = RetryBudget.most;

  /** Takes one; false if there is none. */
  take(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Gives one back: a call went well. */
  giveBack(): void {
    this.#left = Math.min(RetryBudget.most, this.#left + 1);
  }
}
