import { describe, expect, test, vi } from "vitest";
import { Deadline } from "../../src/call/deadline.ts";
import { stopTime } from "../support/clock.ts";

describe("a deadline", () => {
  test("counts down, and ends once with its clock", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    await time.pass(499);
    expect([deadline.ended, deadline.remainingMs, deadline.totalMs]).toEqual([undefined, 1, 500]);
    await time.pass(1);
    deadline.cancel();
    expect([deadline.ended, deadline.remainingMs, await deadline.end]).toEqual(["timeout", 0, "timeout"]);
  });

  test("whose timer is late has nothing left, not less", () => {
    stopTime();
    const deadline = new Deadline(500);
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 900);
    expect(deadline.remainingMs).toBe(0);
    now.mockRestore();
  });

  test("ends at once when it is cancelled, and leaves no timer", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    deadline.cancel();
    expect([deadline.ended, deadline.remainingMs]).toEqual(["cancelled", 0]);
    expect(vi.getTimerCount()).toBe(0);
    await time.pass(1_000);
    expect(await deadline.end).toBe("cancelled");
  });

  test("that is released holds no timer", () => {
    stopTime();
    const deadline = new Deadline(500);
    deadline.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a wait inside a deadline", () => {
  test("says meanwhile what it waits for, ends, and leaves no timer", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    const slept = deadline.sleep(100, "tea");
    expect(deadline.waitingFor).toBe("tea");
    await time.pass(100);
    expect(await slept).toBe(true);
    expect(deadline.waitingFor).toBeUndefined();
    deadline.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("until a time allows for a timer that fires a millisecond early", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    let isOver = false;
    void deadline.sleepUntil(performance.now() + 10.2, "tea").then(() => {
      isOver = true;
    });
    await time.pass(11);
    expect(isOver).toBe(false);
    await time.pass(1);
    expect(isOver).toBe(true);
  });

  test("is cut short by the end, and leaves no timer", async () => {
    stopTime();
    const deadline = new Deadline(500);
    const slept = deadline.sleep(100, "tea");
    deadline.cancel();
    expect(await slept).toBe(false);
    expect(deadline.waitingFor).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not begin after the end", async () => {
    stopTime();
    const deadline = new Deadline(500);
    deadline.cancel();
    expect(await deadline.sleep(0, "tea")).toBe(false);
    expect(await deadline.race(Promise.resolve(), "tea")).toBe("cancelled");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("for a promise ends with it, or with the deadline", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    expect(await deadline.race(Promise.resolve(), "tea")).toBeUndefined();
    const never = deadline.race(new Promise(() => {}), "tea");
    await time.pass(500);
    expect(await never).toBe("timeout");
  });
});
