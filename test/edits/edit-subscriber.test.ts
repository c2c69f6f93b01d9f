import { describe, expect, test } from "vitest";
import { editSubscriber } from "../../src/edits/edit-subscriber.ts";
import { readJournal } from "../../src/guard/journal.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { waitUntil } from "../support/clock.ts";
import { journalPath } from "../support/folders.ts";
import { bodiesOf, callFor, contextOn, errorOf, finished, PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";

const value = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" };

async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const journal = journalPath();
  return { sandbox, journal, context: contextOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

const edit = (context: ToolContext, more: Partial<typeof value> = {}) =>
  finished(editSubscriber(context, { ...value, ...more }, callFor()));
const resultOf = (journal: string) => readJournal(journal).edits[0]?.result;

test("an OK is accepted: no tool can read the value back", async () => {
  const { sandbox, context, journal } = await open();
  const { envelope, receipt, error } = await edit(context);
  expect(error).toBeUndefined();
  expect(envelope.ErrorCode).toBe(0);
  expect(receipt).toEqual({
    outcome: "accepted",
    channel: PENN,
    subscriber: "107867",
    summary: `1 subscriber ('107867') of '${PENN}' (test): CustomString: 'vip'; the service said OK. No tool can read this value, so there is no before and no undo.`,
    changes: [{ field: "CustomString", after: "vip", verdict: "cannotBeReadBack", bytes: { used: 3, max: 3000 } }],
    warnings: [],
  });
  expect(sandbox.channels.get(PENN)?.subscribers.get("107867")).toBe("vip");
  expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([value]);
  expect(readJournal(journal).edits).toMatchObject([
    {
      intent: { tool: SUBSCRIBER, channel: PENN, subscriber: "107867", changes: [{ after: "vip" }] },
      result: { outcome: "accepted" },
    },
  ]);
});

test("the connection is used once, so that many edits do not leave many open", async () => {
  const { sandbox, context } = await open();
  for (const CustomString of ["a", "b", "c"]) await edit(context, { CustomString });
  expect(new Set(sandbox.requests.map(({ socketId }) => socketId)).size).toBe(3);
  await waitUntil(() => sandbox.openSocketIds.length === 0);
});

test("IDs in the summary are quoted, so that they cannot pose as words of ours", async () => {
  const { context } = await open();
  const { receipt } = await edit(context, { Subscriber_Account: "a') of 'b" });
  expect(receipt.summary).toContain("1 subscriber ('a\\') of \\'b') of '");
});

test("warnings name an emptied field and invisible characters", async () => {
  const { context } = await open();
  expect((await edit(context, { CustomString: "" })).receipt.warnings).toEqual(["CustomString is emptied."]);
  expect((await edit(context, { CustomString: "a\u202e" })).receipt.warnings[0]).toContain("U+202E");
});

test.each(["reset" as const, { status: 502 }, { raw: "{" }, { code: 60008 }, { code: 10004 }])(
  "without a definite answer (%j) the outcome is unknown, and the edit is not sent again",
  async (response) => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add({ command: SUBSCRIBER, applied: true, response });
    const { receipt, error } = await edit(context);
    expect(receipt).toMatchObject({ outcome: "unknown", summary: expect.stringContaining("outcome unknown") });
    expect(error?.explanation).toMatchObject({ safeToResend: true, attempts: 1 });
    expect(error?.message).toContain("It can still take effect for 3 seconds.");
    expect(error?.explanation.nextStep).toMatch(/in 10 seconds.*harmless.*stop and tell the person/);
    expect(bodiesOf(sandbox, SUBSCRIBER)).toHaveLength(1);
    expect(resultOf(journal)?.outcome).toBe("unknown");
  },
);

test("a refusal is recorded as refused, speaks of both IDs, and counts as an edit", async () => {
  const { context, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
  const { receipt, error } = await edit(context, { Subscriber_Account: "nobody" });
  expect(receipt.outcome).toBe("refused");
  expect(error?.envelope.ErrorCode).toBe(131003);
  expect(error?.message).toContain("this was not verified by reading");
  expect(error?.explanation.nextStep).toContain("check Official_Account and Subscriber_Account");
  expect(resultOf(journal)).toMatchObject({ outcome: "refused", code: 131003 });
  expect(await errorOf(edit(context))).toMatchObject({ name: "PolicyError" });
});

test("what was not sent does not count as an edit, and is recorded as not sent", async () => {
  const { sandbox, context, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
  await sandbox.close();
  for (let times = 0; times < 2; times += 1) {
    expect(await errorOf(edit(context))).toMatchObject({ name: "NotSentError" });
  }
  expect(readJournal(journal).edits.map(({ result }) => result?.outcome)).toEqual(["notSent", "notSent"]);
});

test("without a journal that can be written nothing is sent", async () => {
  const { sandbox, context } = await open({ TENCENT_CHAT_JOURNAL: "/nowhere/at/all" });
  expect(await errorOf(edit(context))).toMatchObject({ name: "PolicyError" });
  expect(sandbox.requests).toEqual([]);
});

test("what was cancelled in flight is recorded as cancelled", async () => {
  const { sandbox, context, journal } = await open();
  sandbox.faults.add({ command: SUBSCRIBER, response: "silence" });
  const call = callFor();
  const editing = finished(editSubscriber(context, value, call));
  await waitUntil(() => sandbox.requests.length === 1);
  call.deadline.cancel();
  expect((await editing).receipt.outcome).toBe("unknown");
  expect(resultOf(journal)).toMatchObject({ outcome: "unknown", cancelled: true });
});

describe("the lock of a subscriber", () => {
  async function openWithSubscribers(count: number) {
    const opened = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    const channel = opened.sandbox.channels.get(PENN);
    for (let index = 0; index < count; index += 1) channel?.subscribers.set(`user-${index}`, "");
    return opened;
  }

  test.each(["reset" as const, { code: 60008 }])(
    "keeps the next edit of the same subscriber out until the server timeout: %j",
    async (response) => {
      const { sandbox, context } = await openWithSubscribers(1);
      sandbox.faults.add({ command: SUBSCRIBER, response, appliedAfterMs: 2_900 });
      const first = edit(context, { CustomString: "first" });
      const second = edit(context, { CustomString: "second" });
      expect((await first).receipt.outcome).toBe("unknown");
      expect((await second).receipt.outcome).toBe("accepted");
      await waitUntil(() => sandbox.applied.length === 2);
      expect(sandbox.applied.map(({ body }) => JSON.parse(body).CustomString)).toEqual(["first", "second"]);
    },
  );

  test("lets one subscriber of two channels be edited side by side", async () => {
    const { sandbox, context } = await openWithSubscribers(1);
    const other = "@TOA#_@TOA#dZDP";
    sandbox.channels.get(other)?.subscribers.set("107867", "");
    sandbox.faults.add({ command: SUBSCRIBER, mentions: PENN, response: { delayMs: 700 } });
    const order: string[] = [];
    await Promise.all([
      edit(context).then(() => order.push("slow")),
      edit(context, { Official_Account: other }).then(() => order.push("quick")),
    ]);
    expect(order).toEqual(["quick", "slow"]);
  });

  test("lets many subscribers of one channel be edited side by side", async () => {
    const { sandbox, context } = await openWithSubscribers(20);
    sandbox.faults.add({ command: SUBSCRIBER, mentions: "user-0", response: { delayMs: 700 } });
    const order: number[] = [];
    const edits = Array.from({ length: 20 }, (_, index) =>
      edit(context, { Subscriber_Account: `user-${index}` }).then(() => order.push(index)),
    );
    await Promise.all(edits);
    expect(order.at(-1)).toBe(0);
  });
});
