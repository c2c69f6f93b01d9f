import { describe, expect, test } from "vitest";
import { Deadline } from "../../src/chat-api/deadline.ts";
import { Pace } from "../../src/chat-api/pace.ts";

/** When so many turns came, in milliseconds. */
async function turns(pace: Pace, count: number, deadline: Deadline): Promise<number[]> {
  const times: number[] = [];
  await Promise.allSettled(
    Array.from({ length: count }, () =>
      pace.turn(deadline).then(() => pace.mayStart() && times.push(performance.now())),
    ),
  );
  return times;
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
  test.each([200, 50, 7])("never passes %i in any second, and does not stand still", async (perSecond) => {
    const deadline = new Deadline(3_200);
    const times = await turns(new Pace(perSecond), 10_000, deadline);
    deadline.release();
    expect(busiestSecond(times)).toBeLessThanOrEqual(perSecond);
    expect(times.length).toBeGreaterThan(perSecond);
  });

  test("of one a second keeps them a second apart", async () => {
    const deadline = new Deadline(2_600);
    const times = await turns(new Pace(1), 5, deadline);
    deadline.release();
    expect(busiestSecond(times)).toBe(1);
    expect(times.length).toBeGreaterThan(1);
  });

  test("keeps the order, also past one who gave up", async () => {
    const pace = new Pace(10);
    const deadline = new Deadline(5_000);
    const gaveUp = new Deadline(5_000);
    const order: number[] = [];
    const all = Array.from({ length: 6 }, (_, nth) =>
      pace.turn(nth === 2 ? gaveUp : deadline).then(() => order.push(nth)),
    );
    gaveUp.cancel();
    const ends = await Promise.allSettled(all);
    deadline.release();
    expect(order).toEqual([0, 1, 3, 4, 5]);
    expect(ends[2]).toMatchObject({ status: "rejected", reason: { reason: "cancelledBeforeSending" } });
  });

  test("holds everybody when told to, the longer of two holds, and starts again slowly", async () => {
    const pace = new Pace(200);
    const deadline = new Deadline(5_000);
    const startedAt = performance.now();
    pace.hold(300);
    pace.hold(100);
    const times = await turns(pace, 10, deadline);
    deadline.release();
    expect((times[0] ?? 0) - startedAt).toBeGreaterThanOrEqual(300);

    expect((times[9] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(40);
  });

  test("refuses at once whom it could not serve in time", async () => {
    const pace = new Pace(10);
    const deadline = new Deadline(1_000);
    const ends = await Promise.allSettled(Array.from({ length: 100 }, () => pace.turn(deadline)));
    deadline.release();
    const refused = ends.filter((end) => end.status === "rejected");
    expect(refused.length).toBeGreaterThan(85);
    expect(refused.at(-1)?.reason).toMatchObject({
      reason: "noTimeToSend",
      detail: expect.stringMatching(/^\d+ requests wait already$/),
    });
  });

  test("refuses at once where the time is over already", async () => {
    const over = new Deadline(1_000);
    over.cancel();
    await expect(new Pace(200).turn(over)).rejects.toMatchObject({ reason: "cancelledBeforeSending" });
  });
});
