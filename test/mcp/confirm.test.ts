import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { linesIn } from "../support/channel-edits.ts";
import { bodiesOf, MODIFY, PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";
import { type Message, modern, Wire } from "../support/wire.ts";

const YES = { action: "accept", content: { decision: "Apply the edit" } };
const ASKS = { elicitation: { form: {} } };
const rename = { name: MODIFY, arguments: { Official_Account: PENN, Name: "Renamed" } };
const always = { TENCENT_CHAT_CONFIRM_EDITS: "always" };

/** A message without the isolates around its values. */
const plain = (message: string) => message.replace(/[\u2068\u2069]/g, "");

/** What a person is shown, and how the client hands in an answer. */
interface Asked {
  readonly question: Message;
  answer(answer: unknown): void;
}

/** A call that may ask, in either revision: the questions come to `onQuestion`, the answer at the end is returned. */
type Call = (wire: Wire, call: object, onQuestion: (asked: Asked) => void | Promise<void>) => Promise<Message>;

const callLegacy: Call = async (wire, call, onQuestion) => {
  if (!wire.messages.some(({ id }) => id === "init")) await wire.initialize(ASKS);
  const id = `call ${wire.messages.length}`;
  wire.send({ id, method: "tools/call", params: call });
  const seen = new Set<unknown>(wire.messages.map((message) => message.id));
  for (;;) {
    const message = await wire.next(
      (message) => message.id === id || (message.method === "elicitation/create" && !seen.has(message.id)),
    );
    if (message.id === id) return message;
    seen.add(message.id);
    await onQuestion({
      question: message.params,
      answer: (answer) =>
        wire.send({
          id: message.id,
          ...(answer instanceof Error ? { error: { code: -32603, message: "broken" } } : { result: answer }),
        }),
    });
  }
};

const callModern: Call = async (wire, call, onQuestion) => {
  let params: object = call;
  for (;;) {
    const message = await wire.request(`call ${wire.messages.length}`, "tools/call", modern(params, ASKS));
    if (message.result?.resultType !== "input_required") return message;
    const { inputRequests, requestState } = message.result;
    await new Promise<void>((resolve) => {
      void onQuestion({
        question: inputRequests.decision.params,
        answer: (decision) => {
          params = { ...call, requestState, inputResponses: { decision } };
          resolve();
        },
      });
    });
  }
};

const REVISIONS = [
  ["2025-11-25", callLegacy],
  ["2026-07-28", callModern],
] as const;

describe.each(REVISIONS)("a confirmation in MCP %s", (revision, call) => {
  test("shows audience and channel first, then the change, with one required choice, the harmless one first", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint, always);
    let shown: Message = {};
    await call(wire, rename, ({ question, answer }) => {
      shown = question;
      answer(YES);
    });
    const lines = plain(shown.message).split("\n");
    expect(lines[0]).toMatch(/^[\d,]+ subscribers of '@TOA#_test_for_penn' \(test\)$/);
    expect(lines[1]).toBe("Name: 'test_modify_official_account3' → 'Renamed'");
    expect(shown.requestedSchema).toEqual({
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: "Apply this edit?",
          enum: ["Leave everything as it is", "Apply the edit"],
        },
      },
      required: ["decision"],
    });
  });

  test("escapes hidden characters once, before and after", async () => {
    const sandbox = await startSandbox();
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info.Name = "old\u202e";
    const wire = await Wire.open(sandbox.endpoint, always);
    const hidden = { name: MODIFY, arguments: { Official_Account: PENN, Name: "new\u200b" } };
    let message = "";
    await call(wire, hidden, ({ question, answer }) => {
      message = question.message;
      answer(YES);
    });
    expect(plain(message)).toContain("Name: 'old\\u202e' → 'new\\u200b'");
    expect(message).toContain("\u2068'old\\u202e'\u2069 → \u2068"); // so that no value turns the arrow's sides around
    expect(message).not.toMatch(/[\u200b\u202e]/);
  });

  test("is logged with what was decided, so that an operator can tell how the call ended", async () => {
    const { endpoint } = await startSandbox();
    const events: unknown[] = [];
    const wire = await Wire.open(endpoint, always, (_level, event, details) => {
      if (event === "confirmation") events.push(details);
    });
    await call(wire, rename, ({ answer }) => answer({ action: "decline" }));
    await call(wire, rename, ({ answer }) => answer(YES));
    expect(events).toEqual([
      { tool: MODIFY, yes: false, reason: expect.stringContaining("declined or dismissed") },
      { tool: MODIFY, yes: true },
    ]);
  });

  test("an explicit yes writes, and the journal says that it was confirmed, and through which client", async () => {
    const place = mkdtempSync(join(tmpdir(), "journal-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const journal = join(place, "edits.jsonl");
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, { ...always, TENCENT_CHAT_JOURNAL: journal });
    // Some clients write null for what they leave out.
    const { result } = await call(wire, rename, ({ answer }) => answer({ ...YES, _meta: null }));
    expect(result.structuredContent.receipt.outcome).toBe("applied");
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
    const [intent] = linesIn(journal);
    const client = revision === "2026-07-28" ? "a newer client" : "a client";
    expect(intent).toMatchObject({ confirmed: true, client });
  });

  const answers: [string, unknown][] = [
    ["the harmless choice", { action: "accept", content: { decision: "Leave everything as it is" } }],
    ["an empty form", { action: "accept", content: {} }],
    ["accept without content", { action: "accept" }],
    ["accept with null", { action: "accept", content: null }],
    ["a choice that was not offered", { action: "accept", content: { decision: "yes" } }],
    ["another field", { action: "accept", content: { confirm: true } }],
    ["true", { action: "accept", content: { decision: true } }],
    ["a list", { action: "accept", content: ["Apply the edit"] }],
    ["the yes of a decline", { action: "decline", content: { decision: "Apply the edit" } }],
    ["decline", { action: "decline" }],
    ["cancel", { action: "cancel" }],
    ["an unknown action", { action: "yes", content: { decision: "Apply the edit" } }],
    ["nothing in it", {}],
  ];
  if (revision === "2025-11-25") answers.push(["an error", new Error("broken")]);

  test.each(answers)("is not given by %s: nothing is written, and the budget is untouched", async (_what, answer) => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, { ...always, TENCENT_CHAT_WRITES_PER_HOUR: "1" });
    let times = 0;
    const { result } = await call(wire, rename, (asked) => {
      times += 1;
      asked.answer(answer);
    });
    expect(times).toBe(1);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: {
        receipt: { outcome: "declined", subscribers: 780_031 },
        explanation: { stage: "policy", attempts: 0, safeToResend: false },
      },
    });
    expect(result.content[0].text).toContain("No edit was sent.");
    expect(result.content[0].text).not.toMatch(/person (said|declined|refused)/i);
    const later = await call(wire, rename, ({ answer: reply }) => reply(YES));
    expect(later.result.structuredContent.receipt.outcome).toBe("applied");
  });

  test("is asked again as often as a value changed meanwhile, and writes after the yes to what is there", async () => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, always);
    const messages: string[] = [];
    const { result } = await call(wire, rename, ({ question, answer }) => {
      messages.push(plain(question.message));
      const channel = sandbox.channels.get(PENN);
      if (channel && messages.length < 4) channel.info.Name = `changed ${messages.length}`;
      answer(YES);
    });
    expect(messages.map((message) => message.split("\n")[1])).toEqual([
      "Name: 'test_modify_official_account3' → 'Renamed'",
      "Name: 'changed 1' → 'Renamed'",
      "Name: 'changed 2' → 'Renamed'",
      "Name: 'changed 3' → 'Renamed'",
    ]);
    expect(messages[1]).toMatch(/^What is shown here changed since you were last asked\. Please check again\. /);
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
    expect(result.structuredContent.receipt.outcome).toBe("applied");
  });

  test("for other values does not count, also if the audience has fallen below the number meanwhile", async () => {
    const sandbox = await startSandbox();
    const channel = sandbox.channels.get(PENN);
    if (!channel) throw new Error("no sample channel");
    channel.info.SubscriberNum = 1_000;
    const wire = await Wire.open(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1000" });
    const messages: string[] = [];
    await call(wire, rename, ({ question, answer }) => {
      messages.push(question.message);
      Object.assign(channel.info, { SubscriberNum: 999, Name: "a colleague's" });
      answer(messages.length === 1 ? YES : { action: "decline" });
    });
    expect(messages).toHaveLength(2);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });

  test("that is asked again and given again writes once", async () => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, always);
    let times = 0;
    const { result } = await call(wire, rename, ({ answer }) => {
      times += 1;
      const channel = sandbox.channels.get(PENN);
      if (channel && times === 1) channel.info.Name = "someone else's";
      answer(YES);
    });
    expect(times).toBe(2);
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
    expect(result.structuredContent.receipt).toMatchObject({
      outcome: "applied",
      changes: [{ field: "Name", before: "someone else's", after: "Renamed" }],
    });
  });

  test.each([
    ["never", 0, 0],
    ["1000000", 0, 0],
    ["1", 1, 1],
    ["always", 1, 1],
  ])("is asked for under %s: %i times for the channel, %i for a subscriber", async (rule, ofChannel, ofSubscriber) => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: rule });
    const subscriber = {
      name: SUBSCRIBER,
      arguments: { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" },
    };
    let times = 0;
    const yes = ({ answer }: Asked) => {
      times += 1;
      answer(YES);
    };
    await call(wire, rename, yes);
    expect(times).toBe(ofChannel);
    times = 0;
    const { result } = await call(wire, subscriber, yes);
    expect(times).toBe(ofSubscriber);
    expect(result.structuredContent.receipt.outcome).toBe("accepted");
  });

  test("is asked for where the audience is not known", async () => {
    const sandbox = await startSandbox();
    sandbox.channels.get(PENN)?.info && Reflect.deleteProperty(sandbox.channels.get(PENN)?.info ?? {}, "SubscriberNum");
    const wire = await Wire.open(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1000000" });
    let shown = "";
    await call(wire, rename, ({ question, answer }) => {
      shown = question.message;
      answer(YES);
    });
    expect(shown).toMatch(/unknown number of subscribers/i);
  });

  test("is not asked for where nothing would change, nor for a call that is refused anyway", async () => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, { ...always, TENCENT_CHAT_ALLOWED_CHANNELS: PENN });
    const never = () => {
      throw new Error("it asked");
    };
    const same = { name: MODIFY, arguments: { Official_Account: PENN, Name: "test_modify_official_account3" } };
    expect((await call(wire, same, never)).result.structuredContent.receipt.outcome).toBe("unchanged");
    const other = { name: MODIFY, arguments: { Official_Account: "@TOA#_other", Name: "x" } };
    expect((await call(wire, other, never)).result.structuredContent.explanation.stage).toBe("policy");
  });
});

