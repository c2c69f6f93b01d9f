import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secrets } from "../../../src/chat-api/auth/secrets.ts";
import type { Failure } from "../../../src/chat-api/errors/failure.ts";
import { type ApiResponse, readResponse } from "../../../src/chat-api/http/response.ts";
import { explanationOf, type FailedCall } from "../../../src/explanations/explain.ts";
import { callFor, contextOn, DZDP, errorOf, GET, okValue, PENN, startSandbox } from "../../support/service.ts";

fc.configureGlobal({ seed: 20261122 });

const GOOD = '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}';
const CALL: FailedCall = { channelIds: [], sdkAppId: 1, attempts: 1 };

function read(body: string | Buffer, headers: Record<string, string> = {}, status = 200): ApiResponse | Failure {
  return readResponse({ status, headers, body: Buffer.from(body) }, new Secrets(), []);
}

function answer(body: string | Buffer): ApiResponse {
  const result = read(body);
  if (result.kind !== "response") throw new Error(`not an answer: ${JSON.stringify(result)}`);
  return result;
}

function failure(body: string | Buffer, headers?: Record<string, string>, status?: number) {
  const result = read(body, headers, status);
  if (result.kind === "response") throw new Error("this should be a failure");
  return { ...result, cause: explanationOf(result, CALL).cause };
}

