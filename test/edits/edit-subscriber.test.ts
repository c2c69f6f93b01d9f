import { describe, expect, test } from "vitest";
import { editSubscriber } from "../../src/edits/edit-subscriber.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { linesIn, recorded } from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { journalPath } from "../support/folders.ts";
import {
  bodiesOf,
  callFor,
  contextOn,
  errorOf,
  finished,
  NOBODY,
  PENN,
  SUBSCRIBER,
  startSandbox,
} from "../support/service.ts";

const value = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" };

async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const journal = journalPath();
  return { sandbox, journal, context: contextOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

const edit = (context: ToolContext, more: Partial<typeof value> = {}) =>
  finished(editSubscriber(context, { ...value, ...more }, callFor()));
const resultOf = (journal: string) => recorded(journal).result;

test.concurrent("an OK is accepted: no tool can read the value back", async () => {
  const { sandbox, context, journal } = await open();
  const { envelope, receipt, error } = await edit(context);
  expect(error).toBeUndefined();
  expect(envelope.ErrorCode).toBe(0);
  expect(receipt).toEqual({
    outcome: "accepted",
    channel: PENN,
    subscriber: "107867",
    summary: `Subscriber '107867' of '${PENN}' (test): the service said OK. CustomString: 'vip' (not verified). No tool can read this value, so there is no undo.`,
    changes: [{ field: "CustomString", after: "vip", verdict: "notRead", bytes: { used: 3, max: 3000 } }],
    warnings: [],
  });
  expect(sandbox.channels.get(PENN)?.subscribers.get("107867")).toBe("vip");
  expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([value]);
  expect(recorded(journal)).toMatchObject({
    intent: { tool: SUBSCRIBER, channel: PENN, subscriber: "107867", changes: [{ after: "vip" }] },
    result: { outcome: "accepted", channel: PENN, subscriber: "107867", sdkAppId: 1400000321 },
  });
});

test.concurrent("many edits go over kept connections", async () => {
  const { sandbox, context } = await open();
  for (const CustomString of ["a", "b", "c"]) await edit(context, { CustomString });
  expect(new Set(sandbox.requests.map(({ socketId }) => socketId)).size).toBe(1);
});

test.concurrent("IDs in the summary are quoted, so that they cannot pose as words of ours", async () => {
  const { context } = await open();
  const { receipt } = await edit(context, { Subscriber_Account: "a') of 'b" });
  expect(receipt.summary).toContain("Subscriber 'a\\') of \\'b' of '");
});

test.concurrent("warnings name invisible characters", async () => {
  const { context } = await open();
  expect((await edit(context, { CustomString: "a\u202e" })).receipt.warnings[0]).toContain("U+202E");
});

const reset = { command: SUBSCRIBER, response: "reset" as const };

test.concurrent.each(["reset" as const, { status: 502 }, { raw: "{" }, { code: 60008 }, { code: 10004 }])(
  "without a valid answer (%j) it is sent again: setting the same value again is harmless",
  async (response) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: SUBSCRIBER, applied: true, response });
    const { receipt, error } = await edit(context);
    expect(error).toBeUndefined();
    expect(receipt.outcome).toBe("accepted");
    expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([value, value]);
  },
);

test.concurrent("four times without a valid answer the outcome is unknown, and safe to resend", async () => {
  const { sandbox, context, journal } = await open();
  sandbox.faults.add(reset, reset, reset, reset);
  const { receipt, error } = await edit(context);
  expect(receipt).toMatchObject({ outcome: "unknown", summary: expect.stringContaining("outcome unknown") });
  expect(error?.explanation).toMatchObject({ safeToResend: true, attempts: 4 });
  expect(error?.message).toContain("It can take effect until 3 seconds after it was last sent.");
  expect(error?.explanation.nextStep).toMatch(
    /^Wait 10 seconds.*harmless.*3 times in total, then stop and tell the person/,
  );
  expect(resultOf(journal)?.outcome).toBe("unknown");
});

test.concurrent("a refusal after an attempt without an answer says nothing of that one", async () => {
  const { sandbox, context } = await open();
  sandbox.faults.add(reset, { command: SUBSCRIBER, response: { code: 60020 } });
  const { receipt, error } = await edit(context);
  expect(receipt.outcome).toBe("unknown");
  expect(error?.explanation).toMatchObject({ safeToResend: true, fixedBy: "operator" });
  expect(error?.explanation.nextStep).toMatch(/plan in the console.* Then call again with the same arguments/);
});

