import { describe, expect, test, vi } from "vitest";
import { type NotSent, NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import { Signer } from "../../src/chat-api/user-sig.ts";
import type { Sandbox } from "../../src/sandbox/service.ts";
import type { House } from "../../src/tools/tool.ts";
import {
  bodiesOf,
  callFor,
  DZDP,
  failureOf,
  GET,
  houseOn,
  MODIFY,
  PENN,
  SDKAPPID,
  SECRET_KEY,
  SUBSCRIBER,
  startSandbox,
  unpacedHouse,
} from "../support/service.ts";
import { msOf } from "../support/timing.ts";

async function open(more: Record<string, string> = {}): Promise<{ sandbox: Sandbox; house: House }> {
  const sandbox = await startSandbox();
  return { sandbox, house: houseOn(sandbox.endpoint, more) };
}

function read(house: House, ids = [PENN], ms = 10_000) {
  return house.api.getChannels(ids, undefined, callFor(ms).deadline);
}

describe("a request", () => {
  test("carries the documented query and nothing else, with a fresh random each time", async () => {
    const { sandbox, house } = await open();
    for (let times = 0; times < 5; times += 1) await read(house);
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

  test("of each command has the documented body to the letter", async () => {
    const { sandbox, house } = await open();
    const { deadline } = callFor();
    await house.api.getChannels([PENN, DZDP], ["Name", "CreateTime"], deadline);
    await house.api.getChannels([PENN], undefined, deadline);
    await house.api.modifyChannel(PENN, { Name: "茶", MaxSubscriberNum: 0, CustomString: "" }, deadline);
    await house.api.modifySubscriber(PENN, "107867", "x", deadline);
    expect(bodiesOf(sandbox, GET)).toEqual([
      {
        OfficialAccountIdList: [{ Official_Account: PENN }, { Official_Account: DZDP }],
        ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "CreateTime"] },
      },
      { OfficialAccountIdList: [{ Official_Account: PENN }] },
    ]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([
      { Official_Account: PENN, Name: "茶", MaxSubscriberNum: 0, CustomString: "" },
    ]);
    expect(bodiesOf(sandbox, SUBSCRIBER)).toEqual([
      { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" },
    ]);
  });

  test("gives back the channels in the order asked, each with its own outcome", async () => {
    const { house } = await open();
    const { channels, attempts } = await read(house, [DZDP, "@TOA#_gone", "news", PENN]);
    expect(attempts).toBe(1);
    expect(channels.map(({ id, head }) => [id, head.ErrorCode])).toEqual([
      [DZDP, 0],
      ["@TOA#_gone", 130004],
      ["news", 130007],
      [PENN, 0],
    ]);
    expect(channels[3]?.facts).toMatchObject({ Name: "test_modify_official_account3", SubscriberNum: 780_031 });
    expect(channels[2]?.refusal?.explanation.cause).toContain("Channel IDs start with @TOA#_");
    expect(channels[1]?.refusal?.explanation.attempts).toBe(1);
  });
});

describe("sending a read again", () => {
  test("two 502s and then a good answer: three attempts, three randoms, the same body", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { status: 502 } }, { meets: { status: 502 } });
    expect((await read(house)).attempts).toBe(3);
    expect(new Set(sandbox.requests.map(({ query }) => query.get("random"))).size).toBe(3);
    expect(new Set(sandbox.requests.map(({ body }) => body)).size).toBe(1);
  });

  test.each([
    ["resets", { meets: "reset" as const }],
    ["answers cut short", { meets: { raw: '{"ErrorCode":0,"Official' } }],
    ["transient codes", { meets: { code: 20005 } }],
  ])("goes on after two %s", async (_what, fault) => {
    const { sandbox, house } = await open();
    sandbox.faults.add(fault, fault);
    expect((await read(house)).attempts).toBe(3);
  });

  test("stops after three attempts, and says how many", async () => {
    const { sandbox, house } = await open();
    const fault = { meets: { status: 503 } };
    sandbox.faults.add(fault, fault, fault);
    const failure = (await failureOf(read(house))) as NoValidAnswer;
    expect(failure).toBeInstanceOf(NoValidAnswer);
    expect(failure.explanation).toMatchObject({
      stage: "network",
      attempts: 3,
      safeToResend: true,
      fixedBy: "tencent",
    });
    expect(failure.explanation.cause).toBe(
      "The network layer before the service failed (HTTP 503). Nothing was changed.",
    );
    expect(sandbox.requests).toHaveLength(3);
  });

  test.each([130004, 131000, 60020, 6017])("does not happen after code %i", async (code) => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code, info: "words of the service" } });
    const failure = (await failureOf(read(house))) as ServiceRefusal;
    expect(failure).toBeInstanceOf(ServiceRefusal);
    expect(failure.head).toMatchObject({ ErrorCode: code, ErrorInfo: "words of the service", ActionStatus: "FAIL" });
    expect(failure.head.RequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(sandbox.requests).toHaveLength(1);
  });

  test.each([10004, 60004, 60005])("happens once after the ambiguous code %i", async (code) => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code } }, { meets: { code } });
    expect(((await failureOf(read(house))) as ServiceRefusal).explanation.attempts).toBe(2);
    expect(sandbox.requests).toHaveLength(2);
  });

  test("an outage of 502s is not answered by a storm: 1,000 calls, at most 1,100 requests", async () => {
    const sandbox = await startSandbox({ requestsPerSecond: 1_000_000 });
    const house = unpacedHouse(sandbox);
    for (let times = 0; times < 2_000; times += 1) sandbox.faults.add({ meets: { status: 502 } });
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => failureOf(read(house, [PENN], 25_000))));
    expect(answers.every((answer) => answer instanceof NoValidAnswer)).toBe(true);
    expect(sandbox.requests.length).toBeGreaterThan(1_000);
    expect(sandbox.requests.length).toBeLessThanOrEqual(1_100);
    sandbox.faults.clear();
    expect(await msOf(async () => expect((await read(house)).channels).toHaveLength(1))).toBeLessThan(2_000);
  });
});

