import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { editChannel } from "../../src/edits/edit-channel.ts";
import {
  closingRead,
  edit,
  failedRead,
  failing,
  goodRead,
  lacking,
  linesIn,
  nameOf,
  OLD,
  open,
  posts,
  recorded,
  rename,
  showing,
  showingLimit,
  start,
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

describe.concurrent("an edit", () => {
  test("is read, written and read back over one connection, and its receipt has audience, values and undo", async () => {
    const { sandbox, context, journal } = await open();
    const { envelope, receipt, error, writeId } = await edit(context, { Name: "B", MaxSubscriberNum: 5 });
    expect(error).toBeUndefined();
    expect(envelope).toMatchObject({ ActionStatus: "OK", ErrorCode: 0 });
    expect(receipt).toEqual({
      outcome: "applied",
      channel: PENN,
      subscribers: 780_031,
      summary: `780,031 subscribers of '${PENN}' (test): applied. Name: '${OLD}' → 'B'; MaxSubscriberNum: 5 (not verified)`,
      changes: [
        { field: "Name", before: OLD, after: "B", verdict: "applied", bytes: { used: 1, max: 150 } },
        { field: "MaxSubscriberNum", after: 5, verdict: "notRead" },
      ],
      undo: { tool: MODIFY, arguments: { Official_Account: PENN, Name: OLD } },
      warnings: [
        "MaxSubscriberNum 5 is below the current 780,031 subscribers.",
        "undo does not restore MaxSubscriberNum: its value before was not readable.",
      ],
    });
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
    expect(new Set(sandbox.requests.map(({ socketId }) => socketId)).size).toBe(1);
    expect(recorded(journal)).toMatchObject({
      intent: {
        writeId,
        tool: MODIFY,
        channel: PENN,
        client: "a test",
        confirmed: false,
        admin: "administrator",
        osUser: "tester",
        label: "test",
        changes: [
          { field: "Name", before: OLD, after: "B" },
          { field: "MaxSubscriberNum", after: 5 },
        ],
        undo: receipt.undo,
      },
      result: { writeId, outcome: "applied", sdkAppId: 1400000321, channel: PENN, changes: receipt.changes },
    });
  });

  test("undone exactly as its receipt says restores every readable field", async () => {
    const { sandbox, context } = await open();
    const before = { ...sandbox.channels.get(PENN)?.info };
    const desired = { Name: "茶", Introduction: "i", FaceUrl: "https://a", Organization: "o", CustomString: "{}" };
    const { receipt } = await edit(context, desired);
    const { Official_Account: _, ...values } = receipt.undo?.arguments ?? {};
    await edit(context, values);
    expect(sandbox.channels.get(PENN)?.info).toEqual(before);
  });

  test("sends the fields that differ, and MaxSubscriberNum whenever it is named", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(showingLimit(9), showingLimit(9));
    const { receipt } = await edit(context, { Name: OLD, Introduction: "new", MaxSubscriberNum: 9 });
    expect(bodiesOf(sandbox, MODIFY)).toEqual([{ Official_Account: PENN, Introduction: "new", MaxSubscriberNum: 9 }]);
    expect(receipt.changes.map(({ verdict }) => verdict)).toEqual(["unchanged", "applied", "unchanged"]);
    expect(receipt.outcome).toBe("applied");
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
    expect(linesIn(journal)).toEqual([]);
  });

  test("of a field that cannot be read is written, and only accepted", async () => {
    const { sandbox, context } = await open();
    const { receipt, error } = await edit(context, { Name: OLD, MaxSubscriberNum: 9 });
    expect(error).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "accepted", changes: [{ verdict: "unchanged" }, { verdict: "notRead" }] });
    expect(receipt.warnings).toContain("No undo of MaxSubscriberNum: its value before was not readable.");
    expect(bodiesOf(sandbox, MODIFY)).toEqual([{ Official_Account: PENN, MaxSubscriberNum: 9 }]);
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
      envelope: { ErrorCode: 60020 },
      explanation: {
        cause: expect.stringMatching(/ This was the read before the edit: no edit was sent\.$/),
        attempts: 0,
      },
    });
    expect(posts(sandbox)).toBe(0);
  });
});