test.concurrent("a refusal is recorded as refused, speaks of both IDs, and counts as an edit", async () => {
  const { context, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
  const { receipt, error } = await edit(context, { Subscriber_Account: "nobody" });
  expect(receipt.outcome).toBe("refused");
  expect(error?.envelope.ErrorCode).toBe(131003);
  expect(receipt.summary).toMatch(/this edit was refused\. CustomString: 'vip'$/);
  expect(error?.explanation.nextStep).toContain("check Official_Account and Subscriber_Account");
  expect(resultOf(journal)).toMatchObject({ outcome: "refused", code: 131003 });
  expect(await errorOf(edit(context))).toMatchObject({ name: "PolicyError" });
});

test.concurrent("what was not sent does not count as an edit, and is recorded as not sent", async () => {
  const journal = journalPath();
  const context = contextOn(NOBODY, { TENCENT_CHAT_WRITES_PER_HOUR: "1", TENCENT_CHAT_JOURNAL: journal });
  for (let times = 0; times < 2; times += 1) {
    expect((await errorOf(edit(context))).explanation).toMatchObject({ attempts: 0, stage: "network" });
  }
  const outcomes = linesIn(journal).flatMap((line) => (line.event === "outcome" ? [line.outcome] : []));
  expect(outcomes).toEqual(["notSent", "notSent"]);
});

test.concurrent("without a journal that can be written nothing is sent", async () => {
  const { sandbox, context } = await open({ TENCENT_CHAT_JOURNAL: "/nowhere/at/all" });
  expect(await errorOf(edit(context))).toMatchObject({ name: "PolicyError" });
  expect(sandbox.requests).toEqual([]);
});

test.concurrent("what was cancelled in flight is recorded as cancelled", async () => {
  const { sandbox, context, journal } = await open();
  sandbox.faults.add({ command: SUBSCRIBER, response: "silence" });
  const call = callFor();
  const editing = finished(editSubscriber(context, value, call));
  await waitUntil(() => sandbox.requests.length === 1);
  call.deadline.cancel();
  expect((await editing).receipt.outcome).toBe("unknown");
  expect(resultOf(journal)).toMatchObject({ outcome: "unknown", cancelled: true });
});

describe.concurrent("the lock of a subscriber", () => {
  async function openWithSubscribers(count: number) {
    const opened = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    const channel = opened.sandbox.channels.get(PENN);
    for (let index = 0; index < count; index += 1) channel?.subscribers.set(`user-${index}`, "");
    return opened;
  }

  test("keeps the next edit of the same subscriber out until an attempt without an answer is settled", async () => {
    const { sandbox, context } = await openWithSubscribers(1);
    sandbox.faults.add({ ...reset, appliedAfterMs: 2_900 });
    const [first, second] = await Promise.all(
      ["first", "second"].map((CustomString) => edit(context, { CustomString })),
    );
    expect([first?.receipt.outcome, second?.receipt.outcome]).toEqual(["accepted", "accepted"]);
    expect(sandbox.applied.map(({ body }) => JSON.parse(body).CustomString)).toEqual(["first", "first", "second"]);
  });

  test("lets one subscriber of two channels be edited side by side", async () => {
    const { sandbox, context } = await openWithSubscribers(1);
    const other = "@TOA#_@TOA#dZDP";
    sandbox.channels.get(other)?.subscribers.set("107867", "");
    sandbox.faults.add({ command: SUBSCRIBER, mentions: PENN, response: { delayMs: 1_500 } });
    const order: string[] = [];
    await Promise.all([
      edit(context).then(() => order.push("slow")),
      edit(context, { Official_Account: other }).then(() => order.push("quick")),
    ]);
    expect(order).toEqual(["quick", "slow"]);
  });

  test("lets many subscribers of one channel be edited side by side", async () => {
    const { sandbox, context } = await openWithSubscribers(20);
    sandbox.faults.add({ command: SUBSCRIBER, mentions: "user-0", response: { delayMs: 3_000 } });
    const order: number[] = [];
    const edits = Array.from({ length: 20 }, (_, index) =>
      edit(context, { Subscriber_Account: `user-${index}` }).then(() => order.push(index)),
    );
    await Promise.all(edits);
    expect(order.at(-1)).toBe(0);
  });
});