describe("a client that cannot ask", () => {
  test.each(["2025-11-25", "2026-07-28"])("is named as the reason in the log, in %s", async (revision) => {
    const { endpoint } = await startSandbox();
    const events: unknown[] = [];
    const wire = await Wire.open(endpoint, always, (_level, event, details) => {
      if (event === "confirmation") events.push(details);
    });
    if (revision === "2025-11-25") await wire.initialize({});
    await wire.request(1, "tools/call", revision === "2025-11-25" ? rename : modern(rename, {}));
    expect(events).toEqual([{ tool: MODIFY, yes: false, reason: "The client cannot ask a person." }]);
  });

  test.each([{}, { elicitation: { url: {} } }])(
    "is refused in 2025-11-25, with the setting's name: %j",
    async (able) => {
      const sandbox = await startSandbox();
      const wire = await Wire.open(sandbox.endpoint, always);
      await wire.initialize(able);
      const { result } = await wire.request(1, "tools/call", rename);
      expect(result.isError).toBe(true);
      expect(result.structuredContent.explanation).toMatchObject({ stage: "policy", attempts: 0 });
      expect(result.content[0].text).toContain("TENCENT_CHAT_CONFIRM_EDITS");
      expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
      expect(wire.messages.some(({ method }) => method)).toBe(false);
    },
  );

  test("can ask with the spelling of 2025-06-18, in that revision", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint, always);
    await wire.initialize({ elicitation: {} }, "2025-06-18");
    wire.send({ id: 1, method: "tools/call", params: rename });
    const { id } = await wire.next(({ method }) => method === "elicitation/create");
    wire.send({ id, result: YES });
    const { result } = await wire.next((message) => message.id === 1 && message.result);
    expect(result.structuredContent.receipt.outcome).toBe("applied");
  });

  test.each([{}, { elicitation: { url: {} } }])(
    "is refused in 2026-07-28 with -32021 and the setting's name: %j",
    async (able) => {
      const sandbox = await startSandbox();
      const wire = await Wire.open(sandbox.endpoint, always);
      const { error } = await wire.request(1, "tools/call", modern(rename, able));
      expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { form: {} } } } });
      expect(error.message).toContain("TENCENT_CHAT_CONFIRM_EDITS");
      expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
    },
  );
});

