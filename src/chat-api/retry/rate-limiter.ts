import type { Deadline } from "../../call/deadline.ts";
import { plural } from "../../text/text.ts";
import { endedBeforeSending, type NetworkFailure } from "../errors/failure.ts";

/** The service counts at its side, where requests arrive bunched after a slow connection: so much room stays free. */
const HEADROOM = 1.11;
/** Unused turns of the past milliseconds, at most of this many, may be taken at once. */
const CATCH_UP_MS = 20;
/** After the service asked for fewer requests, they go out at half the speed for this many milliseconds. */
const SLOW_MS = 10_000;
const WAITING_FOR = "its turn under the request limit";

/** Lets requests to one command out in the order they came, each at a turn of its own. */
export class RateLimiter {
  readonly #spacingMs: number;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** When the next request may go out (milliseconds of `performance.now`). */
  #nextTurn = Number.NEGATIVE_INFINITY;
  #slowUntil = 0;

  /** @param perSecond maximum requests in any second, 1 to 200 */
  constructor(perSecond: number) {
    this.#spacingMs = (1000 * HEADROOM) / perSecond;
  }

  /** Waits for a turn. Returns undefined when it came; else why not: it comes too late, or the deadline ended first. */
  async acquire(deadline: Deadline): Promise<NetworkFailure | undefined> {
    const waitMs = Math.max(0, this.#nextTurn - performance.now()) + this.#waiting * this.#spacingMs;
    if (waitMs >= deadline.remainingMs) {
      const why = performance.now() < this.#slowUntil ? "the service, or a gateway, asked for a pause; " : "";
      const detail = `${why}its turn would come in ${plural(Math.ceil(waitMs / 1000), "second")}`;
      return endedBeforeSending(deadline.ended ?? "timeout", detail);
    }
    this.#waiting += 1;
    this.#queue = this.#queue.then(() => this.#takeTurn(deadline));
    await deadline.race(this.#queue, WAITING_FOR);
    return deadline.remainingMs === 0 ? endedBeforeSending(deadline.ended ?? "timeout") : undefined;
  }

  async #takeTurn(deadline: Deadline): Promise<void> {
    while (!deadline.ended && this.#nextTurn > performance.now()) {
      await deadline.sleepUntil(this.#nextTurn, WAITING_FOR);
    }
    this.#waiting -= 1;
    if (deadline.remainingMs === 0) return; // it leaves its turn to the next one
    const now = performance.now();
    this.#nextTurn = Math.max(this.#nextTurn, now - CATCH_UP_MS) + this.#spacingMs * (now < this.#slowUntil ? 2 : 1);
  }

  /** Stops every request of this command for at least `ms` milliseconds, and slows them down after that. */
  pauseFor(ms: number): void {
    this.#nextTurn = Math.max(this.#nextTurn, performance.now() + ms);
    this.#slowUntil = this.#nextTurn + SLOW_MS;
  }
}
