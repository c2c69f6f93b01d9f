import { describe, expect, test } from "vitest";
import { confirmationRequestFor } from "../../src/edits/confirmation-request.ts";
import type { Change, Receipt } from "../../src/edits/receipt.ts";

const AUDIENCE = "5 subscribers of '@TOA#_x'";
const change = (field: string, before: string | number | undefined, after: string | number): Change => ({
  field,
  ...(before !== undefined && { before }),
  after,
  verdict: "notRead",
});
const receipt = (changes: Change[], warnings: string[] = []): Receipt => ({
  outcome: "declined",
  channel: "@TOA#_x",
  summary: "s",
  changes,
  warnings,
});
const ask = (declined: Receipt, confirmed?: string) =>
  confirmationRequestFor(AUDIENCE, { application: "production" }, declined, confirmed);
/** The lines of the question, without the isolates around values. */
const linesFor = (...given: Parameters<typeof ask>) =>
  (ask(...given)?.message ?? "").replace(/[\u2068\u2069]/g, "").split("\n");

describe("what a person is asked", () => {
  test("is the audience and the application, then each field with its old and new value", () => {
    expect(linesFor(receipt([change("Name", "A", "B"), change("MaxSubscriberNum", undefined, 5_000)]))).toEqual([
      `${AUDIENCE} (production)`,
      "Name: 'A' → 'B'; MaxSubscriberNum: (not readable) → 5,000",
    ]);
  });

  test("goes on with warnings, and with whole values where the first lines had to cut them", () => {
    const [old, long] = ["o".repeat(41), "n".repeat(41)];
    expect(linesFor(receipt([change("Name", "A", "B")], ["Look \u202e."])).slice(2)).toEqual([
      "",
      "Note: Look \\u202e.",
    ]);
    expect(linesFor(receipt([change("Introduction", old, long), change("Name", undefined, long)])).slice(1)).toEqual([
      `Introduction: '${old.slice(1)}…' → '${long.slice(1)}…'; Name: (not readable) → '${long.slice(1)}…'`,
      "",
      `Introduction, current value: '${old}'`,
      `Introduction, new value: '${long}'`,
      `Name, new value: '${long}'`,
    ]);
  });

  test("isolates every value, since Hebrew would turn the sides of the arrow around", () => {
    expect(ask(receipt([change("Name", "שלום", "B")]))?.message).toContain("\u2068'שלום'\u2069 → \u2068'B'\u2069");
  });
});

describe("a yes", () => {
  const declined = receipt([change("Name", "A", "B")]);
  const fingerprint = ask(declined)?.fingerprint;

  test("to just these values is enough", () => {
    expect(ask(declined, fingerprint)).toBeUndefined();
    expect(ask({ ...declined, summary: "other words", warnings: ["w"] }, fingerprint)).toBeUndefined();
  });

  test.each([
    ["another old value", receipt([change("Name", "a", "B")])],
    ["another new value", receipt([change("Name", "A", "b")])],
    ["another field", receipt([change("Introduction", "A", "B")])],
    ["another channel", { ...declined, channel: "@TOA#_y" }],
    ["a subscriber", { ...declined, subscriber: "s" }],
  ])("to something else than %s does not count, and the person is told", (_what, changed) => {
    expect(linesFor(changed, fingerprint)[0]).toBe(
      `What is shown here changed since you were last asked. Please check again. ${AUDIENCE} (production)`,
    );
  });
});
