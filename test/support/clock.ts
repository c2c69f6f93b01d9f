import { onTestFinished, vi } from "vitest";

/** Time that passes when a test says so: timers and clocks do not move by themselves. Not for sockets. */
export function stopTime(): { pass(ms: number): Promise<unknown> } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 1_000_000 });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { pass: (ms) => vi.advanceTimersByTimeAsync(ms) };
}

/** Waits until something is true; for long, because the machine may be busy. */
export function waitUntil(condition: () => boolean): Promise<true> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 10 });
}
