import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { editChannel } from "../../src/edits/edit-channel.ts";
import { readJournal } from "../../src/guard/journal.ts";
import { Policy } from "../../src/guard/policy.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { waitUntil } from "../support/clock.ts";
import type { FaultySandbox } from "../support/faulty-sandbox.ts";
import { journalPath } from "../support/folders.ts";
import { doorTo } from "../support/peers.ts";
import {
  bodiesOf,
  callFor,
  contextOn,
  errorOf,
  finished,
  GET,
  MODIFY,
  PENN,
  SECRET_KEY,
  startSandbox,
} from "../support/service.ts";

const OLD = "test_modify_official_account3";

async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const journal = journalPath();
  return { sandbox, journal, context: contextOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

const edit = (context: ToolContext, values: Parameters<typeof editChannel>[2], ms?: number, id = PENN) =>
  finished(editChannel(context, id, values, callFor(ms)));
const posts = (sandbox: FaultySandbox) => bodiesOf(sandbox, MODIFY).length;
const nameOf = (sandbox: FaultySandbox) => sandbox.channels.get(PENN)?.info.Name;
const recorded = (journal: string) => readJournal(journal).edits[0];

/** Answers to a get show this name, whatever the channel has. */
const showing = (name: string) => ({
  command: GET,
  applied: true,
  response: {
    change: (whole: Record<string, unknown>) => {
      const list = whole.OfficialAccountInfoList as Record<string, unknown>[];
      return { ...whole, OfficialAccountInfoList: list.map((element) => ({ ...element, Name: name })) };
    },
  },
});
/** Answers to a get hold this limit, which they lack otherwise. */
const showingLimit = (limit: () => number) => ({
  command: GET,
  applied: true,
  response: {
    change: (whole: Record<string, unknown>) => {
      const list = whole.OfficialAccountInfoList as Record<string, unknown>[];
      return { ...whole, OfficialAccountInfoList: list.map((each) => ({ ...each, MaxSubscriberNum: limit() })) };
    },
  },
});
const goodRead = { command: GET, response: { delayMs: 0 } };
/** A good answer after which the server closes the connection. */
const lastRead = {
  command: GET,
  response: {
    raw: JSON.stringify({
      ActionStatus: "OK",
      ErrorCode: 0,
      OfficialAccountInfoList: [{ ErrorCode: 0, Official_Account: PENN, Name: OLD }],
    }),
    headers: { connection: "close" },
  },
};
const failedRead = { command: GET, response: { code: 60020 } };

test("the hour of the budget counts from the sending of an edit, not from its call or its receipt", async () => {
  const { sandbox, context } = await open();
  let minutes = 0;
  const rules = { readOnly: false, writesPerHour: 1, confirmEdits: "never" } as const;
  const policy = new Policy(
    rules,
    () => false,
    () => minutes * 60_000,
  );
  const pass = (answer: unknown) => {
    minutes += 10;
    return answer;
  };
  sandbox.faults.add(
    { command: MODIFY, applied: true, response: { change: pass } },
    { command: GET, applied: true, mentions: PENN, response: { delayMs: 0 } },
    { command: GET, applied: true, response: { change: pass } },
  );
  await edit({ ...context, policy }, { Name: "B" });
  expect(minutes).toBe(20);
  const next = await errorOf(edit({ ...context, policy }, { Name: "C" }));
  expect(next.explanation.nextStep).toContain("possible in 50 minutes"); // sent at 10, now it is 20
});

describe("an edit", () => {
  test("is read, written and read back over one connection, and its receipt has audience, values and undo", async () => {
    const { sandbox, context, journal } = await open();
    const { envelope, receipt, error } = await edit(context, { Name: "B", MaxSubscriberNum: 5 });
    expect(error).toBeUndefined();
    expect(envelope).toMatchObject({ ActionStatus: "OK", ErrorCode: 0 });
    expect(receipt).toEqual({
      outcome: "applied",
      channel: PENN,
      subscribers: 780_031,
      summary: `780,031 subscribers of '${PENN}' (test): Name: '${OLD}' → 'B'; MaxSubscriberNum: 5 (not read back)`,
      changes: [
        { field: "Name", before: OLD, after: "B", verdict: "applied", bytes: { used: 1, max: 150 } },
        { field: "MaxSubscriberNum", after: 5, verdict: "cannotBeReadBack" },
      ],
      undo: { tool: MODIFY, arguments: { Official_Account: PENN, Name: OLD } },
      warnings: [
        "MaxSubscriberNum 5 is below the current 780,031 subscribers.",
        "undo does not restore MaxSubscriberNum: its value before was not readable.",
      ],
    });
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
    expect(new Set(sandbox.requests.map(({ socketId }) => socketId)).size).toBe(1);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([{ Official_Account: PENN, Name: "B", MaxSubscriberNum: 5 }]);
    expect(recorded(journal)).toMatchObject({
      intent: {
        tool: MODIFY,
        channel: PENN,
        client: "a test",
        confirmed: false,
        admin: "administrator",
        osUser: "tester",
        host: "test-host",
        pid: 1,
        label: "test",
        changes: [
          { field: "Name", before: OLD, after: "B" },
          { field: "MaxSubscriberNum", after: 5 },
        ],
        undo: receipt.undo,
      },
      result: { outcome: "applied", changes: receipt.changes },
    });
  });

  test("undone exactly as its receipt says restores every readable field", async () => {
    const { sandbox, context } = await open();
    const before = { ...sandbox.channels.get(PENN)?.info };
    const wanted = { Name: "茶", Introduction: "", FaceUrl: "https://a", Organization: "o", CustomString: "{}" };
    const { receipt } = await edit(context, wanted);
    const { Official_Account: _, ...values } = receipt.undo?.arguments ?? {};
    await edit(context, values);
    expect(sandbox.channels.get(PENN)?.info).toEqual(before);
  });

  test("whose values are there already writes nothing, records nothing and costs nothing", async () => {
    const { sandbox, context, journal } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    for (let times = 0; times < 3; times += 1) {
      const { receipt, error } = await edit(context, { Name: OLD });
      expect(error).toBeUndefined();
      expect(receipt).toMatchObject({ outcome: "unchanged", changes: [{ verdict: "unchanged" }], warnings: [] });
      expect(receipt.undo).toBeUndefined();
    }
    expect(posts(sandbox)).toBe(0);
    expect(context.journal.prepareFile()).toBeUndefined();
    expect(readJournal(journal).edits).toEqual([]);
  });

  test("of a field that cannot be read is written, and only accepted", async () => {
    const { sandbox, context } = await open();
    const { receipt, error } = await edit(context, { Name: OLD, MaxSubscriberNum: 9 });
    expect(error).toBeUndefined();
    expect(receipt).toMatchObject({
      outcome: "accepted",
      changes: [{ verdict: "unchanged" }, { verdict: "cannotBeReadBack" }],
    });
    expect(sandbox.channels.get(PENN)?.maxSubscriberNum).toBe(9);
    expect(sandbox.requests).toHaveLength(3); // one look is enough where nothing can be concluded
  });

  test.each([
    ["@TOA#_nobody", 130004],
    ["nobody", 130007],
  ])("of %s fails with %i, and nothing is written", async (id, code) => {
    const { sandbox, context } = await open({ TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    expect(await errorOf(edit(context, { Name: "B" }, undefined, id))).toMatchObject({ envelope: { ErrorCode: code } });
    expect(posts(sandbox)).toBe(0);
    await edit(context, { Name: "B" }); // the budget of one is still there
  });

  test("of a channel that cannot be read is not written", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(failedRead);
    expect(await errorOf(edit(context, { Name: "B" }))).toMatchObject({
      name: "EditNotSentError",
      envelope: { ErrorCode: 60020 },
      explanation: {
        cause: expect.stringMatching(/ No edit was sent\.$/),
        attempts: 0,
      },
    });
    expect(posts(sandbox)).toBe(0);
  });
});

describe("MaxSubscriberNum, where answers hold it", () => {
  const holding = (...limits: number[]) => limits.map((limit) => showingLimit(() => limit));

  test("is compared, read back and undone like any other field", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(...holding(1_000_000, 900_000));
    const { receipt } = await edit(context, { MaxSubscriberNum: 900_000 });
    expect(receipt).toMatchObject({
      outcome: "applied",
      changes: [{ before: 1_000_000, after: 900_000, verdict: "applied" }],
      undo: { arguments: { MaxSubscriberNum: 1_000_000 } },
      warnings: [],
    });
  });

  test("is reported with the call that puts it back, where it changed although the edit did not name it", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add(...holding(1_000_000, 100_000));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    expect(receipt.warnings[0]).toContain(`call ${MODIFY} {"Official_Account":"${PENN}","MaxSubscriberNum":1000000}`);
    expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD, MaxSubscriberNum: 1_000_000 });
    expect(recorded(journal)?.result?.undo).toEqual(receipt.undo);
  });
});