describe("the state of a question", () => {
  async function asked(env: Record<string, string> = always) {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, env);
    const { result } = await wire.request("asks", "tools/call", modern(rename, ASKS));
    const state: string = result.requestState;
    let next = 1;
    const retry = (more: object, call: object = rename) =>
      wire.request(next++, "tools/call", modern({ ...call, requestState: state, ...more }, ASKS));
    return { sandbox, wire, result, state, retry };
  }
  const yes = { inputResponses: { decision: YES } };

  test("holds nothing that can be read, and the result has no lifetime of a list", async () => {
    const { result, state } = await asked();
    expect(state).toMatch(/^[\w-]+$/);
    expect(Buffer.from(state, "base64url").toString("latin1")).not.toMatch(/fingerprint|Renamed|penn/);
    expect(result).not.toHaveProperty("ttlMs");
  });

  test("is taken once", async () => {
    const { sandbox, retry } = await asked();
    expect((await retry(yes)).result.structuredContent.receipt.outcome).toBe("applied");
    const { error } = await retry(yes);
    expect(error.code).toBe(-32602);
    expect(error.message).toContain("Nothing was sent. Call again without it.");
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
  });

  test("is used up by a no as well, and by a yes that raced with another", async () => {
    const { sandbox, retry } = await asked();
    await retry({ inputResponses: { decision: { action: "decline" } } });
    const answers = await Promise.all([retry(yes), retry(yes)]);
    expect(answers.map(({ error }) => error?.code)).toEqual([-32602, -32602]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
    const other = await asked();
    const raced = await Promise.all([other.retry(yes), other.retry(yes)]);
    expect(raced.filter(({ error }) => error)).toHaveLength(1);
    expect(bodiesOf(other.sandbox, MODIFY)).toHaveLength(1);
  });

  test("is not taken with other arguments, another tool, a changed character, or no state at all", async () => {
    const { sandbox, wire, state, retry } = await asked();
    const other = { name: MODIFY, arguments: { Official_Account: PENN, Name: "Renamed!" } };
    const subscriber = {
      name: SUBSCRIBER,
      arguments: { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" },
    };
    const flipped = `${state.slice(0, 20)}${state[20] === "A" ? "B" : "A"}${state.slice(21)}`;
    for (const answer of [
      await retry(yes, other),
      await retry(yes, subscriber),
      await retry({ ...yes, requestState: flipped }),
      await retry({ ...yes, requestState: "" }),
      await retry({ ...yes, requestState: state.slice(0, 30) }),
      await retry({ ...yes, requestState: 1 }),
    ]) {
      expect(answer.error.code).toBe(-32602);
    }
    const without = await wire.request("none", "tools/call", modern({ ...rename, ...yes }, ASKS));
    expect(without.result.resultType).toBe("input_required");
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });

  test("is taken with the same arguments in another order", async () => {
    const { retry } = await asked();
    const same = { name: MODIFY, arguments: { Name: "Renamed", Official_Account: PENN } };
    expect((await retry(yes, same)).result.structuredContent.receipt.outcome).toBe("applied");
  });

  test("is not taken by another process", async () => {
    const { state } = await asked();
    const { retry } = await asked();
    expect((await retry({ ...yes, requestState: state })).error.code).toBe(-32602);
  });

  test("is not taken after ten minutes", async () => {
    const { retry } = await asked();
    const started = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => started + 601_000);
    onTestFinished(() => clock.mockRestore());
    expect((await retry(yes)).error.code).toBe(-32602);
  });

  test("comes with a new question where the answer is missing or has another key", async () => {
    const { sandbox, retry } = await asked();
    for (const more of [{}, { inputResponses: {} }, { inputResponses: { other: YES } }, { inputResponses: [YES] }]) {
      expect((await retry(more)).result.resultType).toBe("input_required");
    }
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
    expect((await retry({ inputResponses: { other: 1, decision: YES } })).result.isError).toBeUndefined();
  });
});

