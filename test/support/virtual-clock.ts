import { onTestFinished } from "vitest";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A clock of the test's own for timers and `performance.now`: it jumps from timer to timer, so that minutes of waiting
 * take milliseconds. Not for sockets.
 */
export class VirtualClock {
  now = 0;
  readonly #timers: Timer[] = [];
  #order = 0;

  /** Replaces the global timers until the test ends. */
  static install(): VirtualClock {
    const clock = new VirtualClock();
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const realNow = Object.getOwnPropertyDescriptor(performance, "now");
    onTestFinished(() => {
      Object.assign(globalThis, real);
      if (realNow) Object.defineProperty(performance, "now", realNow);
      else Reflect.deleteProperty(performance, "now");
    });
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => clock.#set(run, ms),
      clearTimeout: (timer: unknown) => clock.#clear(timer),
    });
    Object.defineProperty(performance, "now", { value: () => clock.now, configurable: true });
    return clock;
  }

  #set(run: () => void, ms: number): object {
    const timer = { at: this.now + Math.max(0, ms), order: this.#order++, run };
    this.#timers.push(timer);
    return Object.assign(timer, { unref: () => timer });
  }

  #clear(timer: unknown): void {
    const at = this.#timers.indexOf(timer as Timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** Runs timers in their order until the promise settles. Fails if nothing is left to run before that. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve)); // every promise that can go on does
      if (isSettled) return settled;
      let next = this.#timers[0];
      for (const timer of this.#timers) {
        if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
      }
      if (!next) throw new Error("nothing is left to run");
      this.#clear(next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
  }

  /** Waits in virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#set(resolve, ms));
  }
}
