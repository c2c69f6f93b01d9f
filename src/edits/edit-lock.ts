import type { Deadline } from "../call/deadline.ts";
import { endedBeforeSending } from "../chat-api/errors/failure.ts";
import { explain, type FailedCall } from "../explanations/explain.ts";

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
   * Waits until the lock is free and what it protects is settled.
   * @throws ExplainedError where the time of the call ends first
   */
  async acquire(key: string, what: "channel" | "subscriber", deadline: Deadline, call: FailedCall): Promise<EditLock> {
    const earlier = this.#queues.get(key) ?? Promise.resolve();
    let unlock = () => {};
    const mine = new Promise<void>((resolve) => {
      unlock = resolve;
    });
    const queue = earlier.then(() => mine);
    this.#queues.set(key, queue);
    void queue.then(() => this.#queues.get(key) === queue && this.#queues.delete(key));
    const end = await deadline.race(earlier, `an earlier edit of the same ${what}`);
    if (end) {
      unlock();
      const detail = `earlier edits of the same ${what} came first; they run one at a time, a few seconds each`;
      throw explain(endedBeforeSending(end, detail), call, "No edit was sent.");
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
