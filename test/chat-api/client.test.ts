import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Secrets } from "../../src/chat-api/auth/secrets.ts";
import { Signer } from "../../src/chat-api/auth/user-sig.ts";
import { ChatApi } from "../../src/chat-api/chat-api.ts";
import { ChatClient } from "../../src/chat-api/client.ts";
import { HttpClient } from "../../src/chat-api/http/http-client.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { waitUntil } from "../support/clock.ts";
import type { FaultySandbox } from "../support/faulty-sandbox.ts";
import { goodAnswer, hostThatGoes, httpPeer } from "../support/peers.ts";
import {
  because,
  bodiesOf,
  callFor,
  contextOn,
  DZDP,
  errorOf,
  GET,
  MODIFY,
  NOBODY,
  okValue,
  PENN,
  SDKAPPID,
  SECRET_KEY,
  SUBSCRIBER,
  startSandbox,
  unlimitedContext,
} from "../support/service.ts";

async function open(more: Record<string, string> = {}): Promise<{ sandbox: FaultySandbox; context: ToolContext }> {
  const sandbox = await startSandbox();
  return { sandbox, context: contextOn(sandbox.endpoint, more) };
}

function read({ api }: Pick<ToolContext, "api">, ids = [PENN], ms = 20_000) {
  return okValue(api.getChannels(ids, undefined, callFor(ms).deadline));
}

/** A read that is refused for now, and when it has been. */
function pausedRead({ api }: Pick<ToolContext, "api">) {
  const call = callFor();
  return {
    answer: okValue(api.getChannels([PENN], undefined, call.deadline)),
    isPaused: () => waitUntil(() => call.deadline.waitingFor === "its turn under the request limit"),
  };
}

function modify({ api }: Pick<ToolContext, "api">, name = "x") {
  return api.modifyChannel(PENN, { Name: name }, callFor().deadline);
}

