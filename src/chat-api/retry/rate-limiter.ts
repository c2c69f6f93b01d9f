import type { Deadline, DeadlineEnd } from "../../call/deadline.ts";
import { type NetworkFailure, networkFailure } from "../errors/failure.ts";

/** The share of the limit that may go out at once after an idle period; the rest is refilled evenly over each second. */
const BURST_SHARE = 0.02;
/** The service counts at its side, where requests arrive bunched after a slow connection: so much room stays free. */
const HEADROOM = 1.11;
/** After the service asked for fewer requests, they go out at half the speed for this many milliseconds. */
const SLOW_MS = 10_000;

/** Lets requests to one command out in the order they came: a token bucket. */
export class RateLimiter {
  readonly #burst: number;
  readonly #refillPerMs: number;
  readonly #queue = new Set<() => void>();
  #tokens: number;
  #filledAt = performance.now();
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param perSecond maximum requests in any second, 1 to 200 */
  constructor(perSecond: number) {
    this.#burst = Math.max(1, Math.floor(perSecond * BURST_SHARE));
    // With a burst of one, requests are spaced evenly at the limit; a larger burst is a part of its second's limit.
    this.#refillPerMs = (this.#burst === 1 ? perSecond : perSecond - this.#burst) / HEADROOM / 1000;
    this.#tokens = this.#burst;
  }

  /**
   * Waits for a token. Returns undefined when it got one; else why not: the deadline ended first, or would end before
   * a pause that the service asked for, or before the requests that wait already are out.
   */
  async acquire(deadline: Deadline): Promise<NetworkFailure | undefined> {
    if (deadline.ended) return tooLate(deadline.ended);
    const pauseMs = this.#pausedUntil - performance.now();
    if (pauseMs > deadline.remainingMs) {
      return networkFailure("noTimeToSend", `the service asked for a pause of ${Math.ceil(pauseMs / 1000)} seconds`);
    }
    const ahead = this.#queue.size;
    if (ahead / this.#refillPerMs > deadline.remainingMs) {
      return networkFailure("noTimeToSend", `${ahead.toLocaleString("en-US")} requests are waiting already`);
    }
    let proceed = () => {};
    const token = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    this.#queue.add(proceed);
    this.#serve();
    const end = await deadline.race(token, "its turn under the request limit");
    // Where the process stood still (a laptop that slept), the turn can come before the deadline's own late timer.
    if (!end && deadline.remainingMs > 0) return undefined;
    this.#queue.delete(proceed);
    return tooLate(end ?? "timeout");
  }

  /** Stops every request of this command for at least `ms` milliseconds, and slows them down after that. */
  pauseFor(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms);
    this.#tokens = 0;
  }

  #serve(): void {
    if (this.#timer) return;
    const now = performance.now();
    this.#refill(now);
    for (const proceed of this.#queue) {
      if (this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#queue.delete(proceed);
      proceed();
    }
    if (this.#queue.size === 0) return;
    const waitMs = Math.max((1 - this.#tokens) / this.#speedAt(now), this.#pausedUntil - now, 1);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, Math.ceil(waitMs));
  }

  #refill(now: number): void {
    const from = Math.max(this.#filledAt, this.#pausedUntil);
    if (now > from) this.#tokens = Math.min(this.#burst, this.#tokens + (now - from) * this.#speedAt(now));
    this.#filledAt = now;
  }

  /** Tokens per millisecond. */
  #speedAt(now: number): number {
    const isSlow = this.#pausedUntil > 0 && now < this.#pausedUntil + SLOW_MS;
    return isSlow ? this.#refillPerMs / 2 : this.#refillPerMs;
  }
}

function tooLate(end: DeadlineEnd): NetworkFailure {
  return networkFailure(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend");
}