describe.concurrent("MaxSubscriberNum, where answers hold it", () => {
  test("is compared, read back and undone like any other field", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(showingLimit(1_000_000), showingLimit(900_000));
    expect((await edit(context, { MaxSubscriberNum: 900_000 })).receipt).toMatchObject({
      outcome: "applied",
      changes: [{ before: 1_000_000, after: 900_000, verdict: "applied" }],
      undo: { arguments: { MaxSubscriberNum: 1_000_000 } },
      warnings: [],
    });
  });

  test("is reported with what puts it back, where it changed although the edit did not name it", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add(showingLimit(1_000_000), showingLimit(100_000));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    expect(receipt.warnings[0]).toContain("To put it back, send MaxSubscriberNum 1000000.");
    expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD });
    expect(recorded(journal)?.result?.undo).toEqual(receipt.undo);
  });
});

describe.concurrent("after an OK", () => {
  test("the channel is read back until it shows the new values, and every field that it had", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing(OLD), lacking("Organization"));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    const [write] = sandbox.requests.filter(({ command }) => command === MODIFY);
    const reads = sandbox.requests.filter(({ command, at }) => command === GET && write && at > write.at);
    expect(reads).toHaveLength(3);
    expect((reads[2]?.at ?? 0) - (write?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("an old value that still shows 2 seconds later leaves the outcome unknown", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array(4).fill(showing(OLD)));
    const { envelope, receipt, error } = await edit(context, { Name: "B" });
    expect(envelope.ErrorCode).toBe(0);
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: OLD, verdict: "notApplied" }] });
    expect(error?.explanation).toMatchObject({ stage: "service", fixedBy: "agent", attempts: 1, safeToResend: false });
    expect(error?.message).toBe(
      "The service said OK. The receipt says field by field what a read 2 seconds later shows.",
    );
    expect(error?.explanation.nextStep).toContain(
      `Wait 10 seconds, then read the channel with get_official_account_info {"OfficialAccountIdList":[{"Official_Account":"${PENN}"}]}`,
    );
  });

  test.each(["a colleague's", "CLOSED ON FRIDAY"])(
    "another value (%s) is named, never shown as the change, and never called safe to resend",
    async (other) => {
      const { sandbox, context } = await open();
      sandbox.faults.add(goodRead, ...Array(4).fill(showing(other)));
      const { receipt, error } = await edit(context, { Name: "closed on friday" });
      expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: other, verdict: "differs" }] });
      expect(receipt.summary).toContain(", which is not the requested value");
      expect(receipt.warnings[0]).toMatch(/the service changed the text, or somebody else edits this channel\. Read/);
      expect(error?.explanation).toMatchObject({ safeToResend: false });
      expect(error?.explanation.nextStep).toMatch(/^Show the person the values in the receipt/);
      expect(receipt.undo).toBeDefined();
    },
  );

  test("another value that an early read showed is named, although the last one shows ours", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing("a colleague's"));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("applied");
    expect(receipt.warnings[0]).toContain("Reads after the edit showed 'a colleague\\'s' in Name");
  });

  test("a value whose field the first read lacked is not told as a conflict", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(lacking("Name"), ...Array(4).fill(showing("another")));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "another", verdict: "differs" }] });
    expect(receipt.warnings.join()).not.toContain("Reads after the edit");
  });

  test("without a last read that succeeds the edit is accepted", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, showing(OLD), ...Array(3).fill(failedRead));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(error).toBeUndefined();
    expect(receipt).toMatchObject({ outcome: "accepted", changes: [{ after: "B", verdict: "notRead" }] });
    expect(receipt.undo?.arguments).toMatchObject({ Name: OLD });
  });
});

