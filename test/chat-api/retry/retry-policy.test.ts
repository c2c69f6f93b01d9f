import { describe, expect, test, vi } from "vitest";
import { Deadline } from "../../../src/call/deadline.ts";
import { type Failure, networkFailure } from "../../../src/chat-api/errors/failure.ts";
import { codeFailure } from "../../../src/chat-api/http/response.ts";
import { ratePauseMs, responseTimeoutMs, retryPauseMs } from "../../../src/chat-api/retry/retry-policy.ts";
import { stopTime } from "../../support/clock.ts";

const code = (ErrorCode: number) => codeFailure({ ErrorCode });
const backOff = { asymmetricMatch: (pauseMs: unknown) => Number(pauseMs) >= 1 };
const atOnce = 0;

describe("after the first attempt", () => {
  test.each<[string, Failure, unknown, unknown]>([
    ["a refused connection", networkFailure("connectionRefused"), backOff, backOff],
    ["an unknown host name", networkFailure("hostNotFound"), backOff, backOff],
    ["a bad certificate", networkFailure("tlsFailed"), undefined, undefined],
    ["a proxy that refuses", networkFailure("proxyRefused"), undefined, undefined],
    ["no time to send", networkFailure("noTimeToSend"), undefined, undefined],
    ["a cancellation", networkFailure("cancelledBeforeSending"), undefined, undefined],
    ["a pause after refused credentials", networkFailure("authCooldown"), undefined, undefined],
    ["a lost connection", networkFailure("connectionLost"), backOff, undefined],
    ["a malformed answer", networkFailure("answerMalformed"), backOff, undefined],
    ["another status", networkFailure("statusRejected"), undefined, undefined],
    ["HTTP 429", networkFailure("tooManyRequests"), atOnce, atOnce],
    ["a rate code", code(60018), atOnce, atOnce],
    ["a transient code", code(20005), backOff, undefined],
    ["a disputed code", code(10004), backOff, undefined],
    ["an expired signature that cannot be renewed", code(70001), undefined, undefined],
    ["refused credentials", code(70003), undefined, undefined],
    ["a wrong request", code(130004), undefined, undefined],
    ["a wrong configuration", code(60020), undefined, undefined],
    ["an unlisted code", code(424242), undefined, undefined],
    ["a rate code beside an OK", codeFailure({ ErrorCode: 60018, ActionStatus: "OK" }), atOnce, undefined],
  ])("%s: what may be repeated, and the edit of a channel", (_what, failure, read, write) => {
    expect(retryPauseMs(failure, 1, true, true)).toEqual(read);
    expect(retryPauseMs(failure, 1, true, false)).toEqual(write);
  });
});

describe("after more attempts", () => {
  test.each([
    ["a refused connection", networkFailure("connectionRefused")],
    ["a 502", networkFailure("serverError")],
    ["a rate code", code(60018)],
    ["a transient code", code(20005)],
  ])("the fourth is the last: %s", (_what, failure) => {
    expect(retryPauseMs(failure, 3, false, true)).toBeDefined();
    expect(retryPauseMs(failure, 4, true, true)).toBeUndefined();
  });

  test("a disputed code a second time ends the call", () => {
    expect(retryPauseMs(code(10004), 1, false, true)).toBeUndefined();
  });
});

describe("the pause", () => {
  test("is random, up to 250 ms after the first attempt and up to 500 ms after the second", () => {
    const random = vi.spyOn(Math, "random");
    const pause = (attempts: number) => retryPauseMs(networkFailure("serverError"), attempts, true, true);
    random.mockReturnValue(0.999);
    expect([pause(1), pause(2)]).toEqual([249.75, 499.5]);
    random.mockReturnValue(0);
    expect([pause(1), pause(2)]).toEqual([1, 1]);
    random.mockRestore();
  });

  test("is as long as Retry-After says", () => {
    const failure = { ...networkFailure("serverError"), retryAfterMs: 7_000 };
    expect(retryPauseMs(failure, 1, true, true)).toBe(7_000);
    expect(ratePauseMs({ ...networkFailure("tooManyRequests"), retryAfterMs: 7_000 })).toBe(7_000);
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
