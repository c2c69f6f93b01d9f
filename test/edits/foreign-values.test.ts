import { describe, expect, test } from "vitest";
import {
  edit,
  failedRead,
  goodRead,
  lacking,
  nameOf,
  OLD,
  open,
  posts,
  showing,
  showingLimit,
} from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import type { FaultySandbox } from "../support/faulty-sandbox.ts";
import { GET, MODIFY, PENN } from "../support/service.ts";

describe("an OK that reads do not confirm", () => {
  test("because they fail is accepted, with the undo", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, failedRead, failedRead, failedRead, failedRead);
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "accepted", subscribers: 780_031, undo: { arguments: { Name: OLD } } });
  });

  test("because one of them lacks the field is read again", async () => {
    const { sandbox, context } = await open();
    const lacking = (whole: Record<string, unknown>) => {
      const [{ Name: _, ...rest } = {}] = whole.OfficialAccountInfoList as Record<string, unknown>[];
      return { ...whole, OfficialAccountInfoList: [rest] };
    };
    sandbox.faults.add(goodRead, { command: GET, applied: true, response: { change: lacking } });
    expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("applied");
    expect(sandbox.requests.filter(({ command }) => command === GET)).toHaveLength(3);
    sandbox.faults.add(goodRead, { command: GET, applied: true, response: { change: lacking } });
    const { receipt } = await edit(context, { Name: "C", Introduction: "seen at once" });
    expect(receipt.changes.map(({ verdict }) => verdict)).toEqual(["applied", "applied"]);
  });

  test("in a field that had the wanted value before warns that it was overwritten", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array(4).fill(showing("a colleague's")));
    const { receipt } = await edit(context, { Name: OLD, Introduction: "i" });
    expect(receipt.changes).toMatchObject([{ field: "Name", after: "a colleague's", verdict: "differs" }, {}]);
    expect(receipt.warnings).toContain(
      "Name had the wanted value before the edit and has another one now: somebody else edits it, or the service changed it.",
    );
  });

  test("is not sent once more where the look in between lacks a field that the first read showed", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, { command: MODIFY, response: "reset" }, lacking("Name"));
    const { error } = await edit(context, { Name: OLD, Introduction: "i" });
    expect(posts(sandbox)).toBe(1);
    expect(error?.explanation.safeToResend).toBe(true); // the last look shows every field
  });

  const seenOnce = `A read after the edit showed 'a colleague\\'s' in Name, which is not what was sent: somebody else edits this channel, or the service changed the text.`;

  test("names a value of somebody else that one look showed, although a later one lags and shows ours", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing("a colleague's"), ...Array(3).fill(showing("B")));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({
      outcome: "applied",
      changes: [{ after: "B" }],
      undo: { arguments: { Name: OLD } },
    });
    expect(receipt.warnings[0]).toBe(`${seenOnce} Read the channel before you call undo.`);
    expect(error).toBeUndefined();
  });

  test("shows the value that was seen, not the wanted one, where the last look lacks the field", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing(OLD), showing("a colleague's"), ...Array(2).fill(lacking("Name")));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "a colleague's", verdict: "differs" }] });
    expect(error?.explanation.safeToResend).toBe(false);
  });

  test("keeps the limit that one look showed to have changed, although the last one lacks it", async () => {
    const { sandbox, context } = await open();
    let limit = 1_000_000;
    const change = (answer: Record<string, unknown>) => {
      limit = 100_000;
      return answer;
    };
    // The first look shows the fallen limit and an old name, so that a second one follows, which lacks the limit.
    const withLimit = showingLimit(() => limit);
    const early = (answer: Record<string, unknown>) =>
      showing(OLD).response.change(withLimit.response.change(answer) as Record<string, unknown>);
    sandbox.faults.add(withLimit, { command: MODIFY, applied: true, response: { change } });
    sandbox.faults.add({ ...withLimit, response: { change: early } }, goodRead);
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.warnings.join()).toContain("MaxSubscriberNum changed from 1,000,000 to 100,000");
    expect(receipt.undo?.arguments).toMatchObject({ MaxSubscriberNum: 1_000_000 });
  });

  test("is accepted with a warning where the reads that were possible still showed the old value", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, { command: MODIFY, response: { change: (answer) => answer } });
    sandbox.faults.add(showing(OLD), showing(OLD), showing(OLD), failedRead);
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("accepted");
    expect(receipt.warnings).toContain("The last read of Name did not show its new value.");
  });
});

describe("a field that had the wanted value before and was changed by somebody else", () => {
  const values = { Name: OLD, Introduction: "i" };
  const overwriteAfter = async (sandbox: FaultySandbox, count: number) => {
    await waitUntil(() => posts(sandbox) === count);
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = "a colleague's";
  };

  test("keeps the edit from being sent once more, which would overwrite it", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: "silence" });
    const ended = edit(context, values);
    await overwriteAfter(sandbox, 1);
    const { receipt, error } = await ended;
    expect(posts(sandbox)).toBe(1);
    expect(nameOf(sandbox)).toBe("a colleague's");
    expect(receipt.warnings.join()).toContain("Name had the wanted value before the edit and has another one now");
    expect(error?.explanation.safeToResend).toBe(false);
  });

  test("makes the same call again unsafe, also where the rest was not applied", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: "reset" }, { command: MODIFY, response: "reset" });
    const ended = edit(context, values);
    await overwriteAfter(sandbox, 2);
    const { receipt, error } = await ended;
    expect(receipt.outcome).toBe("notApplied");
    expect(error?.explanation.safeToResend).toBe(false);
    expect(error?.explanation.nextStep).toContain("Show the person what the receipt says of Name before anything else");
  });
});

test("a refusal after which somebody else's value is seen is not called safe to resend", async () => {
  const { sandbox, context } = await open();
  sandbox.faults.add(...[1, 2, 3].map(() => ({ command: MODIFY, response: { code: 60007 } })));
  const ended = edit(context, { Name: "B" });
  await waitUntil(() => posts(sandbox) === 1);
  const channel = sandbox.channels.get(PENN);
  if (channel) channel.info.Name = "a colleague's";
  const { receipt, error } = await ended;
  expect(receipt).toMatchObject({ outcome: "refused", changes: [{ verdict: "differs" }] });
  expect(error?.explanation.safeToResend).toBe(false);
  // The refusal's own next step follows: the person needs both.
  expect(error?.explanation.nextStep).toMatch(
    /^Show the person what the receipt says of Name .* Wait a second, then call again/,
  );
});
