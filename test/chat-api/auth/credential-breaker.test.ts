import { expect, test } from "vitest";
import { CredentialBreaker } from "../../../src/chat-api/auth/credential-breaker.ts";
import { stopTime } from "../../support/clock.ts";

test("the breaker is closed at first, open for a minute after a refusal, and closed again", async () => {
  const time = stopTime();
  const breaker = new CredentialBreaker();
  expect(breaker.openReason).toBeUndefined();
  breaker.open(70003);
  expect(breaker.openReason).toBe("code 70003; 60 seconds left");
  await time.pass(59_999);
  expect(breaker.openReason).toBe("code 70003; 1 seconds left");
  await time.pass(1);
  expect(breaker.openReason).toBeUndefined();
});

test("a later refusal starts the minute again", async () => {
  const time = stopTime();
  const breaker = new CredentialBreaker();
  breaker.open(70003);
  await time.pass(30_000);
  breaker.open(70009);
  expect(breaker.openReason).toBe("code 70009; 60 seconds left");
});
