import type { Deadline } from "../call/deadline.ts";

/** The lock of one channel, or of one subscriber of a channel. */
export interface EditLock {
  /** Nobody else gets it before this time (milliseconds of `performance.now`), even after `release`. */
  holdUntil(time: number): void;
  release(): void;
}

/** Edits of the same thing run one after another, in the order received; others side by side. */
export class EditLocks {
  /** By key, what resolves when the last edit in the queue lets go. */
  readonly #queues = new Map<string, Promise<void>>();

  /**
   * Waits until the lock is free and what it protects is settled. Returns undefined where the time ended first.
   * @param waitingFor what holds the lock, for progress notifications
   */
  async acquire(key: string, deadline: Deadline, waitingFor: string): Promise<EditLock | undefined> {
    const earlier = this.#queues.get(key) ?? Promise.resolve();
    let unlock = () => {};
    const mine = new Promise<void>((resolve) => {
      unlock = resolve;
    });
    const queue = earlier.then(() => mine);
    this.#queues.set(key, queue);
    void queue.then(() => this.#queues.get(key) === queue && this.#queues.delete(key));
    if (await deadline.race(earlier, waitingFor)) {
      unlock();
      return undefined;
    }
    let heldUntil = 0;
    return {
      holdUntil(time) {
        heldUntil = Math.max(heldUntil, time);
      },
      release() {
        const leftMs = heldUntil - performance.now();
        if (leftMs > 0) setTimeout(unlock, Math.ceil(leftMs) + 1).unref();
        else unlock();
      },
    };
  }
}
