import { describe, expect, test } from "vitest";
import { Deadline } from "../../../src/call/deadline.ts";
import type { NetworkFailure } from "../../../src/chat-api/errors/failure.ts";
import { RateLimiter } from "../../../src/chat-api/retry/rate-limiter.ts";
import { stopTime } from "../../support/clock.ts";

/** Asks for `count` turns at once. Returns when each was granted, in milliseconds from now, and the refusals. */
function acquireMany(limiter: RateLimiter, count: number, deadline: Deadline) {
  const startedAt = performance.now();
  const times: number[] = [];
  const failures: NetworkFailure[] = [];
  for (let index = 0; index < count; index += 1) {
    void limiter.acquire(deadline).then((failure) => {
      if (failure) failures.push(failure);
      else times.push(performance.now() - startedAt);
    });
  }
  return { times, failures };
}

/** The largest number of the sorted times in any window of one second. */
function busiestSecond(times: readonly number[]): number {
  let max = 0;
  let from = 0;
  for (const [at, time] of times.entries()) {
    while (time - (times[from] ?? 0) >= 1000) from += 1;
    max = Math.max(max, at - from + 1);
  }
  return max;
}

describe("the rate limiter", () => {
  test.each([
    [200, 4, 180.2],
    [50, 1, 45],
    [7, 1, 6.3],
    [1, 1, 0.9],
  ])("of %i a second grants a burst of %i and then %i a second", async (perSecond, burst, steady) => {
    const time = stopTime();
    const { times } = acquireMany(new RateLimiter(perSecond), 10_000, new Deadline(60_000));
    await time.pass(20_000);
    expect(times.filter((at) => at === 0)).toHaveLength(burst);
    expect(times.length - burst).toBeGreaterThan(20 * steady * 0.95 - 1);
    expect(times.length - burst).toBeLessThanOrEqual(20 * steady + 1);
    expect(busiestSecond(times)).toBeLessThanOrEqual(perSecond);
  });

  test.each([200, 50, 3])(
    "of %i a second never grants more in any second, however requests arrive",
    async (perSecond) => {
      const time = stopTime();
      const limiter = new RateLimiter(perSecond);
      const deadline = new Deadline(600_000);
      const startedAt = performance.now();
      const times: number[] = [];
      let seed = 20261122;
      for (let step = 0; step < 2_000; step += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        for (let count = seed % 5; count > 0; count -= 1) {
          void limiter.acquire(deadline).then((failure) => failure ?? times.push(performance.now() - startedAt));
        }
        await time.pass(seed % 37);
      }
      expect(times.length).toBeGreaterThan(perSecond * 5);
      expect(busiestSecond(times)).toBeLessThanOrEqual(perSecond);
    },
  );

  test("saves up no more than a burst in quiet times", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(200);
    await time.pass(60_000);
    const { times } = acquireMany(limiter, 100, new Deadline(60_000));
    await time.pass(1);
    expect(times).toHaveLength(4);
  });

  test("keeps the order, also past a request that gave up", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(10);
    const deadline = new Deadline(5_000);
    const gaveUp = new Deadline(5_000);
    const order: number[] = [];
    const all = Array.from({ length: 6 }, async (_, index) => {
      const failure = await limiter.acquire(index === 2 ? gaveUp : deadline);
      if (!failure) order.push(index);
      return failure?.reason;
    });
    gaveUp.cancel();
    await time.pass(5_000);
    expect(order).toEqual([0, 1, 3, 4, 5]);
    expect((await Promise.all(all))[2]).toBe("cancelledBeforeSending");
  });

  test("serves a request that comes while others wait, and one that comes after all were served", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(10);
    const deadline = new Deadline(60_000);
    const early = acquireMany(limiter, 2, deadline);
    await time.pass(50);
    const late = acquireMany(limiter, 1, deadline);
    await time.pass(2_400);
    expect([early.times, late.times]).toEqual([[0, expect.closeTo(92, -1)], [expect.closeTo(153, -1)]]);
    const last = acquireMany(limiter, 1, deadline);
    await time.pass(1);
    expect(last.times).toEqual([0]);
  });

  test("lets no request wait past its deadline", async () => {
    const time = stopTime();
    const { times, failures } = acquireMany(new RateLimiter(1), 2, new Deadline(999));
    await time.pass(5_000);
    expect([times, failures]).toMatchObject([
      [0],
      [{ reason: "noTimeToSend", detail: "its turn would come in 2 seconds" }],
    ]);
  });

  test("says meanwhile that the call waits for its turn", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(1);
    const deadline = new Deadline(5_000);
    acquireMany(limiter, 2, deadline);
    expect(deadline.waitingFor).toContain("request limit");
    await time.pass(1_500);
    expect(deadline.waitingFor).toBeUndefined();
  });
});

