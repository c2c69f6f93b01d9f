import { describe, expect, test, vi } from "vitest";
import { Deadline } from "../../src/chat-api/deadline.ts";
import { stopTime } from "../support/clock.ts";

describe("a deadline", () => {
  test("counts down, and ends once with its clock", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    const ends: string[] = [];
    deadline.onEnd((end) => ends.push(end));
    await time.pass(499);
    expect([deadline.ended, deadline.remainingMs, deadline.totalMs]).toEqual([undefined, 1, 500]);
    await time.pass(1);
    deadline.cancel();
    expect([deadline.ended, deadline.remainingMs, ends]).toEqual(["timeout", 0, ["timeout"]]);
  });

  test("that is late to ring has nothing left, not less", () => {
    stopTime();
    const deadline = new Deadline(500);
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 900);
    expect(deadline.remainingMs).toBe(0);
    now.mockRestore();
  });

  test("ends at once when it is cancelled, and its clock says nothing more", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    const ends: string[] = [];
    deadline.onEnd((end) => ends.push(end));
    deadline.cancel();
    expect([deadline.ended, deadline.remainingMs]).toEqual(["cancelled", 0]);
    expect(vi.getTimerCount()).toBe(0);
    await time.pass(1_000);
    expect(ends).toEqual(["cancelled"]);
  });

  test("tells whoever asks after its end at once, and nobody who stopped listening", () => {
    stopTime();
    const deadline = new Deadline(500);
    const ends: string[] = [];
    const stop = deadline.onEnd(() => ends.push("should not be told"));
    stop();
    deadline.cancel();
    deadline.onEnd((end) => ends.push(end));
    expect(ends).toEqual(["cancelled"]);
  });

  test("that is released holds no timer and tells nobody", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    const ends: string[] = [];
    deadline.onEnd((end) => ends.push(end));
    deadline.release();
    expect(vi.getTimerCount()).toBe(0);
    await time.pass(1_000);
    deadline.cancel();
    expect(ends).toEqual([]);
  });
});

describe("a deadline within another", () => {
  test("ends by itself, and leaves the outer one its time", async () => {
    const time = stopTime();
    const outer = new Deadline(500);
    const inner = outer.within(200);
    await time.pass(200);
    expect([inner.ended, outer.ended, outer.remainingMs]).toEqual(["timeout", undefined, 300]);
  });

  test("is never longer than what the outer one has left", async () => {
    const time = stopTime();
    const outer = new Deadline(500);
    await time.pass(400);
    expect(outer.within(200).totalMs).toBe(100);
  });

  test("ends with the outer one, and says why", () => {
    stopTime();
    const outer = new Deadline(500);
    const inner = outer.within(200);
    outer.cancel();
    expect(inner.ended).toBe("cancelled");
    expect(outer.within(200).ended).toBe("cancelled");
  });
});

describe("a pause", () => {
  test("passes, and then listens no more", async () => {
    const time = stopTime();
    const deadline = new Deadline(500);
    const passed = deadline.pause(100);
    await time.pass(100);
    expect(await passed).toBe(true);
    deadline.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is cut short by the end, and leaves no timer behind", async () => {
    stopTime();
    const deadline = new Deadline(500);
    const passed = deadline.pause(100);
    deadline.cancel();
    expect(await passed).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not begin after the end", async () => {
    stopTime();
    const deadline = new Deadline(500);
    deadline.cancel();
    expect(await deadline.pause(0)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
