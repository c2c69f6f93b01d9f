import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { NotSent, type NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import type { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import { readJournal } from "../../src/guard/journal.ts";
import type { Sandbox } from "../../src/sandbox/service.ts";
import type { House } from "../../src/tools/tool.ts";
import { editChannel } from "../../src/writes/channel-edit.ts";
import { doorTo } from "../support/peers.ts";
import { bodiesOf, callFor, failureOf, GET, houseOn, MODIFY, PENN, startSandbox } from "../support/service.ts";
import { msOf } from "../support/timing.ts";

function journalFile(): string {
  const place = mkdtempSync(join(tmpdir(), "edit-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  return join(place, "journal.jsonl");
}

async function open(more: Record<string, string> = {}): Promise<{ sandbox: Sandbox; house: House; journal: string }> {
  const sandbox = await startSandbox();
  const journal = journalFile();
  return { sandbox, journal, house: houseOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

const posts = (sandbox: Sandbox) => bodiesOf(sandbox, MODIFY).length;
const nameOf = (sandbox: Sandbox) => sandbox.channels.get(PENN)?.facts.Name;
const OLD = "test_modify_official_account3";

describe("an edit", () => {
  test("is read, written, read back, and told with its audience and its undo", async () => {
    const { sandbox, house, journal } = await open();
    const { head, receipt, failure } = await editChannel(house, PENN, { Name: "B", MaxSubscriberNum: 5 }, callFor());
    expect(failure).toBeUndefined();
    expect(head).toMatchObject({ ActionStatus: "OK", ErrorCode: 0 });
    expect(receipt).toEqual({
      outcome: "applied",
      summary: `780,031 subscribers of ${PENN}: Name: '${OLD}' → 'B'; MaxSubscriberNum: 5`,
      changes: [
        { field: "Name", before: OLD, after: "B", verdict: "applied" },
        { field: "MaxSubscriberNum", after: 5, verdict: "cannotBeReadBack" },
      ],
      undo: { tool: MODIFY, arguments: { Official_Account: PENN, Name: OLD } },
      warnings: [
        "MaxSubscriberNum can neither be read back nor taken back by undo. It is below the 780,031 subscribers of today.",
      ],
    });
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([{ Official_Account: PENN, Name: "B", MaxSubscriberNum: 5 }]);
    expect(readJournal(journal).writes).toMatchObject([
      {
        intent: {
          tool: MODIFY,
          channel: PENN,
          client: "a test",
          changes: [{ field: "Name", before: OLD, after: "B" }, {}],
          undo: receipt.undo,
        },
        ending: { outcome: "applied", changes: receipt.changes },
      },
    ]);
  });

  test("undone exactly as its receipt says restores every readable field", async () => {
    const { sandbox, house } = await open();
    const before = { ...sandbox.channels.get(PENN)?.facts };
    const wanted = { Name: "茶", Introduction: "", FaceUrl: "https://a", Organization: "o", CustomString: "{}" };
    const { receipt } = await editChannel(house, PENN, wanted, callFor());
    const { Official_Account, ...values } = receipt.undo?.arguments ?? {};
    await editChannel(house, String(Official_Account), values, callFor());
    expect(sandbox.channels.get(PENN)?.facts).toEqual(before);
  });

  test("of what stands already writes nothing, notes nothing and costs nothing", async () => {
    const { sandbox, house, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    for (let times = 0; times < 3; times += 1) {
      const { receipt, failure } = await editChannel(house, PENN, { Name: OLD }, callFor());
      expect(failure).toBeUndefined();
      expect(receipt).toMatchObject({ outcome: "unchanged", changes: [{ verdict: "unchanged" }], warnings: [] });
      expect(receipt.undo).toBeUndefined();
    }
    expect(posts(sandbox)).toBe(0);
    expect(house.journal.faultOfFile()).toBeUndefined();
    expect(readJournal(journal).writes).toEqual([]);
  });

  test("of what cannot be read is written even so", async () => {
    const { sandbox, house } = await open();
    const { receipt } = await editChannel(house, PENN, { Name: OLD, MaxSubscriberNum: 9 }, callFor());
    expect(receipt).toMatchObject({
      outcome: "applied",
      changes: [{ verdict: "unchanged" }, { verdict: "cannotBeReadBack" }],
    });
    expect(sandbox.channels.get(PENN)?.maxSubscriberNum).toBe(9);
  });

  test.each([
    ["@TOA#_nobody", 130004],
    ["nobody", 130007],
  ])("of %s is refused with %i, and nothing is written", async (id, code) => {
    const { sandbox, house } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    const failure = (await failureOf(editChannel(house, id, { Name: "B" }, callFor()))) as ServiceRefusal;
    expect(failure.head.ErrorCode).toBe(code);
    expect(posts(sandbox)).toBe(0);
    await editChannel(house, PENN, { Name: "B" }, callFor()); // the budget of one is still there
  });

  test("of a channel that cannot be read is not written blindly", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code: 60020 } });
    expect(
      ((await failureOf(editChannel(house, PENN, { Name: "B" }, callFor()))) as ServiceRefusal).head.ErrorCode,
    ).toBe(60020);
    expect(posts(sandbox)).toBe(0);
  });

  test("that the service refuses is told with its code, and noted as refused", async () => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add({ command: MODIFY, meets: { code: 130002, info: "not yours" } });
    const failure = (await failureOf(editChannel(house, PENN, { Name: "B" }, callFor()))) as ServiceRefusal;
    expect(failure.head).toMatchObject({ ErrorCode: 130002, ErrorInfo: "not yours" });
    expect(readJournal(journal).writes[0]?.ending).toMatchObject({ outcome: "refused", code: 130002 });
    expect(nameOf(sandbox)).toBe(OLD);
  });
});

describe("reading back", () => {
  const stale = { command: GET, applied: true, meets: { change: staleName } };
  function staleName(whole: Record<string, unknown>) {
    const list = whole.OfficialAccountInfoList as Record<string, unknown>[];
    return { ...whole, OfficialAccountInfoList: list.map((element) => ({ ...element, Name: OLD })) };
  }

  test("looks a second time after a pause where the old value still shows", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add(stale, stale);
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt.outcome).toBe("applied");
    const [, first, second] = sandbox.requests.filter(({ command }) => command === GET).map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(290);
  });

  test("that still shows another value is told as unknown, with what was read", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add(stale, stale, stale);
    const { head, receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(head.ErrorCode).toBe(0);
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ before: OLD, after: OLD, verdict: "differs" }] });
    expect(failure?.explanation).toMatchObject({ stage: "service", fixedBy: "agent", attempts: 1 });
    expect(failure?.explanation.cause).toBe("The service said OK, but reading back shows another value for Name.");
    expect(failure?.explanation.nextStep).toContain(
      `get_official_account_info {"OfficialAccountIdList":[{"Official_Account":"${PENN}"}]}`,
    );
  });

  test("that fails leaves the service's OK standing, with a warning", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: GET, applied: true, meets: { delayMs: 0 } });
    sandbox.faults.add({ command: GET, meets: { code: 60020 } });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(failure).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "applied", changes: [{ after: "B", verdict: "cannotBeReadBack" }] });
    expect(receipt.warnings).toContain("The service said OK, but the channel could not be read back to see it.");
  });
});

