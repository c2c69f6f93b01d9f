import type { Deadline } from "./deadline.ts";
import { NotSent } from "./network-failure.ts";

/** A second is taken so many milliseconds longer, for a network that bunches what was sent apart. */
const SLACK_MS = 50;

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
  readonly #perSecond: number;
  /** When the last requests started, the oldest first; at most as many as one second allows. */
  readonly #started: number[] = [];
  #tokens: number;
  #filledAt = performance.now();
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param perSecond at most so many requests in any second, 1 to 200 */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
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

  /**
   * To be asked in the moment a request would go out on its connection, and counts it if it may. Turns are given well
   * apart, but connections that were slow to come up can let many go at once.
   */
  mayStart(): boolean {
    const now = performance.now();
    while (now - (this.#started[0] ?? now) > 1000 + SLACK_MS) this.#started.shift();
    if (this.#started.length >= this.#perSecond) return false;
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
