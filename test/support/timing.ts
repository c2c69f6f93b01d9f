import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect } from "vitest";

/**
 * Milliseconds that a piece of work took, less the longest time this process stood still in it: on a busy machine the
 * test's own clock is late, and that is no fault of the code under test.
 */
export async function msOf(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  await work();
  const took = performance.now() - startedAt;
  delay.disable();
  return took - delay.max / 1e6;
}

/**
 * Measures up to eight times until a figure was below the limit: what a busy machine adds now and then is no fault of
 * the code under test, what is added each time is.
 */
export async function expectBelow(limit: number, measure: () => Promise<number>): Promise<void> {
  const figures: number[] = [];
  while (figures.length < 8 && !figures.some((figure) => figure < limit)) figures.push(await measure());
  expect(Math.min(...figures)).toBeLessThan(limit);
}
