import { expect, test } from "vitest";
import { ExplainedError } from "../../src/call/explained-error.ts";
import { AllChannelsFailedError } from "../../src/tools/all-channels-failed-error.ts";

function failure(cause: string, nextStep: string, safeToResend: boolean, attempts: number, ErrorCode?: number) {
  const common = { stage: "service", fixedBy: "operator" } as const;
  const envelope = ErrorCode === undefined ? {} : { ErrorCode };
  return new ExplainedError({ ...common, cause, nextStep, safeToResend, attempts }, envelope);
}

test("channels that all failed are one error: every cause, every next step once, and safe only if all are", () => {
  const failures = new Map([
    ["@TOA#_a", failure("A.", "Do this.", true, 1, 130004)],
    ["@TOA#_b", failure("B.", "Do this.", false, 3)],
    ["@TOA#_c", failure("C.", "Do that.", true, 2, 130007)],
  ]);
  const { explanation, envelope } = new AllChannelsFailedError(failures);
  expect(explanation).toEqual({
    stage: "service",
    cause: "None of the 3 channels could be read. '@TOA#_a': 130004: A. '@TOA#_b': service: B. '@TOA#_c': 130007: C.",
    fixedBy: "operator",
    nextStep: "Do this. Do that.",
    safeToResend: false,
    attempts: 3,
  });
  expect(envelope).toEqual({ ErrorCode: 130004 });
  failures.delete("@TOA#_b");
  expect(new AllChannelsFailedError(failures).explanation.safeToResend).toBe(true);
});
