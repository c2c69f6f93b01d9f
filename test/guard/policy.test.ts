import { describe, expect, test } from "vitest";
import { type ConfirmEdits, mustConfirm, Policy, PolicyError, type Rules } from "../../src/guard/policy.ts";
import { stopTime } from "../support/clock.ts";

const noSecret = () => false;
const policyOf = (rules: Partial<Rules>) => new Policy({ readOnly: false, confirmEdits: "never", ...rules }, noSecret);

function errorThrownBy(act: () => unknown): PolicyError {
  try {
    act();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error("this should have been refused");
}

describe("read-only", () => {
  test("rejects a write tool and names the setting", () => {
    const error = errorThrownBy(() => policyOf({ readOnly: true }).assertWritable("modify_subscriber_info"));
    expect(error.explanation).toMatchObject({
      stage: "policy",
      fixedBy: "operator",
      safeToResend: false,
      attempts: 0,
    });
    expect(error.explanation.cause).toBe(
      "This server is read-only (TENCENT_CHAT_READ_ONLY), so modify_subscriber_info is off. Nothing was sent.",
    );
    expect(error.explanation.nextStep).toContain("TENCENT_CHAT_READ_ONLY");
    expect(() => policyOf({}).assertWritable("modify_subscriber_info")).not.toThrow();
  });
});

describe("allowed channels", () => {
  test.each([
    [undefined, "@TOA#_a", true],
    [["@TOA#_a"], "@TOA#_a", true],
    [["@TOA#_a"], "@TOA#_ab", false],
    [["@TOA#_a*"], "@TOA#_ab", true],
    [["@TOA#_a*"], "@TOA#_b", false],
    [["*"], "anything", true],
    [["@TOA#_a", "@TOA#_b"], "@TOA#_b", true],
    [["@TOA#_A"], "@TOA#_a", false],
  ])("%j: %s is allowed: %s", (allowedChannels, id, isAllowed) => {
    const error = policyOf({ allowedChannels }).channelError(id);
    expect(error === undefined).toBe(isAllowed);
    if (error) {
      expect(error.explanation.cause).toContain(JSON.stringify(id));
      expect(error.explanation.nextStep).toContain("TENCENT_CHAT_ALLOWED_CHANNELS");
    }
  });
});

test("a refusal names the first allowed channels", () => {
  const nextStep = (count: number) =>
    policyOf({ allowedChannels: Array.from({ length: count }, (_, nth) => `c${nth}`) }).channelError("x")?.explanation
      .nextStep;
  expect(nextStep(2)).toContain("do not edit another channel instead. Allowed: c0, c1. An operator");
  expect(nextStep(7)).toContain(
    "do not edit another channel instead. Allowed: c0, c1, c2, c3, c4 and 2 more. An operator",
  );
});

describe("the write budget", () => {
  const write = (policy: Policy) => policy.reserveWrite();
  const rejection = (policy: Policy) => errorThrownBy(() => policy.reserveWrite()).explanation;

  test("slides with the hour, and says when the next edit is possible", async () => {
    const time = stopTime();
    const policy = policyOf({ writesPerHour: 2 });
    write(policy);
    await time.pass(30 * 60_000);
    write(policy);
    expect(rejection(policy).cause).toBe("The budget of 2 edits an hour is used up. No edit was sent.");
    expect(rejection(policy).nextStep).toContain("The next edit is possible in 30 minutes.");
    expect(rejection(policy).nextStep).toContain("TENCENT_CHAT_WRITES_PER_HOUR");
    await time.pass(30 * 60_000 - 1);
    expect(rejection(policy).nextStep).toContain("in 1 minute.");
    await time.pass(1);
    write(policy);
    expect(rejection(policy).nextStep).toContain("in 30 minutes.");
  });

  test("gets a place back for what was not sent, and counts a reservation meanwhile", () => {
    const policy = policyOf({ writesPerHour: 1 });
    const giveBack = policy.reserveWrite();
    expect(rejection(policy).cause).toContain("used up");
    giveBack();
    policy.reserveWrite();
    expect(rejection(policy).cause).toContain("used up");
  });

  test("of 0 allows no edit, and no setting allows any number", () => {
    expect(rejection(policyOf({ writesPerHour: 0 })).nextStep).toBe(
      "An operator can raise TENCENT_CHAT_WRITES_PER_HOUR and restart the MCP host.",
    );
    const policy = policyOf({});
    for (let times = 0; times < 1_000; times += 1) write(policy);
  });

  test("of hundreds of thousands of edits is told like any other, and costs the next edit nothing", () => {
    const policy = policyOf({ writesPerHour: 300_000 });
    for (let times = 0; times < 300_000; times += 1) write(policy);
    expect(rejection(policy).nextStep).toContain("The next edit is possible in 60 minutes.");
  });
});

describe("confirmation", () => {
  test.each<[ConfirmEdits, number | undefined, boolean]>([
    ["never", 780_031, false],
    ["never", undefined, false],
    ["always", 0, true],
    ["always", undefined, true],
    [1000, 999, false],
    [1000, 1000, true],
    [1000, undefined, true],
    [1, 1, true],
  ])("%s, for an audience of %s: %s", (rule, audience, asks) => {
    expect(mustConfirm(rule, audience)).toBe(asks);
  });
});

describe("secrets", () => {
  const policy = new Policy({ readOnly: false, confirmEdits: "never" }, (text) => text.includes("hush"));

  test.each([{ Name: "hush" }, { list: [{ id: "x hush y" }] }, { list: [{ hush: 1 }] }, ["hush"], "hush"])(
    "are rejected wherever they are: %j",
    (args) => {
      const error = errorThrownBy(() => policy.assertNoSecrets(args));
      expect(error.explanation.fixedBy).toBe("agent");
      expect(JSON.stringify(error.explanation)).not.toContain("hush");
    },
  );

  test("are looked for in any number of arguments", () => {
    const many = { OfficialAccountIdList: Array.from({ length: 200_000 }, () => ({ Official_Account: "x" })) };
    expect(() => policy.assertNoSecrets(many)).not.toThrow();
    expect(() => policy.assertNoSecrets([many, "hush"])).toThrow(PolicyError);
  });

  test.each([{ Name: "loud", Number: 5, none: null }, undefined, 5])(
    "are not found where there are none: %j",
    (args) => {
      expect(() => policy.assertNoSecrets(args)).not.toThrow();
    },
  );
});
