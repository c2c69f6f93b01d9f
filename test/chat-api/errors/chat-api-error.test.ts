import { describe, expect, test } from "vitest";
import { type RequestContext, toError } from "../../../src/chat-api/errors/chat-api-error.ts";
import { networkFailure, wasSent } from "../../../src/chat-api/errors/failure.ts";
import { NETWORK_REASONS, type NetworkReasonName } from "../../../src/chat-api/errors/network-reasons.ts";
import { codeFailure } from "../../../src/chat-api/http/response.ts";

const write: RequestContext = { isWrite: true, channelIds: [], sdkAppId: 1, attempts: 2 };
const read = { ...write, isWrite: false };
const names = Object.keys(NETWORK_REASONS) as NetworkReasonName[];

describe("the error of a call", () => {
  test("after a lost connection: a read may be sent again, the outcome of a write is not known", () => {
    expect(toError(networkFailure("connectionLost"), read).explanation).toMatchObject({
      cause: "The connection broke after the request was sent.",
      safeToResend: true,
      attempts: 2,
    });
    expect(toError(networkFailure("connectionLost"), write).explanation).toMatchObject({
      cause:
        "The connection broke after the request was sent. Whether the service carried the request out is not known.",
      safeToResend: false,
    });
  });

  test("after HTTP 429: the gateway did not forward the request", () => {
    const error = toError(networkFailure("tooManyRequests"), write);
    expect(error.name).toBe("AmbiguousResponseError");
    expect(error.explanation).toMatchObject({ safeToResend: true });
    expect(error.explanation.cause).toContain("does not forward");
    expect(error.explanation.cause).not.toContain("not known");
  });

  test("where nothing was sent says so", () => {
    for (const name of names.filter((each) => !wasSent(networkFailure(each)))) {
      const error = toError(networkFailure(name, "detail"), write);
      expect(error.name).toBe("NotSentError");
      expect(error.explanation.cause).toMatch(/ \(detail\)\. Nothing was sent\.$/);
    }
    expect(toError(networkFailure("unreachable"), write).explanation.safeToResend).toBe(true);
    expect(toError(networkFailure("noTimeToSend"), write).explanation.safeToResend).toBe(true);
    for (const reason of ["userSigUnusable", "tlsFailed", "proxyRefused", "breakerOpen", "redirected"] as const) {
      expect(toError(networkFailure(reason), { ...write, isWrite: false }).explanation.safeToResend, reason).toBe(
        false,
      );
    }
  });

  test("of the service carries its envelope and code", () => {
    const error = toError(codeFailure({ ErrorCode: 130004, ErrorInfo: "gone" }), write);
    expect(error).toMatchObject({ name: "ServiceError", code: 130004, envelope: { ErrorInfo: "gone" } });
  });

  test("reads as sentences, whatever the reason", () => {
    for (const { cause, nextStep } of Object.values(NETWORK_REASONS)) {
      expect(cause).toMatch(/^[A-Z][^\n]{10,}[^.]$/);
      expect(nextStep).toMatch(/^[A-Z][^\n]{5,}\.$/);
    }
  });
});