describe("a write without a valid answer", () => {
  const ways = [
    ["a reset", "reset" as const],
    ["a 502", { status: 502 }],
    ["half an answer", { raw: '{"ActionStatus":"OK","Err' }],
    ["an answer without ErrorCode", { raw: '{"ActionStatus":"OK"}' }],
  ] as const;

  test.each(ways)("that landed before %s is told as applied, after one POST", async (_what, meets) => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, meets });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(failure).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "applied", changes: [{ before: OLD, after: "B", verdict: "applied" }] });
    expect(receipt.undo).toEqual({ tool: MODIFY, arguments: { Official_Account: PENN, Name: OLD } });
    expect(receipt.warnings[0]).toContain("No answer said that the edit was carried out");
    expect(posts(sandbox)).toBe(1);
    expect(readJournal(journal).writes[0]?.ending?.outcome).toBe("applied");
  });

  test.each(ways)("that did not land before %s is sent exactly once more, and applied", async (_what, meets) => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, meets });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(failure).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(2);
    expect(nameOf(sandbox)).toBe("B");
  });

  test.each(ways)("that never lands, by %s each time, is told as not applied", async (_what, meets) => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add({ command: MODIFY, meets }, { command: MODIFY, meets });
    const { head, receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(head).toEqual({});
    expect(receipt).toMatchObject({
      outcome: "notApplied",
      changes: [{ before: OLD, after: OLD, verdict: "differs" }],
    });
    expect(receipt.undo).toBeUndefined();
    expect(failure?.explanation).toMatchObject({ safeToResend: true, attempts: 2 });
    expect(failure?.explanation.cause).toContain("reading the channel shows that the old values stand.");
    expect(posts(sandbox)).toBe(2);
    expect(readJournal(journal).writes[0]?.ending?.outcome).toBe("notApplied");
  });

  test("whose first look fails is judged by a later one", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add(
      { command: GET, meets: { delayMs: 0 } },
      { command: MODIFY, meets: "reset", landsAfterMs: 1_000 },
      { command: GET, meets: { code: 60020 } },
    );
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(1);
  });

  test("and without a read afterwards is told as unknown, with its undo and what to do", async () => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add(
      { command: GET, meets: { delayMs: 0 } },
      { command: MODIFY, meets: "reset" },
      { command: GET, meets: { code: 60020 } },
      { command: GET, meets: { code: 60020 } },
    );
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt).toMatchObject({
      outcome: "unknown",
      changes: [{ before: OLD, after: "B", verdict: "cannotBeReadBack" }],
    });
    expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD });
    expect(failure?.explanation.cause).toContain("the channel could not be read late enough to tell.");
    expect(failure?.explanation.nextStep).toContain("Sending the same edit again is harmless");
    expect(posts(sandbox)).toBe(1);
    expect(readJournal(journal).writes[0]?.ending?.outcome).toBe("unknown");
  });

  test("of a field that nobody can read stays unknown, and is not sent again", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, meets: "reset" });
    const { receipt, failure } = await editChannel(house, PENN, { Name: OLD, MaxSubscriberNum: 7 }, callFor());
    expect(receipt.outcome).toBe("unknown");
    expect(failure?.explanation.cause).toContain("reading the channel does not tell");
    expect(posts(sandbox)).toBe(1);
  });

  test("that stays silent is told inside the deadline", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, meets: "silence" });
    const took = await msOf(async () => {
      const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor(600));
      if (receipt.outcome !== "applied") expect(failure).toBeDefined();
      expect(receipt.outcome === "applied").toBe(nameOf(sandbox) === "B");
    });
    expect(took).toBeLessThan(700);
  });

  test("because the service failed inside, is read back after its attempts", async () => {
    const { sandbox, house } = await open();
    const fails = { command: MODIFY, meets: { code: 60008 } };
    sandbox.faults.add({ ...fails, applied: true }, fails, fails);
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(3);
  });

  test("that lands after all is seen: a second look comes when nothing can land any more", async () => {
    const { sandbox, house } = await open();
    const late = { command: MODIFY, meets: "reset" as const, landsAfterMs: 1_500 };
    sandbox.faults.add(late, late);
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor(20_000));
    expect(failure).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
    expect(nameOf(sandbox)).toBe("B");
  });

  test("without the time for that second look stays unknown, with its undo", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, meets: "reset" }, { command: MODIFY, meets: "reset" });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor(2_000));
    expect(receipt.outcome).toBe("unknown");
    expect(receipt.undo?.arguments).toMatchObject({ Name: OLD });
    expect(failure?.explanation.cause).toContain("late enough to tell");
  });

  test.each([[130002], [70001, 70001], [60007, 60007]])(
    "that landed and was then refused (%j) is read back, never called refused",
    async (...codes) => {
      const { sandbox, house, journal } = await open();
      sandbox.faults.add({ command: MODIFY, applied: true, meets: { code: 60008 } });
      for (const code of codes) sandbox.faults.add({ command: MODIFY, meets: { code } });
      const edited = editChannel(house, PENN, { Name: "B" }, callFor());
      const { receipt } = await edited;
      sandbox.faults.clear();
      expect(["applied", "unknown"]).toContain(receipt.outcome);
      expect(readJournal(journal).writes[0]?.ending?.outcome).toBe(receipt.outcome);
      expect(nameOf(sandbox)).toBe("B");
    },
  );

  test("that a gateway turns away each time (429) is posted three times at most, and changed nothing", async () => {
    const { sandbox, house } = await open();
    for (let times = 0; times < 3; times += 1) sandbox.faults.add({ command: MODIFY, meets: { status: 429 } });
    const failure = (await failureOf(editChannel(house, PENN, { Name: "B" }, callFor(20_000)))) as NoValidAnswer;
    expect(failure.explanation).toMatchObject({
      cause: "A gateway asked for fewer requests (HTTP 429). Nothing was changed.",
      attempts: 3,
      safeToResend: true,
    });
    expect(posts(sandbox)).toBe(3);
  });

  test("that lands after its second attempt could not be sent is never told as not applied", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(await doorTo(sandbox.endpoint, 2)); // one for reads, one for the first attempt
    sandbox.faults.add({ command: MODIFY, meets: "reset", landsAfterMs: 1_500 });
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor(20_000));
    expect(["applied", "unknown"]).toContain(receipt.outcome); // as the kept connection still served for a look
    expect(nameOf(sandbox)).toBe("B");
    expect(posts(sandbox)).toBe(1);
  });

  test("is not sent again where an outage has used up the budget", async () => {
    const { sandbox, house } = await open();
    while (house.api.mayModifyAgain()) {}
    sandbox.faults.add({ command: MODIFY, meets: "reset" });
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor(20_000));
    expect(receipt.outcome).toBe("notApplied");
    expect(posts(sandbox)).toBe(1);
    await editChannel(house, PENN, { Name: "C" }, callFor(20_000)); // an answer gives one back
    expect([house.api.mayModifyAgain(), house.api.mayModifyAgain()]).toEqual([true, false]);
  });

  test("that the service both accepts and refuses in one answer is read back", async () => {
    const { sandbox, house } = await open();
    const both = (answer: Record<string, unknown>) => ({ ...answer, ActionStatus: "OK", ErrorCode: 130004 });
    sandbox.faults.add({ command: MODIFY, applied: true, meets: { change: both } });
    const { receipt } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt.outcome).toBe("applied");
  });

  test("because of a code that nobody here knows, is read back too", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, meets: { code: 70346 } });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(failure).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(1);
  });

  test("after a second try that was refused, tells the refusal and what stands", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: MODIFY, meets: "reset" }, { command: MODIFY, meets: { code: 60020 } });
    const { receipt, failure } = await editChannel(house, PENN, { Name: "B" }, callFor());
    expect(receipt.outcome).toBe("notApplied");
    expect(failure?.head.ErrorCode).toBe(60020);
  });
});