describe.concurrent("a request", () => {
  test("carries the documented query and nothing else, with a fresh random each time", async () => {
    const { sandbox, context } = await open();
    for (let times = 0; times < 5; times += 1) await read(context);
    const randoms = sandbox.requests.map(({ query }) => Number(query.get("random")));
    expect(new Set(randoms).size).toBe(5);
    for (const { query } of sandbox.requests) {
      expect([...query.keys()]).toEqual(["sdkappid", "identifier", "usersig", "random", "contenttype"]);
      expect(query.get("contenttype")).toBe("json");
      expect(query.get("identifier")).toBe("administrator");
      expect(query.get("random")).toMatch(/^(0|[1-9]\d{0,9})$/);
      expect(Number(query.get("random"))).toBeLessThanOrEqual(4_294_967_295);
    }
  });

  test("of each command has the documented body verbatim", async () => {
    const { sandbox, context } = await open();
    const { api } = context;
    await okValue(api.getChannels([PENN, DZDP], ["Name", "CreateTime"], callFor().deadline));
    await okValue(api.getChannels([PENN], undefined, callFor().deadline));
    await okValue(api.modifyChannel(PENN, { Name: "茶", MaxSubscriberNum: 7, CustomString: "" }, callFor().deadline));
    await okValue(
      api.modifySubscriber(
        { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" },
        callFor().deadline,
      ),
    );
    expect(bodiesOf(sandbox, GET)).toEqual([
      {
        OfficialAccountIdList: [{ Official_Account: PENN }, { Official_Account: DZDP }],
        ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "CreateTime"] },
      },
      { OfficialAccountIdList: [{ Official_Account: PENN }] },
    ]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([
      { Official_Account: PENN, Name: "茶", MaxSubscriberNum: 7, CustomString: "" },
    ]);
    expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([
      { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" },
    ]);
  });

  test("returns the channels in the order asked, each with its own outcome", async () => {
    const { context } = await open();
    const { channels, attempts } = await read(context, [DZDP, "@TOA#_gone", "news", PENN]);
    expect(attempts).toBe(1);
    expect(channels.map(({ id, envelope }) => [id, envelope.ErrorCode])).toEqual([
      [DZDP, 0],
      ["@TOA#_gone", 130004],
      ["news", 130007],
      [PENN, 0],
    ]);
    expect(channels[3]?.info).toMatchObject({ Name: "test_modify_official_account3", SubscriberNum: 780_031 });
    expect(channels[2]?.failure).toMatchObject({ kind: "code", envelope: { ErrorCode: 130007 } });
  });
});

describe.concurrent("a read, or an edit of a subscriber, is sent again", () => {
  test("after two 502s: three attempts, three randoms, the same body", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { status: 502 } }, { response: { status: 502 } });
    expect((await read(context)).attempts).toBe(3);
    expect(new Set(sandbox.requests.map(({ query }) => query.get("random"))).size).toBe(3);
    expect(new Set(sandbox.requests.map(({ body }) => body)).size).toBe(1);
  });

  test.each([
    ["resets", { response: "reset" as const }],
    ["answers cut short", { response: { raw: '{"ErrorCode":0,"Official' } }],
    ["transient codes", { response: { code: 20005 } }],
  ])("after two %s", async (_what, fault) => {
    const { sandbox, context } = await open();
    sandbox.faults.add(fault, fault);
    expect((await read(context)).attempts).toBe(3);
  });

  test("three times at most, four requests in all, and the error says how often", async () => {
    const { sandbox, context } = await open();
    const fault = { response: { status: 503 } };
    sandbox.faults.add(fault, fault, fault, fault);
    expect(await errorOf(read(context))).toMatchObject({
      explanation: {
        stage: "network",
        attempts: 4,
        safeToResend: true,
        fixedBy: "operator",
        cause: "The network layer in front of the service failed (HTTP 503).",
      },
    });
    expect(sandbox.requests).toHaveLength(4);
  });

  test("a subscriber's edit, over the same connections: any valid answer ends it", async () => {
    const { sandbox, context } = await open();
    const values = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" };
    const send = () => context.api.modifySubscriber(values, callFor().deadline);
    sandbox.faults.add({ response: "reset" }, { response: { status: 502 } }, { response: { code: 60008 } });
    expect(await send()).toMatchObject({ kind: "ok", attempts: 4 });
    expect(sandbox.applied).toHaveLength(1);
    expect(await send()).toMatchObject({ kind: "ok", attempts: 1 });
    expect(sandbox.requests.at(-1)?.socketId).toBe(sandbox.requests.at(-2)?.socketId);
    // After an attempt without a valid answer, a refusal says nothing of that one.
    sandbox.faults.add({ response: "reset" }, { response: { code: 130004 } });
    expect(await send()).toMatchObject({ kind: "noAnswer", attempts: 2, failure: { envelope: { ErrorCode: 130004 } } });
    sandbox.faults.add({ response: { code: 130004 } });
    expect(await send()).toMatchObject({ kind: "refused", attempts: 1 });
  });

  test.each([130004, 131000, 60020, 6017])("never after code %i", async (code) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code, info: "words of the service" } });
    expect(await errorOf(read(context))).toMatchObject({
      envelope: {
        ErrorCode: code,
        ErrorInfo: "words of the service",
        ActionStatus: "FAIL",
        RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(sandbox.requests).toHaveLength(1);
  });

  test.each([10004, 60004, 60005])("once after the disputed code %i", async (code) => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code } }, { response: { code } });
    expect(await errorOf(read(context))).toMatchObject({ explanation: { attempts: 2 } });
    expect(sandbox.requests).toHaveLength(2);
  });

  test("after an answer of the wrong shape like after any other malformed one", async () => {
    const { endpoint } = await httpPeer((socket, body, nth) => {
      const incomplete = '{"ActionStatus":"OK","ErrorCode":0}';
      if (nth < 3) socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${incomplete.length}\r\n\r\n${incomplete}`);
      else socket.write(goodAnswer(body));
    });
    expect((await read(contextOn(endpoint))).attempts).toBe(3);
  });
});

describe.concurrent("a write", () => {
  test.each([
    ["a reset", { response: "reset" as const }],
    ["a 502", { response: { status: 502 } }],
    ["a malformed answer", { response: { raw: "{" } }],
    ["a transient code", { response: { code: 60008 } }],
    ["a disputed code", { response: { code: 10004 } }],
    ["an unlisted code", { response: { code: 424242 } }],
  ])("that ends by %s has no answer, and is not sent again unread", async (_what, fault) => {
    const { sandbox, context } = await open();
    sandbox.faults.add(fault);
    expect(await modify(context)).toMatchObject({ kind: "noAnswer", attempts: 1 });
    expect(sandbox.requests).toHaveLength(1);
  });

  test.each([
    ["a rate code", { response: { code: 60018 } }],
    ["HTTP 429", { response: { status: 429 } }],
    ["an expired signature", { response: { code: 70001 } }],
  ])("that was certainly not carried out is sent again: %s", async (_what, fault) => {
    const { sandbox, context } = await open();
    sandbox.faults.add(fault);
    expect(await modify(context)).toMatchObject({ kind: "ok", attempts: 2 });
    expect(sandbox.applied).toHaveLength(1);
  });

  test("that the service refuses is refused", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code: 130004 } });
    expect(await modify(context)).toMatchObject({
      kind: "refused",
      attempts: 1,
      failure: { envelope: { ErrorCode: 130004 } },
    });
  });

  test("that cannot be sent is tried three times and not sent", async () => {
    const result = await modify(contextOn(NOBODY));
    expect(result).toMatchObject({ kind: "notSent", attempts: 0 });
    expect(result).toMatchObject({ failure: { reason: "connectionRefused", detail: "ECONNREFUSED" } });
  });

  test("of arguments that are not JSON throws, because that is a bug of this server", async () => {
    const { sandbox, context } = await open();
    const notJson = { Name: 1n as never };
    await expect(context.api.modifyChannel(PENN, notJson, callFor().deadline)).rejects.toThrow(TypeError);
    expect(sandbox.requests).toEqual([]);
  });
});

describe.concurrent("an attempt that was sent counts, even if a later one could not be sent", () => {
  test("of a read that was lost", async () => {
    const context = contextOn(await hostThatGoes((socket) => socket.once("data", () => socket.resetAndDestroy())));
    expect(await errorOf(read(context))).toMatchObject({
      ...because("connectionLost", { attempts: 1, safeToResend: true }),
    });
  });

  test("of a write that got a rate code", async () => {
    const body = '{"ActionStatus":"FAIL","ErrorCode":60018,"ErrorInfo":"slow"}';
    const answer = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const context = contextOn(await hostThatGoes((socket) => socket.once("data", () => socket.end(answer))));
    expect(await modify(context)).toMatchObject({
      kind: "refused",
      attempts: 1,
      failure: { envelope: { ErrorCode: 60018 } },
    });
  });
});

describe.concurrent("credentials", () => {
  test("refused as expired once: one new signature, two requests", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code: 70001 } });
    expect((await read(context)).attempts).toBe(2);
    expect(new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size).toBe(2);
  });

  test("refused as expired again: two requests, then nothing for a minute", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code: 70001 } }, { response: { code: 70001 } });
    expect(await errorOf(read(context))).toMatchObject({ explanation: { attempts: 2, fixedBy: "operator" } });
    const stopped = await errorOf(read(context));
    expect(stopped).toMatchObject({ ...because("authCooldown", { attempts: 0 }) });
    expect((stopped as Error).message).toMatch(/\(code 70001; (60|5\d) seconds left\)\. Nothing was sent\.$/);
    expect(sandbox.requests).toHaveLength(2);
  });

  test.each([70003, 70009, 70013, 70014, 60010, 60025, 10007])(
    "refused with %i: one request, then nothing for a minute",
    async (code) => {
      const { sandbox, context } = await open();
      sandbox.faults.add({ response: { code } });
      expect(await errorOf(read(context))).toMatchObject({ envelope: { ErrorCode: code } });
      expect(await errorOf(read(context))).toMatchObject(because("authCooldown"));
      expect(await modify(context)).toMatchObject({ kind: "notSent", failure: { reason: "authCooldown" } });
      expect(sandbox.requests).toHaveLength(1);
    },
  );

  test("expired after other failures are replaced at once, whatever the number of attempts", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add(...[60008, 60008, 60008, 70001].map((code) => ({ response: { code } })));
    expect((await read(context)).attempts).toBe(5);
    const [expired, renewed] = sandbox.requests.slice(-2).map(({ query }) => query.get("usersig"));
    expect(renewed).not.toBe(expired);
  });

  test("made elsewhere and refused as expired: one request, because no new one can be made here", async () => {
    const sandbox = await startSandbox();
    const account = { sdkAppId: SDKAPPID, identifier: "administrator", credential: { secretKey: SECRET_KEY } };
    const signature = new Signer({ ...account, secrets: new Secrets() }).current();
    const userSig = "userSig" in signature ? signature.userSig : "";
    const context = contextOn(sandbox.endpoint, { TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_USERSIG: userSig });
    sandbox.faults.add({ response: { code: 70001 } });
    expect(await errorOf(read(context))).toMatchObject({ explanation: { attempts: 1 } });
    expect(await errorOf(read(context))).toMatchObject(because("authCooldown"));
    expect(sandbox.requests).toHaveLength(1);
  });

  test("refused as expired after a network error still get their new signature", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { status: 502 } }, { response: { code: 70001 } });
    expect((await read(context)).attempts).toBe(3);
  });

  test("that are wrong are named by the service itself", async () => {
    const sandbox = await startSandbox({ secretKey: `${SECRET_KEY}0` });
    expect(await errorOf(read(contextOn(sandbox.endpoint)))).toMatchObject({ envelope: { ErrorCode: 70009 } });
    const other = await startSandbox({ sdkAppId: 1400000999 });
    expect(await errorOf(read(contextOn(other.endpoint)))).toMatchObject({ envelope: { ErrorCode: 70020 } });
    const plain = await startSandbox({ admins: ["somebody"] });
    expect(await errorOf(read(contextOn(plain.endpoint)))).toMatchObject({ envelope: { ErrorCode: 60010 } });
  });

  test.each([
    ["ten minutes", 600_000, "10 minutes behind"],
    ["a day and a half", 86_400_000 * 1.5, "2160 minutes behind"],
  ])("with a clock wrong by %s: no loop, and the server's Date is named", async (_what, offMs, text) => {
    const sandbox = await startSandbox({ now: () => Date.now() + offMs });
    sandbox.faults.add({ response: { code: 70001 } }, { response: { code: 70001 } });
    const error = await errorOf(read(contextOn(sandbox.endpoint)));
    expect(error.message).toContain(`${text} the server's Date (`);
    expect(sandbox.requests).toHaveLength(2);
  });

  test("make one signature for many calls at once", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    await Promise.all(Array.from({ length: 100 }, () => read(context)));
    expect(new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size).toBe(1);
  });
});

