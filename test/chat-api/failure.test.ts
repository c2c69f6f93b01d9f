import { describe, expect, test } from "vitest";
import { type Failure, isFailure, whatStands } from "../../src/chat-api/failure.ts";
import { NotSent, NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";

const notSent = new NotSent("connectionRefused");
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

test("a failure is one of three errors, and nothing else that is thrown", () => {
  for (const failure of [notSent, lost, refused]) expect(isFailure(failure)).toBe(true);
  for (const other of [new TypeError("x"), undefined, "text", { name: "NotSent" }])
    expect(isFailure(other)).toBe(false);
});
