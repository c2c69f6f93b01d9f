import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { readAnswer } from "../../src/chat-api/answer.ts";
import { NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import { callFor, DZDP, failureOf, GET, houseOn, PENN, startSandbox } from "../support/service.ts";

fc.configureGlobal({ seed: 20261122 });

const GOOD = '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}';

function answer(body: string | Buffer, headers: Record<string, string> = {}, status = 200) {
  return readAnswer({ status, headers, body: Buffer.from(body) }, Date.now(), (text) => text);
}

function refusalOf(read: () => unknown): NoValidAnswer | ServiceRefusal {
  try {
    read();
  } catch (failure) {
    if (failure instanceof NoValidAnswer || failure instanceof ServiceRefusal) return failure;
    throw failure;
  }
  throw new Error("this should have been refused");
}

describe("an answer", () => {
  test("is good with ErrorCode 0, whatever documented part of its head is missing", () => {
    expect(answer(GOOD).head).toEqual({ ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" });
    expect(answer('{"ErrorCode":0}').head).toEqual({ ErrorCode: 0 });
    expect(answer('{"ErrorCode":0,"RequestId":"r","New":1}').head).toEqual({ ErrorCode: 0, RequestId: "r" });
    expect(answer('{"ErrorCode":0,"ErrorInfo":5}').head).toEqual({ ErrorCode: 0 });
  });

  test("may begin with a byte order mark", () => {
    expect(answer(`\ufeff${GOOD}`).head.ErrorCode).toBe(0);
  });

  test.each([
    ["half of it", GOOD.slice(0, 20), "not valid JSON, or cut short"],
    ["nothing", "", "not valid JSON, or cut short"],
    ["HTML", "<html>502</html>", "not valid JSON, or cut short"],
    ["a list", "[]", "not a JSON object"],
    ["null", "null", "not a JSON object"],
    ["text", '"OK"', "not a JSON object"],
    ["no ErrorCode", '{"ActionStatus":"OK"}', "ErrorCode is missing"],
    ["ErrorCode null", '{"ErrorCode":null}', "ErrorCode is missing"],
    ["ErrorCode as text", '{"ErrorCode":"0"}', "ErrorCode is missing"],
    ["ErrorCode with a fraction", '{"ErrorCode":0.5}', "ErrorCode is missing"],
    ["ErrorCode past all whole numbers", '{"ErrorCode":1e400}', "ErrorCode is missing"],
    ["OK and failure at once", '{"ActionStatus":"FAIL","ErrorCode":0}', "ActionStatus and ErrorCode disagree"],
    ["two ErrorCodes", '{"ErrorCode":70001,"ErrorCode":0}', "a key stands twice"],
    ["two ErrorCodes, one spelled with an escape", '{"ErrorCode":70001,"Error\\u0043ode":0}', "a key stands twice"],
    [
      "two ErrorCodes and text with braces between",
      '{"ErrorCode":70001,"a":"x}y","ErrorCode":0}',
      "a key stands twice",
    ],
    ["a key twice deep inside", '{"ErrorCode":0,"a":[{"b":{"c":1,"c":2}}]}', "a key stands twice"],
    ["an ErrorCode of the prototype alone", '{"__proto__":{"ErrorCode":0}}', "ErrorCode is missing"],
    ["nesting of 100,000", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "ErrorCode is missing"],
  ])("with %s is malformed, and its body is never shown", (_what, body, detail) => {
    const failure = refusalOf(() => answer(body));
    expect(failure).toMatchObject({ name: "NoValidAnswer", reason: "answerMalformed" });
    expect(failure.explanation.cause).toContain(detail);
    if (body.length > 8) expect(failure.explanation.cause).not.toContain(body.slice(0, 12));
  });

  test("with the same key in two objects, or a key that looks like text, is no repetition", () => {
    expect(answer('{"ErrorCode":0,"a":{"x":1},"b":{"x":1},"c":["x","x"],"d":"x\\":"}').head.ErrorCode).toBe(0);
    expect(answer('{"ErrorCode":0,"a":{"b":1},"b":1}').head.ErrorCode).toBe(0);
  });

  test("in bytes that are no UTF-8 is malformed", () => {
    const failure = refusalOf(() =>
      answer(Buffer.concat([Buffer.from('{"ErrorCode":0,"x":"'), Buffer.from([0xff]), Buffer.from('"}')])),
    );
    expect(failure.explanation.cause).toContain("not valid UTF-8");
  });

  test("with an ErrorCode is a refusal, whatever ActionStatus says", () => {
    const failure = refusalOf(() => answer('{"ActionStatus":"OK","ErrorCode":130004,"ErrorInfo":"gone"}'));
    expect(failure).toBeInstanceOf(ServiceRefusal);
    expect(failure.head).toEqual({ ActionStatus: "OK", ErrorCode: 130004, ErrorInfo: "gone" });
  });

  test("clips what the service says to 300 characters", () => {
    const failure = refusalOf(() => answer(JSON.stringify({ ErrorCode: 5, ErrorInfo: "x".repeat(500) })));
    expect(failure.head.ErrorInfo).toBe(`${"x".repeat(300)}…`);
  });

  test.prop([fc.json()])("that is any JSON is read, refused or malformed, and nothing else", (body) => {
    try {
      expect(answer(body).head.ErrorCode).toBe(0);
    } catch (failure) {
      expect(failure instanceof NoValidAnswer || failure instanceof ServiceRefusal).toBe(true);
    }
  });
});

describe("a status", () => {
  test.each([
    [300, "redirected"],
    [301, "redirected"],
    [399, "redirected"],
    [204, "answerMalformed"],
    [400, "statusRefused"],
    [404, "statusRefused"],
    [499, "statusRefused"],
    [407, "statusRefused"],
    [429, "tooManyRequests"],
    [500, "serverError"],
    [502, "serverError"],
  ])("of %i says %s, even around a good body", (status, reason) => {
    const failure = refusalOf(() => answer(GOOD, {}, status));
    expect(failure).toMatchObject({ reason });
    expect(failure.explanation.cause).toContain(`HTTP ${status}`);
  });
});

describe("compression that nobody asked for", () => {
  test.each([
    ["gzip", gzipSync(GOOD)],
    ["x-gzip", gzipSync(GOOD)],
    ["deflate", deflateSync(GOOD)],
    ["br", brotliCompressSync(GOOD)],
    ["identity", Buffer.from(GOOD)],
    [" GZIP ", gzipSync(GOOD)],
  ])("by %s is undone", (encoding, body) => {
    expect(answer(body, { "content-encoding": encoding }).head.ErrorCode).toBe(0);
  });

  test("that hides 200 MB is refused at the cap, quickly and in little memory", () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const before = process.memoryUsage().rss;
    const failure = refusalOf(() => answer(bomb, { "content-encoding": "gzip" }));
    expect(failure).toMatchObject({ reason: "answerTooLarge" });
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * 1024); // of this worker, which does nothing else
  });

  test("that is broken or unknown is malformed", () => {
    expect(refusalOf(() => answer("x", { "content-encoding": "gzip" })).explanation.cause).toContain(
      "its compression is broken",
    );
    expect(refusalOf(() => answer(GOOD, { "content-encoding": "zstd" })).explanation.cause).toContain(
      "unknown content encoding",
    );
  });
});

describe("the list of channels", () => {
  type Element = Record<string, unknown>;
  const changeList = (change: (list: Element[]) => unknown) => ({
    command: GET,
    applied: true,
    meets: {
      change: (whole: Record<string, unknown>) => ({
        ...whole,
        OfficialAccountInfoList: change(whole.OfficialAccountInfoList as Element[]),
      }),
    },
  });

  test.each([
    ["missing", () => undefined, "OfficialAccountInfoList is missing"],
    ["no list", () => ({}), "OfficialAccountInfoList is missing"],
    ["too short", (list: Element[]) => list.slice(1), "1 of the 2 channels"],
    ["doubled", (list: Element[]) => [...list, ...list], "holds a channel twice"],
    [
      "joined by a stranger",
      (list: Element[]) => [...list, { ...list[0], Official_Account: "@TOA#_other" }],
      "not asked for",
    ],
    [
      "without IDs",
      (list: Element[]) => list.map(({ Official_Account: _, ...rest }) => rest),
      "Official_Account is missing",
    ],
    ["without codes", (list: Element[]) => list.map(({ ErrorCode: _, ...rest }) => rest), "ErrorCode is missing"],
    ["of numbers", () => [1, 2], "no object"],
    ["of nothing", () => [null, null], "no object"],
    [
      "with a name that is a number",
      (list: Element[]) => list.map((element) => ({ ...element, Name: 5 })),
      "Name is not of the documented type",
    ],
    [
      "with a count that is text",
      (list: Element[]) => list.map((element) => ({ ...element, SubscriberNum: "5" })),
      "SubscriberNum is not of",
    ],
  ])("that is %s is no answer at all", async (_what, change, detail) => {
    const sandbox = await startSandbox();
    const fault = changeList(change);
    sandbox.faults.add(fault, fault, fault);
    const failure = (await failureOf(
      houseOn(sandbox.endpoint).api.getChannels([PENN, DZDP], undefined, callFor().deadline),
    )) as NoValidAnswer;
    expect(failure).toMatchObject({ name: "NoValidAnswer", reason: "answerMalformed", call: { attempts: 3 } });
    expect(failure.explanation.cause).toContain(detail);
  });

  test("may come in another order, with null for what a channel does not have, and with fields of tomorrow", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add(
      changeList((list) => list.reverse().map((element) => ({ ...element, FaceUrl: null, Mood: "new" }))),
    );
    const { channels } = await houseOn(sandbox.endpoint).api.getChannels([PENN, DZDP], undefined, callFor().deadline);
    expect(channels.map(({ id }) => id)).toEqual([PENN, DZDP]);
    expect(channels[0]?.facts).not.toHaveProperty("FaceUrl");
    expect(channels[0]?.facts).not.toHaveProperty("Mood");
  });

  test("may leave out the ID of a channel that failed, at its place", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add(
      changeList((list) =>
        list.map(({ Official_Account, ...rest }) => (rest.ErrorCode === 0 ? { Official_Account, ...rest } : rest)),
      ),
    );
    const { channels, attempts } = await houseOn(sandbox.endpoint).api.getChannels(
      [PENN, "@TOA#_gone"],
      undefined,
      callFor().deadline,
    );
    expect(attempts).toBe(1);
    expect(channels.map(({ id, head }) => [id, head.ErrorCode])).toEqual([
      [PENN, 0],
      ["@TOA#_gone", 130004],
    ]);
  });
});