describe.concurrent("the service's text", () => {
  test("keep the IDs that the call named, and no part of a signature", async () => {
    const { sandbox, context } = await open();
    const channel = `@TOA#_${"c".repeat(34)}`;
    const subscriber = `user-${"s".repeat(35)}`;
    sandbox.faults.add({ response: { code: 130004, info: `no ${channel} for ${subscriber}` } });
    const input = { Official_Account: channel, Subscriber_Account: subscriber, CustomString: "x" };
    const refused = await context.api.modifySubscriber(input, callFor().deadline);
    expect(refused).toMatchObject({ failure: { envelope: { ErrorInfo: `no ${channel} for ${subscriber}` } } });

    sandbox.faults.add({ response: { code: 130004, info: `no ${channel}` } });
    expect((await errorOf(read(context, [channel]))).envelope.ErrorInfo).toBe(`no ${channel}`);

    const part = `x${sandbox.requests[0]?.query.get("usersig")?.slice(0, 60)}`;
    sandbox.faults.add({
      response: { change: (answer) => ({ ...answer, ErrorCode: 130004, RequestId: part, ActionStatus: part }) },
    });
    const { envelope } = await errorOf(read(context));
    expect(JSON.stringify(envelope)).not.toContain(part.slice(1, 20));
  });
});

