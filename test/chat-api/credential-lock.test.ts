import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { NotSent } from "../../src/chat-api/network-failure.ts";
import type { Sandbox } from "../../src/sandbox/service.ts";
import type { House } from "../../src/tools/tool.ts";
import { callFor, failureOf, GET, houseOn, PENN, SECRET_KEY, startSandbox } from "../support/service.ts";

const read = (house: House, ms = 10_000) => house.api.getChannels([PENN], undefined, callFor(ms).deadline);
const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));
const soon = { timeout: 10_000, interval: 5 };

function isPaused(sandbox: Sandbox, count: number): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(sandbox.requests.length === count), 150));
}

/** Three calls at once, when the minute is over: one request goes, and the others only after its answer. */
async function expectOneTrialAfterAMinute(sandbox: Sandbox, house: House): Promise<void> {
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(now + 60_100);
  onTestFinished(() => clock.mockRestore());
  const before = sandbox.requests.length;
  sandbox.faults.add({ meets: { delayMs: 400 } });
  const calls = many(3, () => read(house));
  await vi.waitUntil(() => sandbox.requests.length === before + 1, soon);
  expect(await isPaused(sandbox, before + 1)).toBe(true);
  await calls;
}

describe("credentials that were never accepted", () => {
  test("go out with one request, however many calls come at once, and a refusal stops the others", async () => {
    const sandbox = await startSandbox({ secretKey: `${SECRET_KEY}0` });
    const house = houseOn(sandbox.endpoint);
    const failures = await many(50, () => failureOf(read(house)));
    expect(sandbox.requests).toHaveLength(1);
    expect(failures.filter((failure) => (failure as Error).name === "ServiceRefusal")).toHaveLength(1);
    expect(failures[49]).toMatchObject({ name: "NotSent", reason: "locked", call: { attempts: 0 } });
  });

  test("are tried by one request for all commands together", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    sandbox.faults.add({ command: GET, meets: { delayMs: 400 } });
    const first = read(house);
    await vi.waitUntil(() => sandbox.requests.length === 1, soon);
    const others = [house.api.modifyChannel(PENN, { Name: "x" }, callFor().deadline), read(house)];
    expect(await isPaused(sandbox, 1)).toBe(true);
    await Promise.all([first, ...others]);
    expect(sandbox.requests).toHaveLength(3);
  });

  test("are tried by the next request where the first got no answer", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    sandbox.faults.add({ meets: { raw: "<html>" } }, { meets: { raw: "<html>" } }, { meets: { raw: "<html>" } });
    const calls = await Promise.allSettled([read(house), read(house), read(house)]);
    expect(calls.some(({ status }) => status === "fulfilled")).toBe(true);
  });

  test("are tried by another request where the first is silent for three seconds", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    sandbox.faults.add({ meets: "silence" });
    const { deadline } = callFor(30_000);
    const silent = failureOf(house.api.getChannels([PENN], undefined, deadline));
    await vi.waitUntil(() => sandbox.requests.length === 1, soon);
    expect((await read(house, 5_000)).channels).toHaveLength(1);
    deadline.cancel();
    await silent;
  });

  test("keep a waiting call no longer than it has time, and its client may give it up", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    sandbox.faults.add({ meets: "silence" });
    const first = failureOf(read(house, 1_500));
    await vi.waitUntil(() => sandbox.requests.length === 1, soon);
    const { deadline } = callFor();
    const givenUp = failureOf(house.api.getChannels([PENN], undefined, deadline));
    deadline.cancel();
    expect(await givenUp).toMatchObject({ name: "NotSent", reason: "cancelledBeforeSending" });
    expect(await failureOf(read(house, 200))).toMatchObject({ name: "NotSent", reason: "noTimeToSend" });
    await first;
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe("signatures that the service calls expired", () => {
  const userSigs = (sandbox: Sandbox) => sandbox.requests.map(({ query }) => query.get("usersig"));

  test("at every call are two requests, however many calls come at once", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add(...Array.from({ length: 40 }, () => ({ meets: { code: 70001 } })));
    const house = houseOn(sandbox.endpoint);
    const failures = await many(20, () => failureOf(read(house)));
    sandbox.faults.clear();
    expect(new Set(userSigs(sandbox)).size).toBe(2);
    expect(sandbox.requests).toHaveLength(2);
    expect(failures.filter((failure) => (failure as Error).name === "ServiceRefusal").length).toBeGreaterThan(0);
  });

  test("are not sent by those who waited with them for their turn", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint, { TENCENT_CHAT_REQUESTS_PER_SECOND: "3" });
    await read(house);
    sandbox.faults.add({ meets: { code: 70001 } });
    const answers = await many(5, () => read(house));
    expect(answers).toHaveLength(5);
    const [first, refused, ...later] = userSigs(sandbox);
    expect(refused).toBe(first);
    expect(new Set(later).size).toBe(1);
    expect(later).not.toContain(first);
    expect(sandbox.requests).toHaveLength(7);
  });

  test("in several requests at once are made anew once", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    await read(house);
    sandbox.faults.add(...Array.from({ length: 3 }, () => ({ meets: { code: 70001 } })));
    expect((await many(3, () => read(house))).map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
    expect(new Set(userSigs(sandbox)).size).toBe(2);
  });

  test("may expire again later, and are then made anew again", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    for (let times = 0; times < 3; times += 1) {
      sandbox.faults.add({ meets: { code: 70001 } });
      expect((await read(house)).attempts).toBe(2);
    }
    expect(new Set(userSigs(sandbox)).size).toBe(4);
  });
});

describe("credentials that were accepted", () => {
  test("go out with any number of requests at once, a refusal for another reason included", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    sandbox.faults.add({ meets: { code: 130004 } });
    await failureOf(read(house));
    sandbox.faults.add(...Array.from({ length: 5 }, () => ({ meets: { delayMs: 400 } })));
    const calls = many(5, () => read(house));
    await vi.waitUntil(() => sandbox.requests.length === 6, { timeout: 350, interval: 5 });
    await calls;
  });

  test("and then refused are tried by one request again, once the minute is over", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    await read(house);
    sandbox.faults.add({ meets: { code: 70003 } });
    await failureOf(read(house));
    await expectOneTrialAfterAMinute(sandbox, house);
  });

  test("and then refused are not accepted by a late answer to an earlier request", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    await read(house);
    sandbox.faults.add({ meets: { delayMs: 300 } }, { meets: { code: 70003 } });
    const late = read(house);
    await vi.waitUntil(() => sandbox.requests.length === 2, soon);
    await failureOf(read(house));
    await late;
    await expectOneTrialAfterAMinute(sandbox, house);
  });

  test("and then refused stop what waits for its turn, too", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint, { TENCENT_CHAT_REQUESTS_PER_SECOND: "2" });
    await read(house);
    sandbox.faults.add({ meets: { code: 70003 } });
    const failures = await many(3, () => failureOf(read(house)));
    expect(failures.filter((failure) => (failure as NotSent).reason === "locked")).toHaveLength(2);
    expect(sandbox.requests).toHaveLength(2);
  });
});
