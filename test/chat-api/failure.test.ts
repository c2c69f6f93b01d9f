import { describe, expect, test } from "vitest";
import { type Failure, whatStands } from "../../src/chat-api/failure.ts";
import { NotSent, NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";

const notSent = new NotSent("connectionRefused");
const noTime = new NotSent("noTimeToSend");
const lost = new NoValidAnswer("connectionLost");
const slowDown = new NoValidAnswer("tooManyRequests");
const refused = new ServiceRefusal({ ErrorCode: 130004 });
const tooFast = new ServiceRefusal({ ErrorCode: 60011 });
const transient = new ServiceRefusal({ ErrorCode: 20005 });

describe("what stands after one attempt more", () => {
  test.each<[string, Failure, Failure, { write: Failure; read: Failure }]>([
    ["lost, then not sent", lost, notSent, { write: lost, read: lost }],
    ["refused, then not sent", refused, notSent, { write: refused, read: refused }],
    ["not sent, then lost", notSent, lost, { write: lost, read: lost }],
    ["not sent, then refused", notSent, refused, { write: refused, read: refused }],
    ["not sent, then not sent", notSent, noTime, { write: notSent, read: notSent }],
    ["lost, then refused", lost, refused, { write: lost, read: refused }],
    ["refused, then lost", refused, lost, { write: lost, read: lost }],
    ["a transient code, then refused", transient, refused, { write: transient, read: refused }],
    ["a transient code, then lost", transient, lost, { write: lost, read: lost }],
    ["lost, then a transient code", lost, transient, { write: transient, read: transient }],
    ["lost, then asked for fewer", lost, slowDown, { write: lost, read: slowDown }],
    ["asked for fewer by the gateway, then refused", slowDown, refused, { write: refused, read: refused }],
    ["asked for fewer by the service, then refused", tooFast, refused, { write: refused, read: refused }],
  ])("%s", (_what, earlier, later, { write, read }) => {
    expect(whatStands(earlier, later, true)).toBe(write);
    expect(whatStands(earlier, later, false)).toBe(read);
  });

  test("the first failure stands alone", () => {
    for (const first of [notSent, lost, refused]) expect(whatStands(undefined, first, true)).toBe(first);
  });
});

describe("what a failure says of a call", () => {
  const ofWrite = { attempts: 2, writes: true, channelIds: [] };
  const ofRead = { ...ofWrite, writes: false };
  const told = (failure: Failure, call: typeof ofWrite) => {
    failure.call = call;
    return failure.explanation;
  };

  test.each<[string, () => Failure]>([
    ["a read that was lost", () => new NoValidAnswer("connectionLost")],
    ["a read that was asked for fewer", () => new NoValidAnswer("tooManyRequests")],
  ])("%s changed nothing and may go again", (_what, make) => {
    expect(told(make(), ofRead)).toMatchObject({ safeToResend: true, attempts: 2 });
    expect(told(make(), ofRead).cause).toMatch(/ Nothing was changed\.$/);
  });

  test("a write that was lost is not known", () => {
    const { cause, safeToResend } = told(new NoValidAnswer("noAnswer"), ofWrite);
    expect([cause, safeToResend]).toEqual([
      "No complete answer came in time. Whether the service carried the request out is not known.",
      false,
    ]);
  });

  test("a write that a gateway passed on to nobody changed nothing", () => {
    const { cause, safeToResend } = told(new NoValidAnswer("tooManyRequests", "HTTP 429"), ofWrite);
    expect([cause, safeToResend]).toEqual([
      "A gateway asked for fewer requests (HTTP 429). Nothing was changed.",
      true,
    ]);
  });

  test("what was not sent was not sent", () => {
    expect(told(new NotSent("unreachable"), ofWrite)).toMatchObject({ safeToResend: true });
    expect(told(new NotSent("userSigUnusable"), ofWrite)).toMatchObject({ safeToResend: false });
    expect(told(new NotSent("unreachable"), ofWrite).cause).toBe("The host could not be reached. Nothing was sent.");
  });

  test("a refused write changed nothing, unless the code leaves that open", () => {
    expect(told(new ServiceRefusal({ ErrorCode: 130004 }), ofWrite).cause).toMatch(/ Nothing was changed\.$/);
    expect(told(new ServiceRefusal({ ErrorCode: 130004 }), ofRead).cause).not.toContain("changed");
    expect(told(new ServiceRefusal({ ErrorCode: 20005 }), ofWrite).cause).not.toContain("changed");
  });
});