describe("after an OK", () => {
  test("the channel is looked at until it shows the new values", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing(OLD));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    const [write] = sandbox.requests.filter(({ command }) => command === MODIFY);
    const looks = sandbox.requests.filter(({ command, at }) => command === GET && write && at > write.at);
    expect(looks).toHaveLength(2);
    expect((looks[1]?.at ?? 0) - (write?.at ?? 0)).toBeGreaterThanOrEqual(500);
  });

  test("an old value that still shows 2 seconds later leaves the outcome unknown", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array.from({ length: 4 }, () => showing(OLD)));
    const { envelope, receipt, error } = await edit(context, { Name: "B" });
    expect(envelope.ErrorCode).toBe(0);
    expect(receipt).toMatchObject({
      outcome: "unknown",
      changes: [{ before: OLD, after: OLD, verdict: "notApplied" }],
    });
    expect(error?.explanation).toMatchObject({ stage: "service", fixedBy: "agent", attempts: 1, safeToResend: false });
    expect(error?.message).toBe("The service said OK. A read 2 seconds later still shows the old value of Name.");
    expect(error?.explanation.nextStep).toContain(
      `get_official_account_info {"OfficialAccountIdList":[{"Official_Account":"${PENN}"}]}`,
    );
  });

  test("somebody else's value is named, never shown as the change, and never called safe to resend", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array.from({ length: 4 }, () => showing("a colleague's")));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "a colleague's", verdict: "differs" }] });
    expect(receipt.summary).toContain("Name: now 'a colleague\\'s', which this edit did not write");
    expect(error?.explanation.safeToResend).toBe(false);
    expect(receipt.undo).toBeDefined();
    expect(receipt.warnings.join()).toContain("undo would overwrite the value that Name has now");
  });

  test("a text that the service trimmed is applied, with a warning", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing("b"));
    const { receipt, error } = await edit(context, { Name: " B " });
    expect(error).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "applied", changes: [{ after: "b", verdict: "normalized" }] });
    expect(receipt.warnings[0]).toBe("The service stored Name with other white space or letter case.");
  });

  test("without a read that succeeds the edit is accepted, with a warning", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array.from({ length: 4 }, () => failedRead));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(error).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "accepted", changes: [{ after: "B", verdict: "cannotBeReadBack" }] });
    expect(receipt.warnings[0]).toBe("The channel could not be read late enough after the edit.");
  });
});

