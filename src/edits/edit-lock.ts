import type { Deadline, DeadlineEnd } from "../chat-api/retry/deadline.ts";

/** The lock of one channel, or of one subscriber of a channel. Release it once; `keepLockedFor` delays that. */
export interface EditLock {
  /** Keeps it locked for at least `ms` milliseconds from now, even after `release`. */
  keepLockedFor(ms: number): void;
  release(): void;
}

/** Edits of the same thing run one after another, in the order received; others side by side. */
export class EditLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Waits for the lock. Returns why the time ended, if it ended first.
   * @param waitingFor what holds the lock, for progress notifications
   */
  async acquire(key: string, deadline: Deadline, waitingFor: string): Promise<EditLock | DeadlineEnd> {
    const earlier = this.#tails.get(key);
    let unlock = () => {};
    const mine = new Promise<void>((resolve) => {
      unlock = resolve;
    });
    const tail = earlier ? earlier.then(() => mine) : mine;
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });

    const end = earlier ? await deadline.race(earlier, waitingFor) : deadline.ended;
    if (end) {
      unlock();
      return end;
    }
    let heldUntil = 0;
    return {
      keepLockedFor(ms) {
        heldUntil = Math.max(heldUntil, performance.now() + ms);
      },
      release() {
        const leftMs = heldUntil - performance.now();
        if (leftMs > 0) setTimeout(unlock, leftMs).unref();
        else unlock();
      },
    };
  }
}
