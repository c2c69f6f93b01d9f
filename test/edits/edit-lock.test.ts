import { expect, test } from "vitest";
import { Deadline } from "../../src/call/deadline.ts";
import { type EditLock, EditLocks } from "../../src/edits/edit-lock.ts";
import { stopTime } from "../support/clock.ts";

const WHAT = "an earlier edit";

async function take(locks: EditLocks, key = "a", deadline = new Deadline(60_000)): Promise<EditLock> {
  const lock = await locks.acquire(key, deadline, WHAT);
  if ("ended" in lock) throw new Error("no lock");
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

test("an edit whose time ends while it waits says how many were ahead, and the next ones go on", async () => {
  const time = stopTime();
  const locks = new EditLocks();
  const first = await take(locks);
  const second = take(locks);
  const deadline = new Deadline(1_000);
  const impatient = locks.acquire("a", deadline, WHAT);
  expect(deadline.waitingFor).toBe(WHAT);
  await time.pass(1_000);
  expect(await impatient).toEqual({ ended: "timeout", ahead: 2 });
  first.release();
  (await second).release();
  (await take(locks)).release();
});

test("an edit whose time is over already gets no lock, and holds none up", async () => {
  stopTime();
  const locks = new EditLocks();
  const over = new Deadline(1_000);
  over.cancel();
  expect(await locks.acquire("a", over, WHAT)).toEqual({ ended: "cancelled", ahead: 0 });
  const lock = await take(locks);
  const waiting = locks.acquire("a", new Deadline(10), WHAT);
  lock.release();
  expect("ended" in (await waiting)).toBe(false);
});

test("nothing is ahead of an edit once the earlier ones are settled", async () => {
  const time = stopTime();
  const locks = new EditLocks();
  for (let nth = 0; nth < 3; nth += 1) (await take(locks)).release();
  await time.pass(0);
  const lock = await take(locks);
  const waiting = locks.acquire("a", new Deadline(5), WHAT);
  await time.pass(5);
  expect(await waiting).toMatchObject({ ahead: 1 });
  lock.release();
});