describe("after a refusal", () => {
  test("a look shows that the old values are there", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add({ command: MODIFY, response: { code: 130002, info: "not yours" } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "refused", changes: [{ after: OLD, verdict: "notApplied" }] });
    expect(receipt.undo).toBeUndefined();
    expect(error?.envelope).toMatchObject({ ErrorCode: 130002, ErrorInfo: "not yours" });
    expect(error?.message).toBe(
      "The account has no permission for this channel. A read right after showed the old value of Name.",
    );
    expect(recorded(journal)?.result).toMatchObject({ outcome: "refused", code: 130002 });
    expect(sandbox.requests).toHaveLength(3);
    expect(nameOf(sandbox)).toBe(OLD);
  });

  test.each([6017, 130002, 20001])("code %i: what was applied all the same is reported", async (code) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({
      command: MODIFY,
      response: {
        change: () => {
          const channel = sandbox.channels.get(PENN);
          if (channel) channel.info = { ...channel.info, Name: "B" };
          return { ActionStatus: "FAIL", ErrorCode: code, ErrorInfo: "Introduction is wrong" };
        },
      },
    });
    const { receipt, error } = await edit(context, { Name: "B", Introduction: "i" });
    expect(receipt).toMatchObject({
      outcome: "partlyApplied",
      changes: [{ verdict: "applied" }, { verdict: "notApplied" }],
      undo: { arguments: { Name: OLD } },
    });
    expect(error?.message).toContain("New value: Name. Still the old value: Introduction.");
    expect(error?.message).not.toContain("changed");
  });

  test("by a credential code no look is sent, and the text says that it was not verified", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: { code: 70009 } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("refused");
    expect(error?.message).toContain("Whether anything was changed was not verified by reading.");
    expect(sandbox.requests).toHaveLength(2);
  });

  test("names the fields that the look showed, and those that it did not", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: { code: 60020 } });
    const { receipt, error } = await edit(context, { Name: "B", MaxSubscriberNum: 5 });
    expect(receipt.outcome).toBe("refused");
    expect(error?.message).toMatch(
      /A read right after showed the old value of Name\. It is not known whether MaxSubscriberNum was changed: a read right after did not show that\.$/,
    );
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
  });

  test("names the fields in which it saw somebody else's value", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, { command: MODIFY, response: { code: 6017 } }, showing("a colleague's"));
    expect((await edit(context, { Name: "B" })).error?.message).toContain(
      "A read right after showed a value of Name that is neither the old nor the new one.",
    );
  });

  test("that turns out to be applied is reported as applied, with a warning", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, response: { code: 6017 } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(error).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
    expect(receipt.warnings[0]).toBe(
      "A request parameter is invalid. The server then read the channel and saw the new values: do not send the edit again.",
    );
  });

  test("by a gateway that turns the edit away each time (429), it is sent three times at most", async () => {
    const { sandbox, context } = await open();
    for (let times = 0; times < 3; times += 1) sandbox.faults.add({ command: MODIFY, response: { status: 429 } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("refused");
    expect(error?.explanation).toMatchObject({ attempts: 3, safeToResend: true });
    expect(error?.message).toContain("The edit was sent 3 times.");
    expect(posts(sandbox)).toBe(3);
  });
});

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
      "The edit was sent 2 times. The connection broke after the request was sent (ECONNRESET). A read 5 seconds later still shows the old values, and the request can no longer take effect.",
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
    expect(receipt.warnings).toContain(
      "undo would overwrite the value that Name has now, which this edit did not write.",
    );
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
    expect(error?.explanation.nextStep).toContain("Wait 5 seconds, because until then the edit can still take effect");
    expect(posts(sandbox)).toBe(1);
    expect(recorded(journal)?.result?.outcome).toBe("unknown");
  });

  test("an edit of a field that no read shows stays unknown, and is not sent again", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, applied: true, response: "reset" });
    const { receipt, error } = await edit(context, { Name: OLD, MaxSubscriberNum: 7 });
    expect(receipt.outcome).toBe("unknown");
    expect(error?.message).toContain("no read late enough shows MaxSubscriberNum");
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
  });

  test("an edit whose second attempt cannot be sent is never reported as not applied while it can still land", async () => {
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

describe("the lock of a channel", () => {
  test("keeps the next edit out until an earlier attempt can no longer take effect, even after its resend got an OK", async () => {
    const { sandbox, context } = await open();
    // The first attempt takes effect 1.2 s after its transient code; its resend is accepted at once.
    sandbox.faults.add({ command: MODIFY, mentions: '"A"', response: { code: 60008 }, appliedAfterMs: 1_200 });
    const first = edit(context, { Name: "A" });
    const second = edit(context, { Name: "B" });
    expect((await first).receipt.outcome).toBe("applied");
    const { receipt } = await second;
    expect(receipt).toMatchObject({ outcome: "applied", changes: [{ before: "A", after: "B" }] });
    expect(
      sandbox.applied.filter(({ command }) => command === MODIFY).map(({ body }) => JSON.parse(body).Name),
    ).toEqual(["A", "A", "B"]);
    expect(nameOf(sandbox)).toBe("B");
  });

  test("lets thirty edits at once through in their order", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    const values = Array.from({ length: 30 }, (_, index) => `edit ${index}`);
    const all = await Promise.all(values.map((Name) => edit(context, { Name })));
    expect(all.every(({ receipt }) => receipt.outcome === "applied")).toBe(true);
    expect(bodiesOf(sandbox, MODIFY).map((body) => (body as { Name: string }).Name)).toEqual(values);
    expect(all.at(-1)?.receipt.changes[0]).toMatchObject({ before: "edit 28", after: "edit 29" });
  });

  test("holds up no other channel", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, mentions: PENN, response: { delayMs: 600 } });
    const order: string[] = [];
    const slow = edit(context, { Name: "slow" }).then(() => order.push("slow"));
    const quick = edit(context, { Name: "quick" }, undefined, "@TOA#_@TOA#dZDP").then(() => order.push("quick"));
    await Promise.all([slow, quick]);
    expect(order).toEqual(["quick", "slow"]);
  });

  test("that comes too late for an edit lets the next one through", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, mentions: "first", response: { delayMs: 400 } });
    const first = edit(context, { Name: "first" });
    const impatient = edit(context, { Name: "impatient" }, 100);
    const last = edit(context, { Name: "last" });
    await expect(impatient).rejects.toMatchObject({ name: "EditNotSentError" });
    expect((await first).receipt.outcome).toBe("applied");
    expect((await last).receipt.changes[0]).toMatchObject({ before: "first", after: "last" });
  });
});