describe.concurrent("the time of a call that asks", () => {
  test.each(REVISIONS)(
    "stands still in MCP %s while the person decides, and the channel is open for others",
    async (revision, call) => {
      const sandbox = await startSandbox();
      const wire = await Wire.open(sandbox.endpoint, { ...always, TENCENT_CHAT_TIMEOUT_SECONDS: "1" });
      const { result } = await call(wire, rename, async ({ answer }) => {
        const other = { name: MODIFY, arguments: { Official_Account: PENN, Introduction: "by another call" } };
        if (revision === "2026-07-28") {
          expect((await callModern(wire, other, (asked) => asked.answer(YES))).result.isError).toBeUndefined();
        }
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        answer(YES);
      });
      expect(result.structuredContent.receipt.outcome).toBe("applied");
    },
  );
});

describe("a question to a person in 2025-11-25", () => {
  test.each([7, "seven"])("is withdrawn when its call %j is cancelled, and nothing is answered", async (id) => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, always);
    await wire.initialize(ASKS);
    wire.send({ id, method: "tools/call", params: rename });
    const question = await wire.next(({ method }) => method === "elicitation/create");
    wire.send({ method: "notifications/cancelled", params: { requestId: id } });
    const withdrawal = await wire.next(({ method }) => method === "notifications/cancelled");
    expect(withdrawal.params.requestId).toBe(question.id);
    expect(question.id).not.toBe(0);
    wire.send({ id: question.id, result: YES }); // too late
    await wire.request("after", "ping");
    expect(wire.messages.filter((message) => message.id === id && !message.method)).toEqual([]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });

  test("ends with the input: the call is answered, nothing is written", async () => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, always);
    await wire.initialize(ASKS);
    wire.send({ id: 1, method: "tools/call", params: rename });
    await wire.next(({ method }) => method === "elicitation/create");
    await wire.end();
    const answer = wire.messages.find(({ id, result }) => id === 1 && result);
    expect(answer?.result.structuredContent.receipt.outcome).toBe("declined");
    expect(answer?.result.content[0].text).toContain("The call ended before the confirmation was answered.");
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });
});