describe.concurrent("slowing down", () => {
  test.each([{ code: 60007 }, { code: 60011 }, { code: 60018 }, { code: 60019 }, { status: 429 }])(
    "%j pauses the whole command for a second, then everything is answered",
    async (response) => {
      const { sandbox, context } = await open();
      sandbox.faults.add({ response });
      const first = pausedRead(context);
      await first.isPaused();
      await Promise.all([first.answer, ...Array.from({ length: 5 }, () => read(context))]);
      const [refused, ...later] = sandbox.requests.map(({ at }) => at);
      expect(later).toHaveLength(6);
      expect(Math.min(...later) - (refused ?? 0)).toBeGreaterThanOrEqual(995);
    },
  );

  test("of one command leaves the others as they are", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ command: GET, response: { code: 60018 } });
    const slow = pausedRead(context);
    await slow.isPaused();
    await Promise.all([slow.answer, modify(context)]);
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET, MODIFY, GET]);
  });
});

// These change what all tests of the process share, keep it busy, or need it idle: they run one after another.
describe("a read is sent again", () => {
  test("in an outage two hundred times for all calls together, and once more for each call that succeeds", async () => {
    const sandbox = await startSandbox();
    const context = unlimitedContext(sandbox);
    const outage = (count: number) => {
      for (let times = 0; times < count; times += 1) sandbox.faults.add({ response: { status: 502 } });
    };
    outage(900);
    const errors = await Promise.all(Array.from({ length: 300 }, () => errorOf(read(context, [PENN], 25_000))));
    expect(new Set(errors.map(({ explanation }) => explanation.stage))).toEqual(new Set(["network"]));
    expect(sandbox.requests).toHaveLength(500);
    sandbox.faults.clear();
    expect((await read(context)).channels).toHaveLength(1);
    outage(4);
    const attempts = [await errorOf(read(context)), await errorOf(read(context))];
    expect(attempts.map(({ explanation }) => explanation.attempts)).toEqual([2, 1]);
    sandbox.faults.clear();
  });

  test("not if the pause would take more time than is left", async () => {
    const { sandbox, context } = await open();
    const random = vi.spyOn(Math, "random").mockReturnValue(0.999);
    onTestFinished(() => void random.mockRestore());
    sandbox.faults.add({ response: { status: 502 } });
    expect(await errorOf(read(context, [PENN], 200))).toMatchObject({ explanation: { attempts: 1 } });
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe("credentials", () => {
  test("stop the requests that were waiting for their turn", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "5" });
    sandbox.faults.add({ response: { code: 70009 } });
    const errors = await Promise.all(Array.from({ length: 20 }, () => errorOf(read(context))));
    expect(errors.filter(({ explanation }) => explanation.attempts === 0)).toHaveLength(19);
    expect(sandbox.requests).toHaveLength(1);
  });

  test("that were refused are tried again when the minute is over", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code: 70003 } });
    await errorOf(read(context));
    const now = performance.now();
    const clock = vi.spyOn(performance, "now");
    onTestFinished(() => void clock.mockRestore());
    clock.mockReturnValue(now + 30_000);
    expect(await errorOf(read(context))).toMatchObject(because("authCooldown"));
    clock.mockReturnValue(now + 60_100);
    expect((await read(context)).channels).toHaveLength(1);
  });
});