describe("a read that lags behind an edit of ours", () => {
  test("never makes an undo unnecessary, also where the call has no time for another read", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "bad" });
    sandbox.faults.add(showing(OLD));
    await expect(edit(context, { Name: OLD }, 800)).rejects.toMatchObject({ name: "EditNotSentError" });
  });

  test("is as old as its beginning, however late it ends", async () => {
    const { sandbox, context } = await open();
    await edit(context, { Name: "bad" });
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // so that the read begins inside the lag and ends after it
    sandbox.faults.add({ ...showing(OLD), response: { ...showing(OLD).response, delayMs: 900 } });
    expect((await edit(context, { Name: OLD })).receipt).toMatchObject({
      outcome: "applied",
      changes: [{ before: "bad" }],
    });
  });

  test("can be older than the edit before the last one", async () => {
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
  });

  test("in a field that stood before names whoever overwrote it", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing("a colleague's"));
    const { receipt } = await edit(context, { Name: OLD, Introduction: "i" });
    expect(receipt.changes).toMatchObject([{ field: "Name", after: "a colleague's", verdict: "differs" }, {}]);
    expect(receipt.warnings).toContain(
      "Name had the wanted value before the edit and has another one now: somebody else edits it, or the service changed it.",
    );
  });

  test("is accepted with a warning where the reads that were possible still showed the old value", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, { command: MODIFY, response: { change: (answer) => answer } });
    sandbox.faults.add(showing(OLD), showing(OLD), showing(OLD), failedRead);
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("accepted");
    expect(receipt.warnings).toContain(
      "A read right after still showed the old value of Name, and no later one was possible.",
    );
  });
});