describe.concurrent("after a refusal", () => {
  test("nothing is read back, and the text says so", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add({ command: MODIFY, response: { code: 130002, info: "not yours" } });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "refused", changes: [{ after: "B", verdict: "notRead" }] });
    expect(receipt.undo).toBeUndefined();
    expect(receipt.summary).toContain("this edit was refused. Name: ");
    expect(error?.envelope).toMatchObject({ ErrorCode: 130002, ErrorInfo: "not yours" });
    expect(error?.message).toBe("The account has no permission for this channel. The channel was not read afterwards.");
    expect(recorded(journal)?.result).toMatchObject({ outcome: "refused", code: 130002 });
    expect(sandbox.requests).toHaveLength(2);
  });

  test("by a gateway that turns the edit away each time (429), it is sent four times at most", async () => {
    const { sandbox, context } = await open();
    for (let times = 0; times < 4; times += 1) sandbox.faults.add(failing({ status: 429 }));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("refused");
    expect(error?.explanation).toMatchObject({ attempts: 4, safeToResend: true });
    expect(error?.message).toContain("The edit was sent 4 times.");
  });
});

describe.concurrent("without a valid answer", () => {
  const faults = [
    ["a reset", "reset" as const],
    ["a 502", { status: 502 }],
    ["half an answer", { raw: '{"ActionStatus":"OK","Err' }],
    ["an answer without ErrorCode", { raw: '{"ActionStatus":"OK"}' }],
    ["an answer that is a list of channels", { raw: '{"ErrorCode":0,"OfficialAccountInfoList":[]}' }],
    ["an ActionStatus that is no text", { raw: '{"ErrorCode":0,"ActionStatus":5}' }],
    ["a transient code", { code: 60008 }],
  ] as const;

  test.each(faults)(
    "an edit that was applied before %s is reported as applied, after one POST",
    async (_, response) => {
      const { sandbox, context, journal } = await open();
      sandbox.faults.add({ command: MODIFY, applied: true, response });
      const { receipt, error } = await edit(context, { Name: "B" });
      expect(error).toBeUndefined();
      expect(receipt).toMatchObject({ outcome: "applied", changes: [{ before: OLD, after: "B", verdict: "applied" }] });
      expect(receipt.undo?.arguments).toEqual({ Official_Account: PENN, Name: OLD });
      expect(receipt.warnings[0]).toMatch(/ was read back and shows the new values: do not send the edit again\.$/);
      expect(posts(sandbox)).toBe(1);
      expect(recorded(journal)?.result?.outcome).toBe("applied");
    },
  );

  test.each(faults)("an edit that was not applied before %s is sent once more, 5 s later", async (_, response) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: MODIFY, response });
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(error).toBeUndefined();
    expect(receipt.outcome).toBe("applied");
    const [first, second, ...more] = sandbox.requests.filter(({ command }) => command === MODIFY);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(more).toEqual([]);
    expect(nameOf(sandbox)).toBe("B");
  });

  test("twice, the old values mean that it was not applied", async () => {
    const { sandbox, context, journal } = await open();
    sandbox.faults.add(failing("reset"), failing("reset"));
    const { envelope, receipt, error } = await edit(context, { Name: "B" });
    expect(envelope).toEqual({});
    expect(receipt).toMatchObject({ outcome: "notApplied", changes: [{ after: OLD, verdict: "notApplied" }] });
    expect(receipt.undo).toBeUndefined();
    expect(receipt.summary).toContain("not applied: the channel shows the old values. ");
    expect(error?.explanation).toMatchObject({ safeToResend: true, attempts: 2, stage: "network" });
    expect(error?.message).toBe(
      "The edit was sent 2 times. The connection broke after the request was sent (ECONNRESET). A read 5 seconds later, when the edit could no longer take effect, shows the old values.",
    );
    expect(error?.explanation.nextStep).toBe(
      "Call again with the same arguments. Send it at most 3 times in total, then stop and tell the person.",
    );
    expect(recorded(journal)?.result?.outcome).toBe("notApplied");
  });

  test.each([10004, 60004, 60005, 70346])(
    "code %i is not sent again, although the old values are there",
    async (code) => {
      const { sandbox, context } = await open();
      sandbox.faults.add(failing({ code }));
      expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("notApplied");
      expect(posts(sandbox)).toBe(1);
    },
  );

  test("an edit that takes effect late is seen, and not sent again", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ ...failing("reset"), appliedAfterMs: 2_800 });
    expect((await edit(context, { Name: "B" })).receipt.outcome).toBe("applied");
    expect(posts(sandbox)).toBe(1);
  });

  test("an edit of which a read shows a part is unknown, told field by field, and not sent again", async () => {
    const { sandbox, context } = await open();
    const change = (answer: object) => {
      rename(sandbox, "B");
      return { ...answer, ActionStatus: "FAIL", ErrorCode: 60008 };
    };
    sandbox.faults.add({ command: MODIFY, response: { change } });
    const { receipt, error } = await edit(context, { Name: "B", Introduction: "new" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ verdict: "applied" }, { verdict: "notApplied" }] });
    expect(receipt.summary).toMatch(/ → 'B'; Introduction: 'test compare introduction', as before$/);
    expect(error?.explanation.nextStep).toContain("send the other fields again");
    expect(posts(sandbox)).toBe(1);
  });

  test("another value that a read showed keeps the edit from being sent again", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, failing("reset"), showing("a colleague's"));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("notApplied");
    expect(error?.explanation).toMatchObject({ safeToResend: false });
    expect(error?.explanation.nextStep).toMatch(/^Show the person/);
    expect(posts(sandbox)).toBe(1);
  });

  test.each([
    ["whose last read fails", [goodRead, failing("reset"), showing(OLD), showing(OLD), failedRead], { Name: "B" }],
    ["of a field that no read shows", [{ ...failing("reset"), applied: true }], { MaxSubscriberNum: 7 }],
  ])("an edit %s stays unknown, with what to do", async (_what, script, values) => {
    const { sandbox, context } = await open();
    sandbox.faults.add(...script);
    const { receipt, error } = await edit(context, values);
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ verdict: "notRead" }] });
    expect(error?.explanation.nextStep).toMatch(
      /^Wait 10 seconds, then read the channel with .* at most 3 times in total/,
    );
    expect(posts(sandbox)).toBe(1);
  });

  test("an edit that runs out of time stays unknown, with its undo", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(failing("reset"));
    const { receipt, error } = await edit(context, { Name: "B" }, 1_500);
    expect(receipt).toMatchObject({ outcome: "unknown", undo: { arguments: { Name: OLD } } });
    expect(error?.message).toMatch(/the channel could not be read back\. It can take effect until 3 seconds after/);
  });

  test("a refusal of the second attempt is a refusal: the first one is settled", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(failing("reset"), failing({ code: 60020 }));
    const { receipt, error } = await edit(context, { Name: "B" });
    expect(receipt.outcome).toBe("refused");
    expect(error?.explanation).toMatchObject({ fixedBy: "operator", safeToResend: false, attempts: 2 });
  });

  test("nine seconds must be left for a second attempt", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(failing("reset"));
    expect((await edit(context, { Name: "B" }, 13_000)).receipt.outcome).toBe("notApplied");
    expect(posts(sandbox)).toBe(1);
  });
});

