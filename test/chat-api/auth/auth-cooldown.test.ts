import { expect, test } from "vitest";
import { AuthCooldown } from "../../../src/chat-api/auth/auth-cooldown.ts";
import { stopTime } from "../../support/clock.ts";

test("the breaker is closed at first, open for a minute after a refusal, and closed again", async () => {
  const time = stopTime();
  const breaker = new AuthCooldown();
  expect(breaker.reason).toBeUndefined();
  breaker.start(70003);
  expect(breaker.reason).toBe("code 70003; 60 seconds left");
  await time.pass(59_999);
  expect(breaker.reason).toBe("code 70003; 1 seconds left");
  await time.pass(1);
  expect(breaker.reason).toBeUndefined();
});

test("a later refusal starts the minute again", async () => {
  const time = stopTime();
  const breaker = new AuthCooldown();
  breaker.start(70003);
  await time.pass(30_000);
  breaker.start(70009);
  expect(breaker.reason).toBe("code 70009; 60 seconds left");
});