describe("a pause", () => {
  test("stops every request, the longer of two, and starts again slowly", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(200);
    limiter.pauseFor(300);
    limiter.pauseFor(100);
    const { times } = acquireMany(limiter, 20, new Deadline(5_000));
    await time.pass(5_000);
    expect(times[0]).toBeGreaterThanOrEqual(300);
    expect(times[0]).toBeLessThan(320);
    expect(times).toHaveLength(20);
    expect((times[9] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(90); // at half the speed
  });

  test("that asks for more than the call has left fails at once", async () => {
    stopTime();
    const limiter = new RateLimiter(200);
    limiter.pauseFor(60_000);
    expect(await limiter.acquire(new Deadline(30_000))).toMatchObject({
      reason: "noTimeToSend",
      detail: "the service, or a gateway, asked for a pause; its turn would come in 60 seconds",
    });
  });

  test("that begins while requests wait stops them too", async () => {
    const time = stopTime();
    const limiter = new RateLimiter(10);
    const { times } = acquireMany(limiter, 3, new Deadline(5_000));
    await time.pass(50);
    limiter.pauseFor(1_000);
    await time.pass(4_000);
    expect(times[0]).toBe(0);
    expect(times[1]).toBeGreaterThanOrEqual(1_050);
    expect(times).toHaveLength(3);
  });
});

describe("a request that cannot be served in time", () => {
  test("fails at once, and says when its turn would come", async () => {
    const time = stopTime();
    const { failures } = acquireMany(new RateLimiter(10), 100, new Deadline(1_000));
    await time.pass(0);
    // As many can wait as a second serves.
    expect(failures.length).toBeGreaterThan(100 - 12);
    expect(failures.length).toBeLessThan(100 - 8);
    expect(failures[0]).toMatchObject({ reason: "noTimeToSend", detail: "its turn would come in 2 seconds" });
  });

  test("because its time is over already, says why", async () => {
    stopTime();
    const over = new Deadline(1_000);
    over.cancel();
    const limiter = new RateLimiter(1);
    expect(await limiter.acquire(over)).toMatchObject({ reason: "cancelledBeforeSending" });
    expect(await limiter.acquire(new Deadline(1_000))).toBeUndefined(); // it took no turn
  });
});

test("a call that is cancelled while it waits leaves its turn to the next one", async () => {
  const time = stopTime();
  const limiter = new RateLimiter(1);
  expect(await limiter.acquire(new Deadline(60_000))).toBeUndefined();
  const cancelled = new Deadline(60_000);
  const unwanted = limiter.acquire(cancelled);
  const { times } = acquireMany(limiter, 2, new Deadline(60_000));
  cancelled.cancel();
  expect(await unwanted).toMatchObject({ reason: "cancelledBeforeSending" });
  await time.pass(1_200);
  expect(times).toHaveLength(1);
});

test("calls that have had their turn make no later one wait", async () => {
  const time = stopTime();
  const limiter = new RateLimiter(10);
  const { times } = acquireMany(limiter, 50, new Deadline(60_000));
  await time.pass(60_000);
  expect(times).toHaveLength(50);
  expect(await limiter.acquire(new Deadline(1_000))).toBeUndefined();
});

test("after the process stood still, calls whose time is over by now end before anything is let out", async () => {
  const limiter = new RateLimiter(2);
  expect(await limiter.acquire(new Deadline(10_000))).toBeUndefined();
  const waiting = limiter.acquire(new Deadline(700)); // its turn would come some 150 ms earlier
  const until = performance.now() + 2_000;
  while (performance.now() < until); // as if the machine slept: every timer is late
  expect(await waiting).toMatchObject({ reason: "noTimeToSend" });
});
