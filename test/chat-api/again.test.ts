import { describe, expect, test, vi } from "vitest";
import { attemptMs, holdMs, mayGoAgain, RetryBudget, type Tried } from "../../src/chat-api/again.ts";
import { Deadline } from "../../src/chat-api/deadline.ts";
import { NotSent, NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import { stopTime } from "../support/clock.ts";

const code = (ErrorCode: number) => new ServiceRefusal({ ErrorCode });
const first: Tried = { attempts: 1, timesOfKind: 1, writes: false };
const soon = { pauseMs: expect.any(Number), signsAgain: false, costs: true };
const slower = { pauseMs: expect.any(Number), signsAgain: false, costs: false };

describe("after the first attempt", () => {
  test.each([
    ["a refused connection", new NotSent("connectionRefused"), soon, soon],
    ["a host without a name", new NotSent("hostNotFound"), soon, soon],
    ["a bad certificate", new NotSent("tlsFailed"), undefined, undefined],
    ["a proxy that refuses", new NotSent("proxyRefused"), undefined, undefined],
    ["no time to send", new NotSent("noTimeToSend"), undefined, undefined],
    ["a cancellation", new NotSent("cancelledBeforeSending"), undefined, undefined],
    ["locked credentials", new NotSent("locked"), undefined, undefined],
    ["a request kept back", new NotSent("keptBack"), slower, slower],
    ["a lost connection", new NoValidAnswer("connectionLost"), soon, undefined],
    ["a malformed answer", new NoValidAnswer("answerMalformed"), soon, undefined],
    ["a redirect", new NoValidAnswer("redirected"), undefined, undefined],
    ["an answer too large", new NoValidAnswer("answerTooLarge"), undefined, undefined],
    ["HTTP 429", new NoValidAnswer("tooManyRequests"), slower, slower],
    ["a rate code", code(60018), slower, slower],
    ["a transient code", code(20005), soon, soon],
    ["an ambiguous code", code(10004), soon, soon],
    ["a code that signs again", code(70001), { pauseMs: 0, signsAgain: true, costs: false }, "the same"],
    ["refused credentials", code(70003), undefined, undefined],
    ["a wrong request", code(130004), undefined, undefined],
    ["a wrong configuration", code(60020), undefined, undefined],
    ["an unknown code", code(424242), undefined, undefined],
    ["a fault of this server", new TypeError("x"), undefined, undefined],
  ])("%s", (_what, failure, read, write) => {
    expect(mayGoAgain(failure, first)).toEqual(read);
    expect(mayGoAgain(failure, { ...first, writes: true })).toEqual(write === "the same" ? read : write);
  });
});

describe("after more attempts", () => {
  const resent = [new NotSent("connectionRefused"), new NoValidAnswer("serverError"), code(60018), code(20005)];

  test.each(resent)("the third is the last: %s", (failure) => {
    expect(mayGoAgain(failure, { attempts: 2, timesOfKind: 2, writes: false })).toBeDefined();
    expect(mayGoAgain(failure, { attempts: 3, timesOfKind: 1, writes: false })).toBeUndefined();
    expect(mayGoAgain(failure, { attempts: 4, timesOfKind: 1, writes: false })).toBeUndefined();
  });

  test.each([70001, 10004])("code %i a second time is the answer", (ErrorCode) => {
    expect(mayGoAgain(code(ErrorCode), { attempts: 2, timesOfKind: 1, writes: false })).toBeDefined();
    expect(mayGoAgain(code(ErrorCode), { attempts: 2, timesOfKind: 2, writes: false })).toBeUndefined();
  });
});

describe("the pause", () => {
  const longest = (attempts: number) => {
    vi.spyOn(Math, "random").mockReturnValue(0.999_999);
    const again = mayGoAgain(new NotSent("unreachable"), { ...first, attempts });
    vi.restoreAllMocks();
    return Math.round(again?.pauseMs ?? -1);
  };

  test("grows from a quarter of a second to a half", () => {
    expect([longest(0), longest(1), longest(2)]).toEqual([250, 250, 500]);
  });

  test("may be any part of it, none too", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    expect(mayGoAgain(code(20005), first)?.pauseMs).toBe(0);
    vi.restoreAllMocks();
  });

  test("after a rate code or HTTP 429 is one to one and a half seconds, and no other failure holds the queue", () => {
    for (const [random, ms] of [
      [0, 1_000],
      [1, 1_500],
    ] as const) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      for (const failure of [code(60007), code(60011), new NoValidAnswer("tooManyRequests")]) {
        expect(holdMs(failure)).toBe(ms);
        expect(mayGoAgain(failure, first)?.pauseMs).toBe(ms);
      }
      vi.restoreAllMocks();
    }
    for (const other of [code(20005), new NoValidAnswer("serverError"), new NotSent("keptBack"), new Error("x")]) {
      expect(holdMs(other)).toBe(0);
    }
  });
});

describe("one attempt", () => {
  test("has a third of the call's time, four seconds at least", () => {
    stopTime();
    expect(attemptMs(new Deadline(30_000), false)).toBe(10_000);
    expect(attemptMs(new Deadline(30_000), true)).toBe(10_000);
    expect(attemptMs(new Deadline(9_000), false)).toBe(4_000);
  });

  test("of a write leaves time to read back what it did", async () => {
    const time = stopTime();
    const deadline = new Deadline(9_000);
    expect(attemptMs(deadline, true)).toBe(4_000);
    await time.pass(4_000);
    expect([attemptMs(deadline, true), attemptMs(deadline, false)]).toEqual([3_000, 4_000]);
    await time.pass(4_000);
    expect([attemptMs(deadline, true), attemptMs(deadline, false)]).toEqual([600, 1_000]);
  });
});

describe("the budget for an outage", () => {
  test("is ten attempts, and one for each answer", () => {
    const budget = new RetryBudget();
    budget.giveBack();
    const taken = Array.from({ length: 12 }, () => budget.take());
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(taken.slice(10)).toEqual([false, false]);
    budget.giveBack();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
  });
});