describe.concurrent("the lock of a channel", () => {
  test("keeps the next edit out for two seconds, so that its first read cannot be older than ours", async () => {
    const { sandbox, context } = await open();
    const [first, second] = await Promise.all(["A", "B"].map((Name) => edit(context, { Name })));
    expect(first?.receipt.changes[0]).toMatchObject({ before: OLD, after: "A" });
    expect(second?.receipt.changes[0]).toMatchObject({ before: "A", after: "B" });
    const [write, , , next] = sandbox.requests.slice(1);
    expect(next?.command).toBe(MODIFY);
    expect((next?.at ?? 0) - (write?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  test("keeps the next edit out until an attempt without an answer can no longer take effect", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ ...failing("reset"), appliedAfterMs: 2_900 });
    const first = edit(context, { Name: "A" }, 2_000); // cut long before that
    const second = edit(context, { Name: "B" });
    expect((await first).receipt.outcome).toBe("unknown");
    expect((await second).receipt.changes[0]).toMatchObject({ before: "A", after: "B", verdict: "applied" });
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

  test("that comes too late for an edit says that others came first, and lets the next one through", async () => {
    const { context } = await open();
    const first = edit(context, { Name: "first" });
    const impatient = errorOf(edit(context, { Name: "impatient" }, 100));
    const last = edit(context, { Name: "last" });
    expect((await impatient).message).toContain("earlier edits of the same channel came first");
    expect((await first).receipt.outcome).toBe("applied");
    expect((await last).receipt.changes[0]).toMatchObject({ before: "first", after: "last" });
  });
});

describe.concurrent("a secret in a channel's text", () => {
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
    rename(sandbox, SECRET_KEY.toUpperCase());
    await finished(editChannel(context, PENN, { Name: "B" }, { ...callFor(), client: SECRET_KEY }));
    expect(readFileSync(journal, "utf8").toLowerCase()).not.toContain(SECRET_KEY.slice(0, 20));
    expect(recorded(journal)).toMatchObject({ intent: { client: "[secret]" }, result: { outcome: "applied" } });
  });

  test("appears neither in the confirmation nor, in part, in the receipt; undo leaves it out", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_CONFIRM_EDITS: "always" });
    rename(sandbox, SECRET_KEY);
    const asked = await start(context, { Name: "B", Introduction: "i" });
    if (!("confirmationRequest" in asked)) throw new Error("it did not ask");
    const confirmed = asked.confirmationRequest.fingerprint;
    const values = { Name: "B", Introduction: "i" };
    const done = await finished(editChannel(context, PENN, values, { ...callFor(), confirmed }));
    expect(done.receipt.undo?.arguments).toEqual({ Official_Account: PENN, Introduction: "test compare introduction" });
    const text = JSON.stringify([asked, done]);
    for (let at = 0; at + 12 <= SECRET_KEY.length; at += 1) expect(text).not.toContain(SECRET_KEY.slice(at, at + 12));
    expect(text).toContain("[secret]");
  });

  test("that a read after the edit shows is not in the receipt, in whole or in part", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(goodRead, ...Array(4).fill(showing(SECRET_KEY)));
    const { receipt } = await edit(context, { Name: "B" });
    expect(receipt).toMatchObject({ outcome: "unknown", changes: [{ after: "[secret]", verdict: "differs" }] });
    const text = JSON.stringify(receipt);
    for (let at = 0; at + 12 <= SECRET_KEY.length; at += 1) expect(text).not.toContain(SECRET_KEY.slice(at, at + 12));
  });
});

