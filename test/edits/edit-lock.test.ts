import { expect, test } from "vitest";
import { Deadline } from "../../src/call/deadline.ts";
import { type EditLock, EditLocks } from "../../src/edits/edit-lock.ts";
import { stopTime } from "../support/clock.ts";

const WHAT = "an earlier edit";

async function take(locks: EditLocks, key = "a", deadline = new Deadline(60_000)): Promise<EditLock> {
  const lock = await locks.acquire(key, deadline, WHAT);
  if (!lock) throw new Error("no lock");
  return lock;
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
  const impatient = locks.acquire("a", deadline, WHAT);
  expect(deadline.waitingFor).toBe(WHAT);
  await time.pass(1_000);
  expect([await impatient, deadline.ended]).toEqual([undefined, "timeout"]);
  first.release();
  (await second).release();
  (await take(locks)).release();
});

test("an edit whose time is over already gets no lock, and holds none up", async () => {
  stopTime();
  const locks = new EditLocks();
  const over = new Deadline(1_000);
  over.cancel();
  expect(await locks.acquire("a", over, WHAT)).toBeUndefined();
  const lock = await take(locks);
  const waiting = locks.acquire("a", new Deadline(10), WHAT);
  lock.release();
  expect(await waiting).toBeDefined();
});
