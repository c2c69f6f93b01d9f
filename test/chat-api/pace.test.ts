import { describe, expect, test } from "vitest";
import { Deadline } from "../../src/chat-api/deadline.ts";
import type { NotSent } from "../../src/chat-api/network-failure.ts";
import { Pace } from "../../src/chat-api/pace.ts";
import { stopTime } from "../support/clock.ts";

/** Asks for so many turns at once. Gives back when each came that was taken, in milliseconds from now. */
function askFor(pace: Pace, count: number, deadline: Deadline): { times: number[]; refusals: NotSent[] } {
  const startedAt = performance.now();
  const times: number[] = [];
  const refusals: NotSent[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    pace.turn(deadline).then(
      () => pace.mayStart() && times.push(performance.now() - startedAt),
      (refusal: NotSent) => refusals.push(refusal),
    );
  }
  return { times, refusals };
}

/** The most of the sorted times that fall into any window of one second. */
function busiestSecond(times: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [at, time] of times.entries()) {
    while (time - (times[from] ?? 0) >= 1000) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

describe("the pace of requests", () => {
  test.each([
    [200, 15, 160],
    [50, 3, 40],
    [7, 1, 5.6],
    [1, 1, 0.8],
  ])("of %i a second lets out a burst of %i and then %f a second", async (perSecond, burst, steady) => {
    const time = stopTime();
    const { times } = askFor(new Pace(perSecond), 10_000, new Deadline(60_000));
    await time.pass(0);
    expect(times).toEqual(Array.from({ length: burst }, () => 0));
    await time.pass(20_000);
    // Every turn ends in whole milliseconds, so it may come up to one too late.
    expect(times.length - burst).toBeGreaterThan(20 * steady * 0.85 - 1);
    expect(times.length - burst).toBeLessThanOrEqual(20 * steady);
    expect(busiestSecond(times)).toBeLessThanOrEqual(perSecond);
  });

  test("saves up no more than a burst in quiet times", async () => {
    const time = stopTime();
    const pace = new Pace(200);
    await time.pass(60_000);
    const { times } = askFor(pace, 100, new Deadline(60_000));
    await time.pass(0);
    expect(times).toHaveLength(15);
  });

  test("keeps the order, also past one who gave up", async () => {
    const time = stopTime();
    const pace = new Pace(10);
    const deadline = new Deadline(5_000);
    const gaveUp = new Deadline(5_000);
    const order: number[] = [];
    const all = Array.from({ length: 6 }, (_, nth) =>
      pace.turn(nth === 2 ? gaveUp : deadline).then(() => order.push(nth)),
    );
    const ends = Promise.allSettled(all);
    gaveUp.cancel();
    await time.pass(5_000);
    expect(order).toEqual([0, 1, 3, 4, 5]);
    expect((await ends)[2]).toMatchObject({ status: "rejected", reason: { reason: "cancelledBeforeSending" } });
  });

  test("serves who asks while others wait, and who asks after everybody was served", async () => {
    const time = stopTime();
    const pace = new Pace(10);
    const deadline = new Deadline(60_000);
    const early = askFor(pace, 2, deadline);
    await time.pass(100);
    const late = askFor(pace, 1, deadline);
    await time.pass(2_400);
    expect([early.times, late.times]).toEqual([[0, 125], [150]]);
    const last = askFor(pace, 1, deadline);
    await time.pass(0);
    expect(last.times).toEqual([0]);
  });

  test("lets nobody wait past the deadline", async () => {
    const time = stopTime();
    const { times, refusals } = askFor(new Pace(1), 2, new Deadline(1_249));
    await time.pass(5_000);
    expect([times, refusals]).toMatchObject([[0], [{ reason: "noTimeToSend", detail: "" }]]);
  });
});

describe("a hold", () => {
  test("stops everybody, the longer of two, and starts again slowly", async () => {
    const time = stopTime();
    const pace = new Pace(200);
    pace.hold(300);
    pace.hold(100);
    const { times } = askFor(pace, 20, new Deadline(5_000));
    await time.pass(5_000);
    expect(times[0]).toBeGreaterThanOrEqual(300);
    expect(times[0]).toBeLessThan(310);
    expect((times[9] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(40);
    expect(times).toHaveLength(20);
  });

  test("shuts the gate for who had its turn already", async () => {
    const time = stopTime();
    const pace = new Pace(200);
    expect(pace.mayStart()).toBe(true);
    pace.hold(300);
    expect(pace.mayStart()).toBe(false);
    await time.pass(300);
    expect(pace.mayStart()).toBe(true);
  });

  test("begun while others wait holds them too", async () => {
    const time = stopTime();
    const pace = new Pace(10);
    const { times } = askFor(pace, 3, new Deadline(5_000));
    await time.pass(50);
    pace.hold(1_000);
    await time.pass(4_000);
    expect(times).toEqual([0, 1_175, 1_300]);
  });
});

describe("who cannot be served in time", () => {
  test("is refused at once, and told how many wait", async () => {
    const time = stopTime();
    const pace = new Pace(10);
    const { refusals } = askFor(pace, 100, new Deadline(1_000));
    await time.pass(0);
    // One went at once; at 8 a second, as many can wait as a second serves.
    expect(refusals).toHaveLength(100 - 1 - 9);
    expect(refusals[0]).toMatchObject({ reason: "noTimeToSend", detail: "9 requests wait already" });
  });

  test("counts thousands as people write them", async () => {
    const time = stopTime();
    const { refusals } = askFor(new Pace(200), 2_000, new Deadline(10_000));
    await time.pass(0);
    expect(refusals[0]?.detail).toBe("1,601 requests wait already");
  });

  test("because the time is over already, is told why", async () => {
    stopTime();
    const over = new Deadline(1_000);
    over.cancel();
    const pace = new Pace(1);
    askFor(pace, 1, new Deadline(5_000));
    askFor(pace, 5, new Deadline(50_000));
    await expect(pace.turn(over)).rejects.toMatchObject({ reason: "cancelledBeforeSending" });
  });
});

describe("the gate at the moment of sending", () => {
  const opened = (pace: Pace, tries: number) =>
    Array.from({ length: tries }, () => pace.mayStart()).filter(Boolean).length;

  test.each([
    [200, 190],
    [50, 47],
    [1, 1],
  ])("of %i a second opens %i times in more than a second", async (perSecond, most) => {
    const time = stopTime();
    const pace = new Pace(perSecond);
    expect(opened(pace, 300)).toBe(most);
    await time.pass(1_150);
    expect(opened(pace, 300)).toBe(0);
    await time.pass(1);
    expect(opened(pace, 300)).toBe(most);
  });

  test("counts what went, not what was kept back", async () => {
    const time = stopTime();
    const pace = new Pace(20);
    expect(opened(pace, 10)).toBe(10);
    await time.pass(600);
    expect(opened(pace, 20)).toBe(9);
    await time.pass(551);
    expect(opened(pace, 20)).toBe(10);
  });
});