describe("sending a write again", () => {
  test("does not happen where the outcome is unknown", async () => {
    const { sandbox, house } = await open();
    for (const fault of [{ meets: "reset" as const }, { meets: { status: 502 } }, { meets: { raw: "{" } }]) {
      sandbox.requests.length = 0;
      sandbox.faults.add(fault);
      const failure = (await failureOf(
        house.api.modifyChannel(PENN, { Name: "x" }, callFor().deadline),
      )) as NoValidAnswer;
      expect(failure).toBeInstanceOf(NoValidAnswer);
      expect(failure.explanation.cause).toContain("Whether the service carried the request out is not known.");
      expect(failure.explanation.safeToResend).toBe(false);
      expect(sandbox.requests).toHaveLength(1);
    }
  });

  test("happens where nothing was sent, and after a transient code", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code: 60008 } });
    expect((await house.api.modifyChannel(PENN, { Name: "x" }, callFor().deadline)).attempts).toBe(2);
    await sandbox.close();
    const failure = (await failureOf(house.api.modifyChannel(PENN, { Name: "y" }, callFor().deadline))) as NotSent;
    expect(failure).toMatchObject({ name: "NotSent", reason: "connectionRefused", call: { attempts: 3 } });
    expect(failure.explanation.cause).toBe("The connection was refused (ECONNREFUSED). Nothing was sent.");
  });
});

describe("credentials", () => {
  test("refused as expired once: one new signature, two requests", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code: 70001 } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      const sent = read(house);
      await vi.waitUntil(() => sandbox.requests.length > 0 || vi.advanceTimersByTime(2_000));
      expect((await sent).attempts).toBe(2);
    } finally {
      vi.useRealTimers();
    }
    expect(sandbox.requests).toHaveLength(2);
  });

  test("refused as expired for ever: two requests, then nothing for a minute", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code: 70001 } }, { meets: { code: 70001 } });
    expect(((await failureOf(read(house))) as ServiceRefusal).explanation).toMatchObject({
      attempts: 2,
      fixedBy: "operator",
    });
    const locked = (await failureOf(read(house))) as NotSent;
    expect(locked).toMatchObject({ name: "NotSent", reason: "locked" });
    expect(new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size).toBe(2);
    expect(locked.explanation.cause).toMatch(/\(70001; (60|59) seconds left\)\. Nothing was sent\.$/);
    expect(sandbox.requests).toHaveLength(2);
  });

  test.each([70003, 70009, 70013, 70014, 60010, 60025, 10007])(
    "refused with %i: one request, then nothing for a minute",
    async (code) => {
      const { sandbox, house } = await open();
      sandbox.faults.add({ meets: { code } });
      expect(((await failureOf(read(house))) as ServiceRefusal).head.ErrorCode).toBe(code);
      for (const call of [read(house), house.api.modifyChannel(PENN, { Name: "x" }, callFor().deadline)]) {
        expect(await failureOf(call)).toMatchObject({ name: "NotSent", reason: "locked" });
      }
      expect(sandbox.requests).toHaveLength(1);
    },
  );

  test("made elsewhere and refused as expired: one request, for nobody here can make another", async () => {
    const sandbox = await startSandbox();
    const account = { sdkAppId: SDKAPPID, identifier: "administrator", credential: { secretKey: SECRET_KEY } };
    const house = houseOn(sandbox.endpoint, {
      TENCENT_CHAT_SECRET_KEY: "",
      TENCENT_CHAT_USERSIG: new Signer(account).current(),
    });
    sandbox.faults.add({ meets: { code: 70001 } });
    expect(((await failureOf(read(house))) as ServiceRefusal).call.attempts).toBe(1);
    expect(await failureOf(read(house))).toMatchObject({ reason: "locked" });
    expect(sandbox.requests).toHaveLength(1);
  });

  test("refused as expired after a fault of the network still get their new signature", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { status: 502 } }, { meets: { code: 70001 } });
    expect((await read(house)).attempts).toBe(3);
  });

  test("that are wrong are named by the service itself", async () => {
    const sandbox = await startSandbox({ secretKey: `${SECRET_KEY}0` });
    expect(((await failureOf(read(houseOn(sandbox.endpoint)))) as ServiceRefusal).head.ErrorCode).toBe(70009);
    const other = await startSandbox({ sdkAppId: 1400000999 });
    expect(((await failureOf(read(houseOn(other.endpoint)))) as ServiceRefusal).head.ErrorCode).toBe(70020);
    const plain = await startSandbox({ admins: ["somebody"] });
    expect(((await failureOf(read(houseOn(plain.endpoint)))) as ServiceRefusal).head.ErrorCode).toBe(60010);
  });

  test.each([
    ["ten minutes", 600_000, "10 minutes behind"],
    ["a day", 86_400_000 * 1.5, "2160 minutes behind"],
  ])("with a clock wrong by %s: no loop, and the server's Date is named", async (_what, offMs, told) => {
    const sandbox = await startSandbox({ now: () => Date.now() + offMs });
    sandbox.faults.add({ applied: false, meets: { code: 70001 } }, { applied: false, meets: { code: 70001 } });
    const failure = (await failureOf(read(houseOn(sandbox.endpoint)))) as ServiceRefusal;
    expect(failure.explanation.cause).toContain(`${told} the server's Date (`);
    expect(sandbox.requests).toHaveLength(2);
  });

  test("sign once for many calls at once", async () => {
    const { sandbox, house } = await open();
    await Promise.all(Array.from({ length: 100 }, () => read(house)));
    expect(new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size).toBe(1);
  });
});