describe.concurrent("the deadline of a call", () => {
  test("over silence: sent, no answer", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: "silence" });
    expect(await errorOf(read(context, [PENN], 400))).toMatchObject(because("timedOut"));
  });

  test("while it waits for its turn: not sent", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "1" });
    await read(context);
    expect(await errorOf(read(context, [PENN], 200))).toMatchObject({ ...because("noTimeToSend") });
    expect(sandbox.requests).toHaveLength(1);
  });

  test("ended by its client while it waits: it is never sent", async () => {
    const { sandbox, context } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "1" });
    await read(context);
    const call = callFor();
    const failed = errorOf(okValue(context.api.getChannels([PENN], undefined, call.deadline)));
    call.deadline.cancel();
    expect(await failed).toMatchObject({ ...because("cancelledBeforeSending") });
    await read(context); // its turn would have come before this one
    expect(sandbox.requests).toHaveLength(2);
  });

  test("ended by its client in flight: the socket is closed at once", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: "silence" });
    const call = callFor();
    const failed = errorOf(okValue(context.api.getChannels([PENN], undefined, call.deadline)));
    await waitUntil(() => sandbox.requests.length === 1);
    call.deadline.cancel();
    expect(await failed).toMatchObject({ ...because("cancelledAfterSending") });
    const socketId = sandbox.requests[0]?.socketId ?? 0;
    await waitUntil(() => !sandbox.openSocketIds.includes(socketId));
  });

  test("ended by its client in the pause before a retry: no attempt follows", async () => {
    const { sandbox, context } = await open();
    sandbox.faults.add({ response: { code: 60018 } });
    const call = callFor();
    const failed = errorOf(okValue(context.api.getChannels([PENN], undefined, call.deadline)));
    await waitUntil(() => call.deadline.waitingFor !== undefined);
    call.deadline.cancel();
    expect(await failed).toMatchObject({ envelope: { ErrorCode: 60018 }, explanation: { attempts: 1 } });
    await read(context); // the pause is over now
    expect(sandbox.requests).toHaveLength(2);
  });
});

test("each retry is an event for the log: which command, what failed, how long it waits", async () => {
  const sandbox = await startSandbox();
  sandbox.faults.add({ response: { status: 502 } });
  const secrets = new Secrets();
  const credential = { secretKey: SECRET_KEY };
  const signer = new Signer({ sdkAppId: SDKAPPID, identifier: "administrator", credential, secrets });
  const http = new HttpClient({ endpoint: sandbox.endpoint, userAgent: "test" });
  onTestFinished(() => http.close());
  const logEvent = vi.fn();
  await read({ api: new ChatApi(new ChatClient({ http, signer, secrets, perSecond: 200, logEvent })) });
  expect(logEvent.mock.calls).toEqual([
    ["retry", { command: GET, attempts: 1, failure: "serverError: HTTP 502", pauseMs: expect.any(Number) }],
  ]);
});
