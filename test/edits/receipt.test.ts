import { describe, expect, test } from "vitest";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import type { Outcome, Verdict } from "../../src/edits/outcome.ts";
import { audienceOf, listChanges, receiptOf, summarize } from "../../src/edits/receipt.ts";
import type { ChannelEdit } from "../../src/edits/undo.ts";

const ID = "@TOA#_x";
const before = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 780031 };

describe("the changes of an edit", () => {
  test("show before, after, verdict and bytes of each field, in the order of the page", () => {
    const verdicts = { Name: "unchanged", Introduction: "applied", MaxSubscriberNum: "notRead" } as const;
    const after = { ...before, Introduction: "茶" };
    expect(listChanges({ MaxSubscriberNum: 5, Introduction: "茶", Name: "A" }, before, verdicts, after)).toEqual([
      { field: "Name", before: "A", after: "A", verdict: "unchanged", bytes: { used: 1, max: 150 } },
      { field: "Introduction", before: "old", after: "茶", verdict: "applied", bytes: { used: 3, max: 400 } },
      { field: "MaxSubscriberNum", after: 5, verdict: "notRead" },
    ]);
  });

  test("show what was read, where that differs from what was sent", () => {
    const change = (verdict: Verdict, name: string) =>
      listChanges({ Name: "B" }, before, { Name: verdict }, { Name: name })[0];
    expect(change("notApplied", "A")).toMatchObject({ before: "A", after: "A", verdict: "notApplied" });
    expect(change("differs", "C")).toMatchObject({ before: "A", after: "C", verdict: "differs" });
  });

  test("show what was sent, where nothing was read", () => {
    expect(listChanges({ FaceUrl: "f" }, before)).toStrictEqual([
      { field: "FaceUrl", after: "f", verdict: "notRead", bytes: { used: 1, max: 500 } },
    ]);
  });
});

describe("the receipt", () => {
  const edit = (desired: ChannelValues, info: ChannelInfo = before): ChannelEdit => ({
    id: ID,
    desired,
    before: info,
    application: "app",
    warnings: [],
  });

  test.each(["unchanged", "notApplied", "refused", "declined"] as const)(
    "of an edit that is %s has no undo",
    (outcome) => {
      expect(receiptOf(edit({ Name: "B" }), { outcome, verdicts: {} }, before).undo).toBeUndefined();
    },
  );

  test("shows the warnings of its values where it may have changed something, or was not confirmed", () => {
    const warns = (outcome: Outcome) => receiptOf(edit({ Name: " " }), { outcome, verdicts: {} }).warnings.length > 0;
    expect((["applied", "accepted", "unknown", "declined"] as const).map(warns)).toEqual([true, true, true, true]);
    expect((["unchanged", "notApplied", "refused"] as const).map(warns)).toEqual([false, false, false]);
  });

  test("names a limit that changed unasked, whatever the outcome", () => {
    const info = { ...before, MaxSubscriberNum: 9 };
    const receipt = receiptOf(
      edit({ Name: "B" }, info),
      { outcome: "notApplied", verdicts: {} },
      { ...info, MaxSubscriberNum: 5 },
    );
    expect(receipt.warnings[0]).toContain("MaxSubscriberNum changed from 9 to 5");
  });
});

describe("the summary", () => {
  const audience = audienceOf(ID, 780031);
  const changeTo = (name: string, now: string, verdict: Verdict) =>
    listChanges({ Name: name }, { Name: "A" }, { Name: verdict }, { Name: now });

  test("leads with the audience and names the application", () => {
    expect(summarize(audience, "production", "applied", changeTo("B", "B", "applied"))).toBe(
      "780,031 subscribers of '@TOA#_x' (production): applied. Name: 'A' → 'B'",
    );
    expect(audienceOf(ID, 1)).toBe("1 subscriber of '@TOA#_x'");
    expect(audienceOf(ID, undefined)).toBe("An unknown number of subscribers of '@TOA#_x'");
  });

  test.each<[Outcome, Verdict, string, string]>([
    ["unknown", "notApplied", "A", "outcome unknown. Name: 'A', as before"],
    ["unknown", "differs", "C", "outcome unknown. Name: now 'C', which is not the requested value"],
    ["unchanged", "unchanged", "B", "already has these values; nothing was written. Name: 'B' (unchanged)"],
    ["refused", "notRead", "A", "this edit was refused. Name: 'A' → 'B'"],
    ["declined", "notRead", "A", "not confirmed; nothing was written. Name: 'A' → 'B'"],
    ["notApplied", "notApplied", "A", "not applied: the channel shows the old values. Name: 'A', as before"],
  ])("of %s with %s, %s", (outcome, verdict, now, text) => {
    expect(summarize(audience, "app", outcome, changeTo("B", now, verdict))).toBe(`${audience} (app): ${text}`);
  });

  test.each([
    ["quotes", "a' → 'b", "'a\\' → \\'b'"],
    ["backslashes", "a\\u202eb\\", "'a\\\\u202eb\\\\'"],
    ["a line of ours", "x'\nOutcome applied: 'y", "'x\\'\\nOutcome applied: \\'y'"],
  ])("quotes text that holds %s, so that it cannot pose as ours", (_what, name, quoted) => {
    const text = summarize(audience, "app", "applied", changeTo(name, name, "applied"));
    expect(text).toBe(`780,031 subscribers of '@TOA#_x' (app): applied. Name: 'A' → ${quoted}`);
    expect(audienceOf(name, 2)).toBe(`2 subscribers of ${quoted}`);
  });
});
