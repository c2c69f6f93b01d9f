import { describe, expect, test, vi } from "vitest";
import { type Failure, networkFailure } from "../../../src/chat-api/errors/failure.ts";
import { codeFailure } from "../../../src/chat-api/http/response.ts";
import { Deadline } from "../../../src/chat-api/retry/deadline.ts";
import {
  type AttemptState,
  decideRetry,
  RetryBudget,
  ratePauseMs,
  responseTimeoutMs,
} from "../../../src/chat-api/retry/retry-policy.ts";
import { stopTime } from "../../support/clock.ts";

const code = (ErrorCode: number) => codeFailure({ ErrorCode });
const first: AttemptState = {
  attempts: 1,
  timesOfKind: 1,
  staleConnections: 0,
  isWrite: false,
  canRefreshSignature: true,
};
const backOff = { pauseMs: expect.any(Number), usesRetryBudget: true };
const atOnce = { pauseMs: 0, usesRetryBudget: false };
const stale = { ...networkFailure("connectionLost"), isStaleConnection: true };

describe("after the first attempt", () => {
  test.each<[string, Failure, unknown, unknown]>([
    ["a refused connection", networkFailure("connectionRefused"), backOff, backOff],
    ["an unknown host name", networkFailure("hostNotFound"), backOff, backOff],
    ["a bad certificate", networkFailure("tlsFailed"), undefined, undefined],
    ["a proxy that refuses", networkFailure("proxyRefused"), undefined, undefined],
    ["no time to send", networkFailure("noTimeToSend"), undefined, undefined],
    ["a cancellation", networkFailure("cancelledBeforeSending"), undefined, undefined],
    ["an open credential breaker", networkFailure("breakerOpen"), undefined, undefined],
    ["a lost connection", networkFailure("connectionLost"), backOff, undefined],
    ["a connection that was closed while idle", stale, atOnce, undefined],
    ["a malformed answer", networkFailure("answerMalformed"), backOff, undefined],
    ["a redirect", networkFailure("redirected"), undefined, undefined],
    ["an answer that is too large", networkFailure("answerTooLarge"), undefined, undefined],
    ["HTTP 429", networkFailure("tooManyRequests"), atOnce, atOnce],
    ["a rate code", code(60018), atOnce, atOnce],
    ["a transient code", code(20005), backOff, undefined],
    ["a disputed code", code(10004), backOff, undefined],
    ["an expired signature", code(70001), atOnce, atOnce],
    ["refused credentials", code(70003), undefined, undefined],
    ["a wrong request", code(130004), undefined, undefined],
    ["a wrong configuration", code(60020), undefined, undefined],
    ["an unlisted code", code(424242), undefined, undefined],
    ["a rate code beside an OK", codeFailure({ ErrorCode: 60018, ActionStatus: "OK" }), atOnce, undefined],
  ])("%s: a read and a write", (_what, failure, read, write) => {
    expect(decideRetry(failure, first)).toEqual(read);
    expect(decideRetry(failure, { ...first, isWrite: true })).toEqual(write);
  });
});

describe("after more attempts", () => {
  test.each([
    ["a refused connection", networkFailure("connectionRefused")],
    ["a 502", networkFailure("serverError")],
    ["a rate code", code(60018)],
    ["a transient code", code(20005)],
  ])("the third is the last: %s", (_what, failure) => {
    expect(decideRetry(failure, { ...first, attempts: 2, timesOfKind: 2 })).toBeDefined();
    expect(decideRetry(failure, { ...first, attempts: 3 })).toBeUndefined();
    expect(decideRetry(failure, { ...first, attempts: 4 })).toBeUndefined();
  });

  test.each([70001, 10004])("code %i a second time ends the call", (ErrorCode) => {
    expect(decideRetry(code(ErrorCode), { ...first, attempts: 2 })).toBeDefined();
    expect(decideRetry(code(ErrorCode), { ...first, attempts: 2, timesOfKind: 2 })).toBeUndefined();
  });

  test("a second stale connection counts as an outage", () => {
    expect(decideRetry(stale, { ...first, attempts: 2, staleConnections: 1 })).toEqual(backOff);
  });
});

describe("the pause", () => {
  test("is random, up to 250 ms after the first attempt and up to 500 ms after the second", () => {
    const random = vi.spyOn(Math, "random");
    const pause = (attempts: number) => decideRetry(networkFailure("serverError"), { ...first, attempts })?.pauseMs;
    random.mockReturnValue(0.999);
    expect([pause(1), pause(2)]).toEqual([249.75, 499.5]);
    random.mockReturnValue(0);
    expect([pause(1), pause(2)]).toEqual([0, 0]);
    random.mockRestore();
  });

  test("after a rate code stops the command for 1 to 1.5 seconds", () => {
    for (const failure of [code(60007), networkFailure("tooManyRequests")]) {
      expect(ratePauseMs(failure)).toBeGreaterThanOrEqual(1_000);
      expect(ratePauseMs(failure)).toBeLessThanOrEqual(1_500);
    }
    for (const failure of [code(20005), networkFailure("connectionLost")]) expect(ratePauseMs(failure)).toBe(0);
  });
});

describe("the time of one attempt", () => {
  test.each([
    [30_000, 10_000, 4_000],
    [6_000, 4_000, 3_600],
    [2_000, 2_000, 1_200],
  ])("of a call of %i ms is %i ms for a read and %i ms for a write", (totalMs, read, write) => {
    stopTime();
    const deadline = new Deadline(totalMs);
    expect(responseTimeoutMs(deadline, false)).toBe(read);
    expect(responseTimeoutMs(deadline, true)).toBe(write);
  });

  test("is never more than what the call has left", async () => {
    const time = stopTime();
    const deadline = new Deadline(30_000);
    await time.pass(29_000);
    expect(responseTimeoutMs(deadline, false)).toBe(1_000);
    expect(responseTimeoutMs(deadline, true)).toBe(600);
  });
});

describe("the retry budget", () => {
  test("allows ten retries, and one more for each call that succeeds, never more than ten", () => {
    const budget = new RetryBudget();
    for (let times = 0; times < 10; times += 1) expect(budget.consume()).toBe(true);
    expect(budget.consume()).toBe(false);
    budget.refill();
    expect([budget.consume(), budget.consume()]).toEqual([true, false]);
    for (let times = 0; times < 100; times += 1) budget.refill();
    for (let times = 0; times < 10; times += 1) expect(budget.consume()).toBe(true);
    expect(budget.consume()).toBe(false);
  });
});
