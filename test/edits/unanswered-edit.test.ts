import { describe, expect, test } from "vitest";
import { edit, failedRead, goodRead, lastRead, nameOf, OLD, open, posts, recorded } from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { doorTo } from "../support/peers.ts";
import { contextOn, MODIFY, PENN, startSandbox } from "../support/service.ts";

describe("without a definite answer", () => {
  const faults = [
    ["a reset", "reset" as const],
    ["a 502", { status: 502 }],
    ["half an answer", { raw: '{"ActionStatus":"OK","Err' }],
    ["an answer without ErrorCode", { raw: '{"ActionStatus":"OK"}' }],
    ["a transient code", { code: 60008 }],
  ] as const;

  test.each(faults)(
    "an edit that was applied before %s is reported as applied, after one POST",
    async (_what, response) => {
      const { sandbox, context, journal } = await open();
      sandbox.faults.add({ command: MODIFY, applied: true, response });
      const { receipt, error } = await edit(context, { Name: "B" });
      expect(error).toBeUndefined();
      expect(receipt).toMatchObject({ outcome: "applied", changes: [{ before: OLD, after: "B", verdict: "applied" }] });
      expect(receipt.undo).toEqual({ tool: MODIFY, arguments: { Official_Account: PENN, Name: OLD } });
      expect(receipt.warnings[0]).toMatch(
        /\. The server then read the channel and saw the new values: do not send the edit again\.$/,
      );
      expect(posts(sandbox)).toBe(1);
      expect(recorded(journal)?.result?.outcome).toBe("applied");
    },
  );

  test.each(faults)(
    "an edit that was not applied before %s is sent once more, and applied",
    async (_what, response) => {
      const { sandbox, context } = await open();
      sandbox.faults.add({ command: MODIFY, response });
      const { receipt, error } = await edit(context, { Name: "B" });
      expect(error).toBeUndefined();
      expect(receipt.outcome).toBe("applied");
      expect(posts(sandbox)).toBe(2);
      expect(nameOf(sandbox)).toBe("B");
    },
  );

  test("twice, the old values 5 seconds later mean that it was not applied", async () => {
    const { sandbox, context, journal } = await open();
    const fault = { command: MODIFY, response: "reset" as const };
    sandbox.faults.add(fault, fault);
    const { envelope, receipt, error } = await edit(context, { Name: "B" });
    expect(envelope).toEqual({});
    expect(receipt).toMatchObject({ outcome: "notApplied", changes: [{ after: OLD, verdict: "notApplied" }] });
    expect(receipt.undo).toBeUndefined();
    expect(error?.explanation).toMatchObject({ safeToResend: true, attempts: 2, stage: "network" });
    expect(error?.message).toBe(
      "The edit was sent 2 times. The connection broke after the request was sent (ECONNRESET). A read 5 seconds later shows the old value of Name, and the request can no longer take effect.",
    );
    expect(error?.explanation.nextStep).toContain("stop and tell the person");
    expect(posts(sandbox)).toBe(2);
    expect(recorded(journal)?.result?.outcome).toBe("notApplied");
  });

  test.each([10004, 60004, 60005, 70346])(
    "code %i is not sent again, although the old values are there",
    async (code) => {
      const { sandbox, context } = await open();
      sandbox.faults.add({ command: MODIFY, response: { code } });
      const { receipt } = await edit(context, { Name: "B" });
      expect(receipt.outcome).toBe("notApplied");
      expect(posts(sandbox)).toBe(1);
    },
  );

  test("an edit of which a look shows a part is not sent again", async () => {
    const { sandbox, context } = await open();
    const applyName = (answer: Record<string, unknown>) => {
      Object.assign(sandbox.channels.get(PENN)?.info ?? {}, { Name: "B" });
      return { ...answer, ActionStatus: "FAIL", ErrorCode: 60008 };
    };
    sandbox.faults.add({ command: MODIFY, response: { change: applyName } });
    expect((await edit(context, { Name: "B", Introduction: "new" })).receipt.outcome).toBe("partlyApplied");
    expect(posts(sandbox)).toBe(1);
  });

  test("the first attempt can still take effect after the second one was answered with OK", async () => {
    const { sandbox, context } = await open();
    const late = { command: MODIFY, response: { code: 60008 }, appliedAfterMs: 2_600 };
    sandbox.faults.add(late, { command: MODIFY, response: { change: (answer) => ({ ...answer, ErrorCode: 0 }) } });
    const { receipt } = await edit(context, { Name: "B" });
    expect([receipt.outcome, posts(sandbox)]).toEqual(["applied", 2]);
  });

  test("somebody else's value leaves the outcome unknown, and undo warns that it would overwrite it", async () => {
    const { sandbox, context } = await open();
    const reset = { command: MODIFY, response: "reset" as const };
    sandbox.faults.add(reset, reset);
    const running = edit(context, { Name: "B" });
    await waitUntil(() => posts(sandbox) === 2);
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = "a colleague's";
    const { receipt } = await running;
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "a colleague's", verdict: "differs" }] });
    expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD });
    expect(receipt.warnings).toContain("undo would overwrite the value that Name has now, which is not what was sent.");
  });

  test.each([10004, 60004, 60005, 70346])("code %i is not sent again, and looked at", async (code) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, response: { code } });
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(1);
  });

  test("an answer that says OK and an error code in one is looked at", async () => {
    const { sandbox, context } = await open();
    const both = (answer: Record<string, unknown>) => ({ ...answer, ActionStatus: "OK", ErrorCode: 130004 });
    sandbox.faults.add({ command: MODIFY, applied: true, response: { change: both } });
    expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("applied");
  });

  test("an edit that takes effect late is seen", async () => {
    const { sandbox, context } = await open();
    const late = { command: MODIFY, response: "reset" as const, appliedAfterMs: 1_500 };
    sandbox.faults.add(late, late);
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(error).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
  });

  test("and without a read that succeeds the outcome is unknown, with undo and what to do", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add(
      goodRead,
      { command: MODIFY, response: "reset" },
      ...Array.from({ length: 4 }, () => failedRead),
    );
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "B", verdict: "cannotBeReadBack" }] });
    expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD });
    expect(error?.message).toContain("the channel could not be read afterwards");
    expect(error?.explanation.nextStep).toContain(
      "Wait 5 seconds (the edit can take effect for 3, and a read can lag by 2), then read the channel",
    );
    expect(posts(sandbox)).toBe(1);
    expect(recorded(journal)?.result?.outcome).toBe("unknown");
  });

  test("an edit of a field that no read shows stays unknown, and is not sent again", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, response: "reset" });
    const { receipt, error } = await edit(context, { Name: OLD, MaxSubscriberNum: 7 });
    expect(receipt.outcome).toBe("unknown");
    expect(error?.message).toContain("no read late enough tells whether MaxSubscriberNum was changed");
    expect(posts(sandbox)).toBe(1);
  });

  test("an edit that runs out of time stays unknown, with its undo", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: "reset" }); // not sent again: too little time to see what it did
    const { receipt, error } = await edit(context, { Name: "B" }, 1_500);
    expect(receipt.outcome).toBe("unknown");
    expect(receipt.undo?.arguments).toMatchObject({ Name: OLD });
    expect(error?.message).toContain("the call ended before the channel could be read late enough");
  });

  test("an edit whose second attempt is refused is never called refused", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: "reset" }, { command: MODIFY, response: { code: 60020 } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("notApplied");
    expect(error?.envelope.ErrorCode).toBe(60020);
    // What the second answer says counts: another call with the same arguments would be refused again.
    expect(error?.explanation).toMatchObject({ fixedBy: "operator", safeToResend: false });
    expect(error?.explanation.nextStep).not.toContain("Call again with the same arguments");
  });

  test("an edit whose second attempt cannot be sent is never reported as not applied while it can still take effect", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(await doorTo(sandbox.endpoint, 2)); // one to edit over, one to look over
    sandbox.faults.add(goodRead, { command: MODIFY, response: "reset", appliedAfterMs: 1_500 }, lastRead);
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("unknown");
    await waitUntil(() => nameOf(sandbox) === "B");
    expect(posts(sandbox)).toBe(1);
  });

  test("an edit is not sent again where an outage has used up the retry budget", async () => {
    const { sandbox, context } = await open();
    while (context.api.consumeRetryBudget()) {}
    sandbox.faults.add({ command: MODIFY, response: "reset" });
    expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("notApplied");
    expect(posts(sandbox)).toBe(1);
  });

  test("a connection that the server closes in the moment of the write ends in a true receipt", async () => {
    const { sandbox, context } = await open();
    for (const applied of [true, false]) {
      sandbox.faults.add({ command: MODIFY, applied, response: "reset" });
      const name = `closed ${applied}`;
      expect((await edit(context, { Name: name })).receipt.outcome).toBe("applied");
      expect(nameOf(sandbox)).toBe(name);
    }
  });
});
