import { expect, test } from "vitest";
import { Deadline } from "../../src/call/deadline.ts";
import { type EditLock, EditLocks } from "../../src/edits/edit-lock.ts";
import { stopTime } from "../support/clock.ts";
import { errorOf } from "../support/service.ts";

const CALL = { sdkAppId: 1, channelIds: ["a"], attempts: 0 };

function take(locks: EditLocks, key = "a", deadline = new Deadline(60_000)): Promise<EditLock> {
  return locks.acquire(key, "channel", deadline, CALL);
}

test("edits of one thing take turns in the order received, and others do not wait", async () => {
  stopTime();
  const locks = new EditLocks();
  const order: string[] = [];
  const first = await take(locks);
  const waiting = ["second", "third"].map(async (name) => {
    const lock = await take(locks);
    order.push(name);
    lock.release();
  });
  (await take(locks, "b")).release();
  expect(order).toEqual([]);
  first.release();
  await Promise.all(waiting);
  expect(order).toEqual(["second", "third"]);
});

test("a lock is kept after its release until what it protects is settled", async () => {
  const time = stopTime();
  const locks = new EditLocks();
  const lock = await take(locks);
  lock.holdUntil(performance.now() + 5_000);
  lock.holdUntil(performance.now() + 2_000); // the later of both counts
  lock.release();
  let isNext = false;
  void take(locks).then(() => {
    isNext = true;
  });
  await time.pass(4_999);
  expect(isNext).toBe(false);
  await time.pass(2);
  expect(isNext).toBe(true);
});

test("an edit whose time ends while it waits gets no lock, and the next ones go on", async () => {
  const time = stopTime();
  const locks = new EditLocks();
  const first = await take(locks);
  const second = take(locks);
  const deadline = new Deadline(1_000);
  const impatient = errorOf(take(locks, "a", deadline));
  expect(deadline.waitingFor).toBe("an earlier edit of the same channel");
  await time.pass(1_000);
  expect((await impatient).message).toContain("earlier edits of the same channel came first");
  first.release();
  (await second).release();
  (await take(locks)).release();
});

test("an edit whose time is over already gets no lock, and holds none up", async () => {
  stopTime();
  const locks = new EditLocks();
  const over = new Deadline(1_000);
  over.cancel();
  expect((await errorOf(take(locks, "a", over))).message).toContain("cancelled");
  const lock = await take(locks);
  const waiting = take(locks, "a", new Deadline(10));
  lock.release();
  expect(await waiting).toBeDefined();
});
