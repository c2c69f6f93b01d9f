import { describe, expect, test } from "vitest";
import { Policy, type Rules } from "../../src/guard/policy.ts";
import { PolicyRefusal } from "../../src/guard/policy-refusal.ts";
import { failureOf } from "../support/service.ts";

const noSecret = () => false;
const policyOf = (rules: Partial<Rules>, now?: () => number) =>
  new Policy({ readOnly: false, ...rules }, noSecret, now);

function refusalOf(act: () => unknown): PolicyRefusal {
  try {
    act();
  } catch (failure) {
    if (failure instanceof PolicyRefusal) return failure;
    throw failure;
  }
  throw new Error("this should have been refused");
}

describe("read-only", () => {
  test("refuses a write tool and names the setting", () => {
    const refusal = refusalOf(() => policyOf({ readOnly: true }).refuseInReadOnly("modify_subscriber_info"));
    expect(refusal.explanation).toMatchObject({
      stage: "policy",
      fixedBy: "operator",
      safeToResend: false,
      attempts: 0,
    });
    expect(refusal.explanation.cause).toBe(
      "This server is read-only, so modify_subscriber_info is off. Nothing was sent.",
    );
    expect(refusal.explanation.nextStep).toContain("TENCENT_CHAT_READ_ONLY");
    expect(() => policyOf({}).refuseInReadOnly("modify_subscriber_info")).not.toThrow();
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
    const refusal = policyOf({ allowedChannels }).refusalOfChannel(id);
    expect(refusal === undefined).toBe(isAllowed);
    if (refusal) {
      expect(refusal.explanation.cause).toContain(JSON.stringify(id));
      expect(refusal.explanation.nextStep).toContain("TENCENT_CHAT_ALLOWED_CHANNELS");
    }
  });
});

describe("the write budget", () => {
  const spend = (policy: Policy) => policy.withinBudget(async (count) => count());
  const refused = (policy: Policy) => failureOf(spend(policy)) as Promise<PolicyRefusal>;

  test("slides with the hour, and says when the next place is free", async () => {
    let now = 0;
    const policy = policyOf({ writesPerHour: 2 }, () => now);
    await spend(policy);
    now = 30 * 60_000;
    await spend(policy);
    const refusal = await refused(policy);
    expect(refusal).toBeInstanceOf(PolicyRefusal);
    expect(refusal.explanation.cause).toBe("The write budget of 2 an hour is used up. Nothing was sent.");
    expect(refusal.explanation.nextStep).toContain("The next write is free in 30 minutes.");
    expect(refusal.explanation.nextStep).toContain("TENCENT_CHAT_WRITES_PER_HOUR");
    now = 60 * 60_000 - 1;
    expect((await refused(policy)).explanation.nextStep).toContain("in 1 minute.");
    now = 60 * 60_000;
    await spend(policy);
    expect((await refused(policy)).explanation.nextStep).toContain("in 30 minutes.");
  });

  test("does not count work that sent nothing, whether it ended well or not", async () => {
    const policy = policyOf({ writesPerHour: 1 });
    await policy.withinBudget(async () => {});
    await failureOf(
      policy.withinBudget(async () => {
        throw new Error("not sent");
      }),
    );
    await spend(policy);
    await refused(policy);
  });

  test("counts work that is still under way", async () => {
    const policy = policyOf({ writesPerHour: 1 });
    const underWay = policy.withinBudget(
      (count) => new Promise<void>((resolve) => setTimeout(() => resolve(count()), 20)),
    );
    expect(await refused(policy)).toBeInstanceOf(PolicyRefusal);
    await underWay;
  });

  test("goes by a clock of its own where none is given", async () => {
    const policy = new Policy({ readOnly: false, writesPerHour: 1 }, () => false);
    await spend(policy);
    expect((await refused(policy)).explanation.nextStep).toContain("The next write is free in 60 minutes.");
  });

  test("of none allows none", async () => {
    expect((await refused(policyOf({ writesPerHour: 0 }))).explanation.nextStep).toBe(
      "An operator can raise TENCENT_CHAT_WRITES_PER_HOUR.",
    );
  });
});

describe("secrets", () => {
  const policy = new Policy({ readOnly: false }, (text) => text.includes("hush"));

  test.each([{ Name: "hush" }, { list: [{ id: "x hush y" }] }, { list: [{ hush: 1 }] }, ["hush"], "hush"])(
    "are refused wherever they stand: %j",
    (args) => {
      const refusal = refusalOf(() => policy.refuseSecrets(args));
      expect(refusal.explanation.fixedBy).toBe("agent");
      expect(JSON.stringify(refusal.explanation)).not.toContain("hush");
    },
  );

  test("are looked for in any number of arguments", () => {
    const many = { OfficialAccountIdList: Array.from({ length: 200_000 }, () => ({ Official_Account: "x" })) };
    expect(() => policy.refuseSecrets(many)).not.toThrow();
    expect(() => policy.refuseSecrets([many, "hush"])).toThrow(PolicyRefusal);
  });

  test.each([{ Name: "loud", Number: 5, none: null }, undefined, 5])(
    "are not seen where there are none: %j",
    (args) => {
      expect(() => policy.refuseSecrets(args)).not.toThrow();
    },
  );
});
