import { describe, expect, test } from "vitest";
import { editChannel } from "../../src/edits/edit-channel.ts";
import {
  edit,
  failedRead,
  goodRead,
  nameOf,
  OLD,
  open,
  posts,
  showing,
  showingLimit,
} from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { callFor, finished, GET, MODIFY, PENN } from "../support/service.ts";

describe("a read that lags behind an edit of ours", () => {
  test("is not believed after an attempt that took effect late, although its resend was seen", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, { command: MODIFY, response: { code: 60008 }, appliedAfterMs: 2_700 });
    expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("applied");
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = "a colleague's"; // which the first attempt overwrites
    sandbox.faults.add(showing("a colleague's"));
    const { receipt } = await edit(context, { Name: "a colleague's" });
    expect(receipt).toMatchObject({ outcome: "applied", changes: [{ before: "B" }] });
  });

  test("never makes an undo unnecessary, also where the call has no time for another read", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "bad" });
    sandbox.faults.add(showing(OLD));
    await expect(edit(context, { Name: OLD }, 800)).rejects.toMatchObject({ name: "NotSentError" });
  });

  test("counts from when it began, however late it ends", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "bad" });
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // so that the read begins inside the lag and ends after it
    sandbox.faults.add({ ...showing(OLD), response: { ...showing(OLD).response, delayMs: 900 } });
    expect((await edit(context, { Name: OLD })).receipt).toMatchObject({
      outcome: "applied",
      changes: [{ before: "bad" }],
    });
  });

  test("can show the value from two edits ago", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "Y" });
    await edit(context, { Name: "Z" });
    sandbox.faults.add(goodRead, { command: MODIFY, response: { change: (answer) => answer } }, showing(OLD));
    expect((await edit(context, { Name: OLD })).receipt.outcome).toBe("unknown");
  });

  test("that shows a limit from before an edit that changed it unasked is not believed: the undo is sent", async () => {
    const { sandbox, context } = await open();
    const limits = [1_000_000, 100_000, 1_000_000]; // before, after, and a replica that lags behind
    sandbox.faults.add(...limits.map((limit) => showingLimit(() => limit)));
    const { receipt } = await edit(context, { Name: OLD, Introduction: "i" });
    const { Official_Account: _, ...values } = receipt.undo?.arguments ?? {};
    expect(values).toMatchObject({ MaxSubscriberNum: 1_000_000 });
    const undone = await edit(context, { Name: OLD, MaxSubscriberNum: 1_000_000 });
    expect(undone.receipt.outcome).not.toBe("unchanged");
    expect(posts(sandbox)).toBe(2);
  });

  test("does not hide a limit that the next edit changed without naming it", async () => {
    const { sandbox, context } = await open();
    let limit = 1_000_000;
    const withLimit = showingLimit(() => limit);
    sandbox.faults.add(...Array.from({ length: 5 }, () => withLimit));
    await edit(context, { Introduction: "i" });
    const next = edit(context, { Name: "B" });
    await waitUntil(() => posts(sandbox) === 2);
    limit = 100_000;
    const { receipt } = await next;
    sandbox.faults.clear();
    expect(receipt.warnings[0]).toContain("MaxSubscriberNum changed from 1,000,000 to 100,000");
    expect(receipt.undo?.arguments).toMatchObject({ Name: OLD, MaxSubscriberNum: 1_000_000 });
  });

  test("is not taken for the outcome of the next one, although the service says OK", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "Newz" });
    sandbox.faults.add(goodRead, showing(OLD), { command: GET, response: { delayMs: 0 } });
    const corrected = await edit(context, { Name: OLD.toUpperCase() });
    expect(corrected.receipt.changes).toMatchObject([{ before: "Newz", after: OLD.toUpperCase(), verdict: "applied" }]);

    sandbox.faults.add(goodRead, showing("Newz"), failedRead, failedRead, failedRead);
    const { receipt, error } = await edit(context, { Name: "C" });
    expect([receipt.outcome, error]).toEqual(["accepted", undefined]);
    expect(receipt.changes).toMatchObject([{ after: "C", verdict: "cannotBeReadBack" }]);
  });

  test("does not make an undo look unnecessary after one that was refused and cut short", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "bad" });
    sandbox.faults.add({ command: MODIFY, response: { code: 60020 } });
    const call = callFor();
    const undo = finished(editChannel(context, PENN, { Name: OLD }, call));
    await waitUntil(() => posts(sandbox) === 2 && call.deadline.waitingFor === "the edit to show");
    call.deadline.cancel();
    expect((await undo).receipt.outcome).toBe("refused");
    sandbox.faults.add(showing(OLD));
    expect((await edit(context, { Name: OLD })).receipt).toMatchObject({
      outcome: "applied",
      changes: [{ before: "bad" }],
    });
    expect(nameOf(sandbox)).toBe(OLD);
  });
});

describe("an edit right after another one of the same channel", () => {
  const partly = (changed: Record<string, unknown>) => ({
    command: MODIFY,
    response: {
      change: (answer: Record<string, unknown>) => {
        Object.assign(changed.info as object, changed.values);
        return answer;
      },
    },
  });

  test.each([
    ["stores one field only", { Name: "n" }, "partlyApplied", "notApplied"],
    ["stores another text", { Name: "n", Introduction: "***" }, "unknown", "differs"],
    ["trims a text", { Name: "n", Introduction: "i" }, "applied", "normalized"],
  ])("is reported as it is where the service %s", async (_what, values, outcome, verdict) => {
    const { sandbox, context } = await open();
    await edit(context, { Organization: "o" });
    const info = sandbox.channels.get(PENN)?.info;
    sandbox.faults.add(partly({ info, values }));
    const { receipt } = await edit(context, { Name: "n", Introduction: " i" });
    expect(receipt.outcome).toBe(outcome);
    expect(receipt.changes).toMatchObject([
      { field: "Name", verdict: "applied" },
      { field: "Introduction", verdict },
    ]);
  });

  test("that is refused says what a read late enough showed", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Organization: "o" });
    sandbox.faults.add({ command: MODIFY, response: { code: 6017 } });
    const { error } = await edit(context, { Name: "n" });
    expect(error?.message).toContain("A read right after showed the old value of Name.");
  });
});

describe("a read before an edit", () => {
  test("that lags behind an edit of ours is not believed: an undo is written, not called unchanged", async () => {
    const { sandbox, context } = await open();
    const { receipt } = await edit(context, { Name: "bad text" });
    sandbox.faults.add(showing(OLD)); // a replica that does not know the edit yet
    const { Official_Account: _, ...values } = receipt.undo?.arguments ?? {};
    const undone = await edit(context, values);
    expect(undone.receipt).toMatchObject({ outcome: "applied", changes: [{ before: "bad text", after: OLD }] });
    expect(nameOf(sandbox)).toBe(OLD);
  });

  test("that shows the edit before is believed at once", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "B" });
    sandbox.requests.length = 0;
    await edit(context, { Introduction: "i" });
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
  });
});