describe.concurrent("an edit that was not sent", () => {
  test("because the host is gone after the read is recorded as not sent, and uses no budget", async () => {
    const sandbox = await startSandbox();
    const journal = journalPath();
    const context = contextOn(await doorTo(sandbox.endpoint, 1), {
      TENCENT_CHAT_JOURNAL: journal,
      TENCENT_CHAT_WRITES_PER_HOUR: "1",
    });
    sandbox.faults.add(closingRead);
    const error = await errorOf(edit(context, { Name: "B" }));
    expect(error.explanation).toMatchObject({ attempts: 0, cause: expect.stringMatching(/No edit was sent\.$/) });
    expect(recorded(journal)?.result).toMatchObject({ outcome: "notSent" });
    expect(() => context.policy.reserveWrite()).not.toThrow();
    expect(posts(sandbox)).toBe(0);
  });

  test("because the journal cannot be written is refused before anything is sent", async () => {
    const more = { TENCENT_CHAT_JOURNAL: "/nowhere/at/all", TENCENT_CHAT_WRITES_PER_HOUR: "1" };
    const { sandbox, context } = await open(more);
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
    const change = (answer: unknown) => {
      setTimeout(() => sandbox.closeConnections(), delayMs);
      return answer;
    };
    sandbox.faults.add({ command: GET, applied: true, response: { change } });
    const { receipt } = await edit(context, { Name: "B" });
    expect([receipt.outcome, nameOf(sandbox)]).toEqual(["applied", "B"]);
  };
  await Promise.all([0, 0, 1, 1, 2, 3].map(editOverClosing));
});

test("an edit that is cancelled in flight is unknown, and the journal says that it was cancelled", async () => {
  const { sandbox, context, journal } = await open();
  sandbox.faults.add(failing("silence"));
  const call = callFor();
  const editing = finished(editChannel(context, PENN, { Name: "B" }, call));
  await waitUntil(() => posts(sandbox) === 1);
  call.deadline.cancel();
  const { receipt, error } = await editing;
  expect(receipt.outcome).toBe("unknown");
  expect(error?.message).toContain("cancelled after its request was sent");
  expect(sandbox.requests).toHaveLength(2); // nothing is read after a cancellation
  expect(recorded(journal)?.result).toMatchObject({ outcome: "unknown", cancelled: true });
});
