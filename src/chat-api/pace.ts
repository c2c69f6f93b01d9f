import type { Deadline } from "./deadline.ts";
import { NotSent } from "./network-failure.ts";

// Between here and the service a network bunches what was sent apart, and the service counts what arrives. So the pace
// stays below the limit, and what starts is counted over more than a second.
const SHARE_OF_LIMIT = 0.8;
const MOST_OF_LIMIT = 0.95;
const COUNTED_MS = 1_150;

interface Waiting {
  readonly go: () => void;
}

/**
 * Lets requests to one command out in the order they came, never more than the limit in any second, and holds the
 * whole queue when the service asks for fewer. A bucket of tokens: the burst and one second of refill together stay
 * below the limit, with room for a network that bunches what was sent apart.
 */
export class Pace {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #queue = new Set<Waiting>();
  readonly #most: number;
  /** When the last requests started, the oldest first; at most as many as one second allows. */
  readonly #started: number[] = [];
  #tokens: number;
  #filledAt = performance.now();
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param perSecond at most so many requests in any second, 1 to 200 */
  constructor(perSecond: number) {
    this.#most = Math.max(1, Math.floor(perSecond * MOST_OF_LIMIT));
    this.#burst = Math.max(1, Math.floor(perSecond / 13));
    this.#perMs = (perSecond * SHARE_OF_LIMIT) / 1000;
    this.#tokens = this.#burst;
  }

  /**
   * Waits for this request's turn.
   * @throws NotSent when the deadline ends first, or at once where so many wait that it would
   */
  turn(deadline: Deadline): Promise<void> {
    const ahead = this.#queue.size;
    if (ahead / this.#perMs > deadline.remainingMs && !deadline.ended) {
      return Promise.reject(new NotSent("noTimeToSend", `${ahead.toLocaleString("en-US")} requests wait already`));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        go: () => {
          stopListening();
          resolve();
        },
      };
      this.#queue.add(waiting);
      const stopListening = deadline.onEnd((end) => {
        this.#queue.delete(waiting);
        reject(NotSent.before(end));
      });
      this.#serve();
    });
  }

  /**
   * To be asked in the moment a request would go out on its connection, and counts it if it may. Turns are given well
   * apart, but connections that were slow to come up can let many go at once.
   */
  mayStart(): boolean {
    const now = performance.now();
    if (now < this.#heldUntil) return false;
    while (now - (this.#started[0] ?? now) > COUNTED_MS) this.#started.shift();
    if (this.#started.length >= this.#most) return false;
    this.#started.push(now);
    return true;
  }

  /** Holds every request of this command for at least so many milliseconds. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms);
    this.#tokens = 0;
  }

  #serve(): void {
    if (this.#timer) return;
    const now = performance.now();
    this.#refill(now);
    for (const waiting of this.#queue) {
      if (this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#queue.delete(waiting);
      waiting.go();
    }
    if (this.#queue.size === 0) return;
    const wait = Math.max((1 - this.#tokens) / this.#perMs, this.#heldUntil - now, 1);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, Math.ceil(wait));
  }

  #refill(now: number): void {
    const from = Math.max(this.#filledAt, this.#heldUntil);
    if (now > from) this.#tokens = Math.min(this.#burst, this.#tokens + (now - from) * this.#perMs);
    this.#filledAt = now;
  }
}
