import type { Deadline } from "../chat-api/deadline.ts";
import { NotSent } from "../chat-api/network-failure.ts";

/**
 * Writes to one channel, one after another in the order received; different channels side by side. So a late
 * attempt never overtakes a newer edit.
 */
export class ChannelQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Does the work when all earlier work on this channel is done.
   *
   * @param work may keep the channel closed for so many milliseconds after it, by calling `hold`
   * @throws NotSent where the deadline ends before the turn comes; and whatever the work throws
   */
  async inTurn<T>(channel: string, deadline: Deadline, work: (hold: (ms: number) => void) => Promise<T>): Promise<T> {
    const earlier = this.#tails.get(channel) ?? Promise.resolve();
    const { promise: mine, resolve: leave } = deferred();
    const tail = earlier.then(() => mine);
    this.#tails.set(channel, tail);
    void tail.then(() => {
      if (this.#tails.get(channel) === tail) this.#tails.delete(channel);
    });

    let heldMs = 0;
    try {
      const end = await deadline.race(earlier);
      if (end) throw NotSent.before(end);
      return await work((ms) => {
        heldMs = Math.max(heldMs, ms);
      });
    } finally {
      if (heldMs > 0) setTimeout(leave, heldMs).unref();
      else leave();
    }
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