describe("slowing down", () => {
  test.each([60007, 60011, 60018, 60019])("code %i holds the whole queue for a second, and heals", async (code) => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { code } });
    const first = read(house);
    await vi.waitUntil(() => sandbox.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([first, ...Array.from({ length: 5 }, () => read(house))]);
    const [refused, ...later] = sandbox.requests.map(({ at }) => at);
    expect(later).toHaveLength(6);
    expect(Math.min(...later) - (refused ?? 0)).toBeGreaterThanOrEqual(995);
  });

  test("holds also after the last attempt, and for every command where the whole application is too fast", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: GET, meets: { code: 60011 } });
    const slow = read(house);
    await vi.waitUntil(() => sandbox.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await house.api.modifyChannel(PENN, { Name: "y" }, callFor().deadline);
    await slow;
    const [refused, ...later] = sandbox.requests.map(({ at }) => at);
    expect(Math.min(...later) - (refused ?? 0)).toBeGreaterThanOrEqual(995);
  });

  test.each([{ code: 60018 }, { status: 429 }])("for %j leaves the other commands their pace", async (meets) => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ command: GET, meets });
    const slow = read(house);
    await vi.waitUntil(() => sandbox.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await house.api.modifyChannel(PENN, { Name: "y" }, callFor().deadline);
    const [refused, next] = sandbox.requests;
    expect(next?.command).toBe(MODIFY);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeLessThan(900);
    await slow;
  });

  test("HTTP 429 does the same", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: { status: 429 } });
    expect((await read(house)).attempts).toBe(2);
    const [refused, next] = sandbox.requests.map(({ at }) => at);
    expect((next ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(995);
  });
});

describe("a deadline", () => {
  test("over silence: answered in time, as sent", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: "silence" });
    const took = await msOf(async () => {
      expect(await failureOf(read(house, [PENN], 400))).toMatchObject({ name: "NoValidAnswer", reason: "noAnswer" });
    });
    expect(took).toBeLessThan(500);
  });

  test("while queued: answered in time, as not sent", async () => {
    const { sandbox, house } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "1" });
    await read(house);
    const failure = (await failureOf(read(house, [PENN], 200))) as NotSent;
    expect(failure).toMatchObject({ name: "NotSent", reason: "noTimeToSend" });
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe("cancelling", () => {
  test("a queued call: it is never sent", async () => {
    const { sandbox, house } = await open({ TENCENT_CHAT_REQUESTS_PER_SECOND: "1" });
    await read(house);
    const { deadline } = callFor();
    const failure = failureOf(house.api.getChannels([PENN], undefined, deadline));
    deadline.cancel();
    expect(await failure).toMatchObject({ name: "NotSent", reason: "cancelledBeforeSending" });
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(sandbox.requests).toHaveLength(1);
  });

  test("a call in flight: the socket is gone at once", async () => {
    const { sandbox, house } = await open();
    sandbox.faults.add({ meets: "silence" });
    const { deadline } = callFor();
    const failure = failureOf(house.api.getChannels([PENN], undefined, deadline));
    await vi.waitUntil(() => sandbox.requests.length === 1);
    const took = await msOf(async () => {
      deadline.cancel();
      expect(await failure).toMatchObject({ name: "NoValidAnswer", reason: "cancelledAfterSending" });
      await vi.waitUntil(() => sandbox.openConnections === 0, { timeout: 5_000, interval: 5 });
    });
    expect(took).toBeLessThan(100);
  });
});
