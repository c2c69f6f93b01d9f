import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../src/chat-api/errors/code-meaning.ts";
import { editChannel } from "../../src/edits/edit-channel.ts";
import { readJournal } from "../../src/guard/journal.ts";
import { Policy } from "../../src/guard/policy.ts";
import {
  edit,
  failedRead,
  goodRead,
  lastRead,
  nameOf,
  OLD,
  open,
  posts,
  recorded,
  showing,
  showingLimit,
} from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
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

  test("whose values are there already writes nothing, records nothing and uses no budget", async () => {
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
      name: "NotSentError",
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
    expect(receipt.summary).toContain("Name: now 'a colleague\\'s', which is not what was sent");
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
    expect(receipt.summary).toContain("refused by the service, but partly applied; as a read right after showed: ");
    const { cause, nextStep, safeToResend } = error?.explanation ?? {};
    expect(cause).toMatch(/A read right after showed the new value of Name and the old value of Introduction\.$/);
    const refusal = ERROR_CODES.get(code);
    expect(nextStep).toContain("make the call in receipt.undo");
    expect(nextStep).toContain(refusal?.nextStep);
    expect(safeToResend).toBe(refusal?.safeToResend);
  });

  test.each([6017, 10004])("code %i: a limit that changed unasked is reported", async (code) => {
    const { sandbox, context } = await open();
    let limit = 1_000_000;
    const change = () => {
      limit = 100_000;
      return { ActionStatus: "FAIL", ErrorCode: code, ErrorInfo: "" };
    };
    sandbox.faults.add({ command: MODIFY, response: { change } }, ...Array(4).fill(showingLimit(() => limit)));
    const { receipt } = await edit(context, { Name: "B" });
    sandbox.faults.clear();
    expect(receipt.outcome).toBe(code === 6017 ? "refused" : "notApplied");
    expect(receipt.warnings.join()).toContain("MaxSubscriberNum changed from 1,000,000 to 100,000");
  });

  test("by a credential code no look is sent, and the text says that it was not verified", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response: { code: 70009 } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("refused");
    expect(error?.message).toContain("Whether anything was changed was not verified by reading.");
    expect(receipt.summary).toContain("refused by the service; this was not verified by reading. ");
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
      "A read right after showed a value in Name that is neither the old one nor what was sent.",
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
    await expect(impatient).rejects.toMatchObject({ name: "NotSentError" });
    expect((await first).receipt.outcome).toBe("applied");
    expect((await last).receipt.changes[0]).toMatchObject({ before: "first", after: "last" });
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
    const done = await editChannel(
      context,
      PENN,
      { Name: "B" },
      { ...callFor(), confirmation: { answered: question } },
    );
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

describe("an edit that was not sent", () => {
  test("because the host is gone after the read is recorded as not sent, and uses no budget", async () => {
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
