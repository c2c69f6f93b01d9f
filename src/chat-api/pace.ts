import type { Deadline } from "./deadline.ts";
import { NotSent } from "./network-failure.ts";

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
  #tokens: number;
  #filledAt = performance.now();
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param perSecond at most so many requests in any second, 1 to 200 */
  constructor(perSecond: number) {
    this.#burst = Math.max(1, Math.floor(perSecond / 10));
    this.#perMs = (perSecond * 0.85) / 1000;
    this.#tokens = this.#burst;
  }

  /**
   * Waits for this request's turn.
   * @throws NotSent when the deadline ends first; the place in the queue is given up
   */
  turn(deadline: Deadline): Promise<void> {
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
        reject(new NotSent(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend"));
      });
      this.#serve();
    });
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
      if (this.#tokens < 1 || now < this.#heldUntil) break;
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