describe("an answer", () => {
  test("is good with ErrorCode 0, whichever other part of the documented envelope is missing", () => {
    expect(answer(GOOD).envelope).toEqual({ ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" });
    expect(answer('{"ErrorCode":0}').envelope).toEqual({ ErrorCode: 0 });
    expect(answer('{"ErrorCode":0,"RequestId":"r","New":1}').envelope).toEqual({ ErrorCode: 0, RequestId: "r" });
    expect(answer('{"ErrorCode":0,"ErrorInfo":5}').envelope).toEqual({ ErrorCode: 0 });
  });

  test("may begin with a byte order mark", () => {
    expect(answer(`\ufeff${GOOD}`).envelope.ErrorCode).toBe(0);
  });

  test.each([
    ["half of it", GOOD.slice(0, 20), "not valid JSON in UTF-8, or cut short"],
    ["nothing", "", "not valid JSON in UTF-8, or cut short"],
    ["HTML", "<html>502</html>", "not valid JSON in UTF-8, or cut short"],
    ["a list", "[]", "not a JSON object"],
    ["null", "null", "not a JSON object"],
    ["text", '"OK"', "not a JSON object"],
    ["no ErrorCode", '{"ActionStatus":"OK"}', "ErrorCode is missing"],
    ["ErrorCode null", '{"ErrorCode":null}', "ErrorCode is missing"],
    ["ErrorCode as text", '{"ErrorCode":"0"}', "ErrorCode is missing"],
    ["ErrorCode with a fraction", '{"ErrorCode":0.5}', "ErrorCode is missing"],
    ["ErrorCode past all whole numbers", '{"ErrorCode":1e400}', "ErrorCode is missing"],
    ["an ActionStatus that is no text", '{"ActionStatus":0,"ErrorCode":0}', "ActionStatus and ErrorCode disagree"],
    ["OK and failure at once", '{"ActionStatus":"FAIL","ErrorCode":0}', "ActionStatus and ErrorCode disagree"],
    ["an ErrorCode of the prototype alone", '{"__proto__":{"ErrorCode":0}}', "ErrorCode is missing"],
    ["nesting of 100,000", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "ErrorCode is missing"],
  ])("with %s is malformed, and its body is never shown", (_what, body, detail) => {
    const { cause, ...rest } = failure(body);
    expect(rest).toMatchObject({ kind: "network", reason: "answerMalformed" });
    expect(cause).toContain(detail);
    if (body.length > 8) expect(cause).not.toContain(body.slice(0, 12));
  });

  test("in bytes that are not UTF-8 is malformed", () => {
    const body = Buffer.concat([Buffer.from('{"ErrorCode":0,"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(failure(body).cause).toContain("not valid JSON in UTF-8");
  });

  test("with an ErrorCode is a failure, whatever ActionStatus says", () => {
    expect(failure('{"ActionStatus":"OK","ErrorCode":130004,"ErrorInfo":"gone"}')).toMatchObject({
      kind: "code",
      envelope: { ActionStatus: "OK", ErrorCode: 130004, ErrorInfo: "gone" },
    });
  });

  test("that holds keys of ours is not taken for something else", () => {
    expect(answer('{"ErrorCode":0,"kind":"network","reason":"x","content":1}').envelope).toEqual({ ErrorCode: 0 });
    expect(failure('{"ErrorCode":5,"kind":"response"}')).toMatchObject({ kind: "code" });
  });

  test("clips what the service says to 300 characters, after credentials were taken out", () => {
    const words = `${"short words ".repeat(24)}${"x".repeat(40)}${" more".repeat(50)}`;
    const { envelope } = failure(JSON.stringify({ ErrorCode: 5, ErrorInfo: words })) as {
      envelope?: { ErrorInfo: string };
    };
    expect(envelope?.ErrorInfo).toBe(`${"short words ".repeat(24)}[secret] mor…`);
  });

  test("that is any JSON is valid, a code or malformed, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(["response", "code", "network"]).toContain(read(body).kind);
      }),
    );
  });
});

describe("a status", () => {
  test.each([
    [204, "statusRejected"],
    [301, "statusRejected"],
    [400, "statusRejected"],
    [404, "statusRejected"],
    [499, "statusRejected"],
    [407, "statusRejected"],
    [429, "tooManyRequests"],
    [500, "serverError"],
    [502, "serverError"],
  ])("of %i says %s, even around a good body", (status, reason) => {
    const { cause, ...rest } = failure(GOOD, {}, status);
    expect(rest).toMatchObject({ reason });
    expect(cause).toContain(`HTTP ${status}`);
  });
});

test("Retry-After is read in seconds and as a date, up to five minutes, with any failure", () => {
  const at = (header: string, status = 429) => failure(GOOD, { "retry-after": header }, status);
  expect(at("7")).toMatchObject({ reason: "tooManyRequests", retryAfterMs: 7_000 });
  expect(at("90000", 503)).toMatchObject({ reason: "serverError", retryAfterMs: 300_000 });
  expect(failure('{"ErrorCode":60007}', { "retry-after": "2" })).toMatchObject({ retryAfterMs: 2_000 });
  const ms = Number(at(new Date(Date.now() + 60_000).toUTCString()).retryAfterMs);
  expect(ms).toBeGreaterThan(55_000);
  for (const odd of ["-1", "soon", "", new Date(0).toUTCString()]) expect(at(odd).retryAfterMs).toBeUndefined();
});
expect(read(GOOD, { "content-encoding": "identity" }).kind).toBe("response");

describe.concurrent("the list of channels", () => {
  type Element = Record<string, unknown>;
  const changeList = (change: (list: Element[]) => unknown) => ({
    command: GET,
    applied: true,
    response: {
      change: (whole: Record<string, unknown>) => ({
        ...whole,
        OfficialAccountInfoList: change(whole.OfficialAccountInfoList as Element[]),
      }),
    },
  });

  test.each([
    ["missing", () => undefined, "OfficialAccountInfoList is missing"],
    ["no list", () => ({}), "OfficialAccountInfoList is missing"],
    ["too short", (list: Element[]) => list.slice(1), "does not hold each channel asked for once"],
    ["doubled", (list: Element[]) => [...list, ...list], "does not hold each channel asked for once"],
    [
      "with a channel too many",
      (list: Element[]) => [...list, { ...list[0], Official_Account: "@TOA#_other" }],
      "does not hold each channel asked for once",
    ],
    [
      "without IDs",
      (list: Element[]) => list.map(({ Official_Account: _, ...rest }) => rest),
      "Official_Account is missing",
    ],
    ["without codes", (list: Element[]) => list.map(({ ErrorCode: _, ...rest }) => rest), "ErrorCode is missing"],
    ["of numbers", () => [1, 2], "not an object"],
    ["of nothing", () => [null, null], "not an object"],
  ])("that is %s is not a valid answer", async (_what, change, detail) => {
    const sandbox = await startSandbox();
    const fault = changeList(change);
    sandbox.faults.add(fault, fault, fault, fault);
    const sent = contextOn(sandbox.endpoint).api.getChannels([PENN, DZDP], undefined, callFor().deadline);
    expect(await errorOf(okValue(sent))).toMatchObject({
      explanation: { attempts: 4, cause: expect.stringContaining(detail) },
    });
  });

  test.each([{ Name: 5 }, { SubscriberNum: "5" }, { LastMsgTime: 1.5 }])(
    "with %j in one element fails that channel alone",
    async (wrong) => {
      const sandbox = await startSandbox();
      sandbox.faults.add(changeList(([first, ...rest]) => [{ ...first, ...wrong }, ...rest]));
      const { channels } = await okValue(
        contextOn(sandbox.endpoint).api.getChannels([PENN, DZDP], undefined, callFor().deadline),
      );
      const detail = `${Object.keys(wrong)[0]} is not of the documented type`;
      expect(channels[0]?.failure).toEqual({ kind: "network", reason: "answerMalformed", detail });
      expect(channels[1]).toMatchObject({ id: DZDP, info: { Name: expect.any(String) } });
      expect(channels[1]?.failure).toBeUndefined();
    },
  );

  test("may come in another order, with null for what a channel does not have, and with fields of tomorrow", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add(
      changeList((list) => list.reverse().map((element) => ({ ...element, FaceUrl: null, Mood: "new" }))),
    );
    const { api } = contextOn(sandbox.endpoint);
    const { channels } = await okValue(api.getChannels([PENN, DZDP], undefined, callFor().deadline));
    expect(channels.map(({ id }) => id)).toEqual([PENN, DZDP]);
    expect(channels[0]?.info).not.toHaveProperty("FaceUrl");
    expect(channels[0]?.info).not.toHaveProperty("Mood");
  });

  test("may leave out the ID of a channel that failed, at its place", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add(
      changeList((list) =>
        list.map(({ Official_Account, ...rest }) => (rest.ErrorCode === 0 ? { Official_Account, ...rest } : rest)),
      ),
    );
    const { api } = contextOn(sandbox.endpoint);
    const { channels, attempts } = await okValue(api.getChannels([PENN, "@TOA#_gone"], undefined, callFor().deadline));
    expect(attempts).toBe(1);
    expect(channels.map(({ id, envelope }) => [id, envelope.ErrorCode])).toEqual([
      [PENN, 0],
      ["@TOA#_gone", 130004],
    ]);
  });
});
