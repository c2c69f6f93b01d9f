import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { readJournal } from "../../src/guard/journal.ts";
import { editSubscriber } from "../../src/writes/subscriber-edit.ts";
import { bodiesOf, callFor, failureOf, houseOn, PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";

const value = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" };

async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const place = mkdtempSync(join(tmpdir(), "edit-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const journal = join(place, "journal.jsonl");
  return { sandbox, journal, house: houseOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

test("tells what was sent, and plainly that no tool can read it back", async () => {
  const { sandbox, house, journal } = await open();
  const { head, receipt, failure } = await editSubscriber(house, value, callFor());
  expect(failure).toBeUndefined();
  expect(head.ErrorCode).toBe(0);
  expect(receipt).toEqual({
    outcome: "applied",
    summary: `1 subscriber (107867) of ${PENN}: CustomString: 'vip'; the service said OK. None of the three tools can read this value back, so there is no before and no undo.`,
    changes: [{ field: "CustomString", after: "vip", verdict: "cannotBeReadBack" }],
    warnings: [],
  });
  expect(sandbox.channels.get(PENN)?.subscribers.get("107867")).toBe("vip");
  expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([value]);
  expect(readJournal(journal).writes).toMatchObject([
    {
      intent: { tool: SUBSCRIBER, channel: PENN, subscriber: "107867", changes: [{ after: "vip" }] },
      ending: { outcome: "applied" },
    },
  ]);
});

test("warns of an emptied field and of characters nobody sees", async () => {
  const { house } = await open();
  expect((await editSubscriber(house, { ...value, CustomString: "" }, callFor())).receipt.warnings).toEqual([
    "CustomString is emptied.",
  ]);
  expect((await editSubscriber(house, { ...value, CustomString: "a\u202e" }, callFor())).receipt.warnings[0]).toContain(
    "U+202E",
  );
});

test.each(["reset" as const, { status: 502 }, { raw: "{" }])(
  "without a valid answer (%j) stays unknown and is not sent again",
  async (meets) => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add({ command: SUBSCRIBER, applied: true, meets });
    const { head, receipt, failure } = await editSubscriber(house, value, callFor());
    expect(head).toEqual({});
    expect(receipt.outcome).toBe("unknown");
    expect(receipt.summary).toContain("outcome unknown");
    expect(failure?.explanation).toMatchObject({ safeToResend: true, attempts: 1 });
    expect(failure?.explanation.nextStep).toContain("setting the same value again is harmless");
    expect(bodiesOf(sandbox, SUBSCRIBER)).toHaveLength(1);
    expect(readJournal(journal).writes[0]?.ending).toEqual(expect.objectContaining({ outcome: "unknown" }));
  },
);

test("that landed and was then refused stays unknown, never called refused", async () => {
  const { sandbox, house, journal } = await open();
  sandbox.faults.add(
    { command: SUBSCRIBER, applied: true, meets: { code: 60008 } },
    { command: SUBSCRIBER, meets: { code: 131003 } },
  );
  const { receipt } = await editSubscriber(house, value, callFor());
  expect(receipt.outcome).toBe("unknown");
  expect(readJournal(journal).writes[0]?.ending?.outcome).toBe("unknown");
});

test("that the service refuses is noted as refused, and counts as a write", async () => {
  const { house, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
  const failure = await failureOf(editSubscriber(house, { ...value, Subscriber_Account: "nobody" }, callFor()));
  expect(failure).toMatchObject({ name: "ServiceRefusal", head: { ErrorCode: 131003 } });
  expect(readJournal(journal).writes[0]?.ending).toMatchObject({ outcome: "refused", code: 131003 });
  expect(await failureOf(editSubscriber(house, value, callFor()))).toMatchObject({ name: "PolicyRefusal" });
});

test("that was not sent does not count as a write, and is noted as not sent", async () => {
  const { sandbox, house, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
  await sandbox.close();
  for (let times = 0; times < 2; times += 1) {
    expect(await failureOf(editSubscriber(house, value, callFor()))).toMatchObject({ name: "NotSent" });
  }
  expect(readJournal(journal).writes.map(({ ending }) => ending?.outcome)).toEqual(["notSent", "notSent"]);
});

test("without a journal that can be written is refused, and nothing is sent", async () => {
  const { sandbox, house } = await open({ TENCENT_CHAT_JOURNAL: "/nowhere/at/all" });
  expect(await failureOf(editSubscriber(house, value, callFor()))).toMatchObject({ name: "PolicyRefusal" });
  expect(sandbox.requests).toEqual([]);
});

test("that was cancelled in flight says so in the journal", async () => {
  const { sandbox, house, journal } = await open();
  sandbox.faults.add({ command: SUBSCRIBER, meets: "silence" });
  const call = callFor();
  const edit = editSubscriber(house, value, call);
  await vi.waitUntil(() => sandbox.requests.length === 1);
  call.deadline.cancel();
  expect((await edit).receipt.outcome).toBe("unknown");
  expect(readJournal(journal).writes[0]?.ending).toMatchObject({ outcome: "unknown", cancelled: true });
});
