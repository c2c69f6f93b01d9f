import { describe, expect, test } from "vitest";
import type { Explanation } from "../../src/call/explained-error.ts";
import { type Failure, networkFailure } from "../../src/chat-api/errors/failure.ts";
import { codeFailure } from "../../src/chat-api/http/response.ts";
import type { Attempt } from "../../src/edits/edit.ts";
import { channelEditError, subscriberEditError } from "../../src/edits/edit-error.ts";

const READ = 'get_official_account_info {"OfficialAccountIdList":[{"Official_Account":"@TOA#_x"}]}';
const WHY: Explanation = {
  stage: "network",
  cause: "The connection broke.",
  fixedBy: "operator",
  nextStep: "Check the network.",
  safeToResend: true,
  attempts: 1,
};
const lost = networkFailure("connectionLost");
const refusal: Failure = codeFailure({ ErrorCode: 130002 });

function attempt(more: Partial<Attempt>): Attempt {
  const read = { Name: "B" };
  return {
    reply: "noAnswer",
    failure: lost,
    envelope: {},
    attempts: 1,
    after: read,
    conflicts: new Map(),
    outcome: "unknown",
    verdicts: { Name: "notRead" },
    ...more,
  };
}
const explained = (more: Partial<Attempt>) => {
  const made = attempt(more);
  return channelEditError("@TOA#_x", made, made.failure && WHY)?.explanation;
};

describe("the error of a channel's edit", () => {
  test.each(["applied", "accepted", "unchanged"] as const)("is none where it is %s", (outcome) => {
    expect(explained({ outcome })).toBeUndefined();
  });

  test("of a refusal passes on what the service's refusal asks for", () => {
    expect(explained({ outcome: "refused", reply: "refused", failure: refusal, attempts: 2 })).toEqual({
      ...WHY,
      cause: "The edit was sent 2 times. The connection broke. The channel was not read afterwards.",
      attempts: 2,
    });
  });

  const settled = "A read 5 seconds later, when the edit could no longer take effect, shows the old values.";

  test("of an edit that had no effect lets it be sent again where that can help", () => {
    expect(explained({ outcome: "notApplied" })).toMatchObject({
      cause: `The connection broke. ${settled}`,
      nextStep: expect.stringMatching(/^Call again with the same arguments\./),
      safeToResend: true,
    });
    expect(explained({ outcome: "notApplied", failure: networkFailure("statusRejected") })).toMatchObject({
      cause: `The connection broke. ${settled}`,
      nextStep: "Check the network.",
    });
  });

  test("asks to show the person what somebody else wrote, before anything is sent", () => {
    const conflicts = new Map([["Name" as const, new Set(["C"])]]);
    for (const outcome of ["notApplied", "unknown"] as const) {
      expect(explained({ outcome, conflicts })).toMatchObject({
        nextStep: `Show the person the values in the receipt before anything else is sent. To read the channel again: ${READ}.`,
        safeToResend: false,
      });
    }
    expect(explained({ verdicts: { Name: "differs" } })?.nextStep).toMatch(/^Show the person/);
  });

  test("of an edit that was not read back says how long it can still take effect", () => {
    expect(explained({ after: undefined })).toMatchObject({
      cause:
        "The connection broke. Whether the edit was applied is not known: the channel could not be read back. It can take effect until 3 seconds after it was sent.",
      nextStep: expect.stringContaining(`Wait 10 seconds, then read the channel with ${READ}.`),
      fixedBy: "operator",
      safeToResend: false,
    });
  });

  test("of an edit that was read back leaves the fields to the receipt, and says when that was", () => {
    const verdicts = { Name: "notApplied" } as const;
    expect(explained({ verdicts })?.cause).toBe(
      "The connection broke. The receipt says field by field what a read 5 seconds later shows.",
    );
    expect(explained({ verdicts, reply: "ok", failure: undefined })).toMatchObject({
      stage: "service",
      cause: "The service said OK. The receipt says field by field what a read 2 seconds later shows.",
      fixedBy: "agent",
      nextStep: expect.stringMatching(
        /^Wait 10 seconds, then read the channel with .* send the edit again\. Send it at/,
      ),
    });
  });

  test("of a part that was applied asks for the other fields alone", () => {
    const verdicts = { Name: "applied", Introduction: "notApplied" } as const;
    expect(explained({ verdicts })?.nextStep).toMatch(
      /^Tell the person which fields have the new value\. To complete the edit, send the other fields again\./,
    );
  });
});

describe("the error of a subscriber's edit", () => {
  test("of a refusal says what the service said, and no more", () => {
    expect(subscriberEditError("refused", { ...WHY, attempts: 2 }, {}).explanation).toEqual({
      ...WHY,
      cause: "The edit was sent 2 times. The connection broke.",
      attempts: 2,
    });
  });

  test("of an unknown outcome lets it be sent again, after what a person must do first", () => {
    const unknown = subscriberEditError("unknown", WHY, { ErrorCode: 1 });
    expect(unknown.envelope).toEqual({ ErrorCode: 1 });
    expect(unknown.explanation).toMatchObject({
      cause:
        "The connection broke. Whether the value was set is not known, and no tool can read it. It can take effect until 3 seconds after it was last sent.",
      nextStep: expect.stringMatching(/^Wait 10 seconds\. Then call again with the same arguments/),
      safeToResend: true,
    });
    const blocked = subscriberEditError("unknown", { ...WHY, safeToResend: false }, {}).explanation;
    expect(blocked).toMatchObject({
      nextStep: expect.stringMatching(/^Check the network\. Then call again with the same arguments/),
      safeToResend: true,
    });
  });
});