describe("what was not sent", () => {
  test("is noted as not sent, costs nothing of the budget, and says so", async () => {
    const { sandbox, house, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    sandbox.faults.add({ command: MODIFY, meets: { code: 70009 } });
    await failureOf(editChannel(house, PENN, { Name: "B" }, callFor())); // spends the one write: it was sent
    expect(readJournal(journal).writes[0]?.ending).toMatchObject({ outcome: "refused", code: 70009 });

    const other = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    await other.sandbox.close();
    for (let times = 0; times < 2; times += 1) {
      expect(await failureOf(editChannel(other.house, PENN, { Name: "B" }, callFor()))).toBeInstanceOf(NotSent);
    }
  });

  test("because the journal cannot be written is refused before anything is sent", async () => {
    const { sandbox, house } = await open({
      TENCENT_CHAT_JOURNAL: "/nowhere/at/all",
      TENCENT_CHAT_WRITES_PER_HOUR: "1",
    });
    for (let times = 0; times < 2; times += 1) {
      const failure = (await failureOf(editChannel(house, PENN, { Name: "B" }, callFor()))) as Error;
      expect(failure.message).toContain("The journal of writes cannot be written");
    }
    expect(posts(sandbox)).toBe(0);
  });

  test("because it was cancelled in flight says so in the journal", async () => {
    const { sandbox, house, journal } = await open();
    sandbox.faults.add({ command: MODIFY, meets: "silence" });
    const call = callFor();
    const edit = editChannel(house, PENN, { Name: "B" }, call);
    await vi.waitUntil(() => posts(sandbox) === 1);
    call.deadline.cancel();
    expect((await edit).receipt.outcome).toBe("unknown");
    expect(readJournal(journal).writes[0]?.ending).toMatchObject({ outcome: "unknown", cancelled: true });
  });
});