describe("a secret in a channel's text", () => {
  test("of another application is channel text: shown, written back by undo, and never altered", async () => {
    const { sandbox, context } = await open();
    const foreign = `eJw${"aB3*".repeat(40)}`;
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.CustomString = foreign;
    const { receipt } = await edit(context, { CustomString: "x" });
    expect(receipt).toMatchObject({ changes: [{ before: foreign }], undo: { arguments: { CustomString: foreign } } });
    await edit(context, { CustomString: foreign });
    expect(channel?.info.CustomString).toBe(foreign);
  });

  test("is not in the journal, wherever it came from", async () => {
    const { sandbox, context, journal } = await open();
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = SECRET_KEY.toUpperCase();
    const call = { ...callFor(), client: SECRET_KEY };
    await finished(editChannel(context, PENN, { Name: "B" }, call));
    expect(readFileSync(journal, "utf8").toLowerCase()).not.toContain(SECRET_KEY.slice(0, 20));
    expect(recorded(journal)).toMatchObject({ intent: { client: "[secret]" }, result: { outcome: "applied" } });
  });

  test("appears neither in the question nor, in part, in the receipt", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_CONFIRM_EDITS: "always" });
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = SECRET_KEY;
    const asked = await editChannel(context, PENN, { Name: "B" }, callFor());
    if (!("question" in asked)) throw new Error("it did not ask");
    const { question } = asked;
    const done = await editChannel(context, PENN, { Name: "B" }, { ...callFor(), confirmation: question });
    const text = JSON.stringify([question, done]);
    for (let at = 0; at + 12 <= SECRET_KEY.length; at += 1) expect(text).not.toContain(SECRET_KEY.slice(at, at + 12));
    expect(text).toContain("[secret]");
  });
});

