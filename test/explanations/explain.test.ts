import { describe, expect, test } from "vitest";
import { networkFailure, replyKindOf } from "../../src/chat-api/errors/failure.ts";
import { NETWORK_REASONS, type NetworkReasonName } from "../../src/chat-api/errors/network-reasons.ts";
import { codeFailure } from "../../src/chat-api/http/response.ts";
import { explain, explanationOf, type FailedCall, fixFor } from "../../src/explanations/explain.ts";
import { NETWORK_CAUSES } from "../../src/explanations/network-causes.ts";

const CALL: FailedCall = { channelIds: [], sdkAppId: 1, attempts: 2 };
const names = Object.keys(NETWORK_REASONS) as NetworkReasonName[];

describe("the explanation of a failure", () => {
  test("says what happened, and nothing about what became of an edit", () => {
    expect(explanationOf(networkFailure("connectionLost", "ECONNRESET"), CALL)).toEqual({
      stage: "network",
      cause: "The connection broke after the request was sent (ECONNRESET).",
      fixedBy: "operator",
      nextStep:
        "Call again in a minute. Send it at most 3 times in total, then stop and tell the person who runs this server: check the network, and the service's status page.",
      safeToResend: true,
      attempts: 2,
    });
  });

  test("speaks to the agent where the agent can do something, and to whoever can otherwise", () => {
    for (const name of names) {
      const { nextStep } = explanationOf(networkFailure(name), CALL);
      const { step, fixedBy } = fixFor(networkFailure(name), CALL);
      if (fixedBy === "operator") expect(nextStep).toContain("tell the person who runs this server: ");
      else expect(nextStep).toBe(step);
    }
    const { nextStep } = explanationOf(codeFailure({ ErrorCode: 60010 }), CALL);
    expect(nextStep).toMatch(/server: TENCENT_CHAT_IDENTIFIER must be an app administrator of SDKAppID 1\./);
  });

  test("where nothing was sent says so", () => {
    for (const name of names.filter((each) => replyKindOf(networkFailure(each)) === "notSent")) {
      const { explanation } = explain(networkFailure(name, "detail"), CALL);
      expect(explanation.cause).toMatch(/ \(detail\)\. Nothing was sent\.$/);
    }
  });

  test("calls what only a person can fix not safe to resend", () => {
    const isSafe = (name: NetworkReasonName) => explanationOf(networkFailure(name), CALL).safeToResend;
    expect((["unreachable", "noTimeToSend", "tooManyRequests", "timedOut"] as const).map(isSafe)).not.toContain(false);
    const persons = ["userSigUnusable", "tlsFailed", "proxyRefused", "authCooldown", "statusRejected"] as const;
    expect(persons.map(isSafe)).not.toContain(true);
  });

  test("of the service carries its envelope", () => {
    const error = explain(codeFailure({ ErrorCode: 130004, ErrorInfo: "gone" }), CALL);
    expect(error.envelope).toMatchObject({ ErrorCode: 130004, ErrorInfo: "gone" });
  });

  test("reads as sentences, whatever the reason", () => {
    for (const { cause, step } of Object.values(NETWORK_CAUSES)) {
      expect(cause).toMatch(/^[A-Z][^\n]{10,}[^.]$/);
      expect(step).toMatch(/^[A-Z][^\n]{5,}\.$/);
    }
  });
});
