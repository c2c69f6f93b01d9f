import type { Deadline, DeadlineEnd } from "../call/deadline.ts";

/** The lock of one channel, or of one subscriber of a channel. */
export interface EditLock {
  /** Nobody else gets it before this time (milliseconds of `performance.now`), even after `release`. */
  holdUntil(time: number): void;
  release(): void;
}

/** Edits of the same thing run one after another, in the order received; others side by side. */
export class EditLocks {
  readonly #queues = new Map<string, { freed: Promise<void>; length: number }>();

  /**
   * Waits until the lock is free and what it protects is settled. Otherwise returns why the time ended, and how many
   * edits were ahead.
   * @param waitingFor what holds the lock, for progress notifications
   */
  async acquire(
    key: string,
    deadline: Deadline,
    waitingFor: string,
  ): Promise<EditLock | { readonly ended: DeadlineEnd; readonly ahead: number }> {
    const queue = this.#queues.get(key) ?? { freed: Promise.resolve(), length: 0 };
    this.#queues.set(key, queue);
    const { freed: earlier, length: ahead } = queue;
    let unlock = () => {};
    const mine = new Promise<void>((resolve) => {
      unlock = resolve;
    });
    queue.length += 1;
    queue.freed = earlier.then(() => mine);
    void queue.freed.then(() => {
      queue.length -= 1;
      if (queue.length === 0) this.#queues.delete(key);
    });

    const ended = await deadline.race(earlier, waitingFor);
    if (ended) {
      unlock();
      return { ended, ahead };
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