test("a credential that a look after the edit shows is not in the receipt, in whole or in part", async () => {
  const { sandbox, context } = await open();
  sandbox.faults.add(goodRead, ...Array.from({ length: 4 }, () => showing(SECRET_KEY)));
  const { receipt } = await edit(context, { Name: "B" });
  expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "[secret]", verdict: "differs" }] });
  expect(receipt.summary).toContain("'[secret]'");
  const text = JSON.stringify(receipt);
  for (let at = 0; at + 12 <= SECRET_KEY.length; at += 1) expect(text).not.toContain(SECRET_KEY.slice(at, at + 12));
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

describe("an edit that was not sent", () => {
  test("because the host is gone after the read is recorded so, and costs nothing of the budget", async () => {
    const sandbox = await startSandbox();
    const journal = journalPath();
    const context = contextOn(await doorTo(sandbox.endpoint, 1), {
      TENCENT_CHAT_JOURNAL: journal,
      TENCENT_CHAT_WRITES_PER_HOUR: "1",
    });
    sandbox.faults.add(lastRead);
    expect(await errorOf(edit(context, { Name: "B" }))).toMatchObject({ name: "NotSentError" });
    expect(recorded(journal)?.result).toMatchObject({ outcome: "notSent" });
    expect(() => context.policy.reserveWrite()).not.toThrow();
    expect(posts(sandbox)).toBe(0);
  });

  test("because the journal cannot be written is refused before anything is sent", async () => {
    const { sandbox, context } = await open({
      TENCENT_CHAT_JOURNAL: "/nowhere/at/all",
      TENCENT_CHAT_WRITES_PER_HOUR: "1",
    });
    for (let times = 0; times < 2; times += 1) {
      const error = await errorOf(edit(context, { Name: "B" }));
      expect(error.message).toContain("The journal of edits cannot be written");
    }
    expect(posts(sandbox)).toBe(0);
  });
});

test("a connection that the server closes just when the edit is sent ends in a true receipt", async () => {
  const editOverClosing = async (delayMs: number) => {
    const { sandbox, context } = await open();
    const close = (answer: unknown) => {
      setTimeout(() => sandbox.closeConnections(), delayMs);
      return answer;
    };
    sandbox.faults.add({ command: GET, applied: true, response: { change: close } });
    const { receipt } = await edit(context, { Name: "B" });
    expect([receipt.outcome, nameOf(sandbox)]).toEqual(["applied", "B"]);
  };
  await Promise.all([0, 0, 1, 1, 2, 3].map(editOverClosing));
});

test("an edit that is cancelled in flight is unknown, and the journal says that it was cancelled", async () => {
  const { sandbox, context, journal } = await open();
  sandbox.faults.add({ command: MODIFY, response: "silence" });
  const call = callFor();
  const editing = finished(editChannel(context, PENN, { Name: "B" }, call));
  await waitUntil(() => posts(sandbox) === 1);
  call.deadline.cancel();
  const { receipt, error } = await editing;
  expect(receipt.outcome).toBe("unknown");
  expect(error?.message).toContain("cancelled after its request was sent");
  expect(sandbox.requests).toHaveLength(2); // no look after a cancellation
  expect(recorded(journal)?.result).toMatchObject({ outcome: "unknown", cancelled: true });
});

test("a value before that holds a credential is left out of the undo", async () => {
  const { sandbox, context } = await open();
  const channel = sandbox.channels.get(PENN);
  if (channel) channel.info = { ...channel.info, Name: `key ${SECRET_KEY.toUpperCase()}` };
  const { receipt } = await edit(context, { Name: "B", Introduction: "i" });
  expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Introduction: "test compare introduction" });
  expect(receipt.warnings).toContain("undo does not restore Name: its value before holds a credential of this server.");
});
