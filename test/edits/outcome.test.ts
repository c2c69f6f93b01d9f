import { describe, expect, test } from "vitest";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import { fieldsOf, judge, mayHaveChanged, OUTCOMES, type SentReply, type Verdict } from "../../src/edits/outcome.ts";

/** What a field can be before an edit, in the edit and after it. "u" stands for unreadable. */
const VALUES = { old: "old", new: "new", third: "third", u: undefined } as const;
type Name = keyof typeof VALUES;

function verdict(reply: SentReply, before: Name, after: Name, desired: "old" | "new" = "new"): Verdict | undefined {
  const result = judge(reply, { Name: desired }, { Name: VALUES[before] }, { Name: VALUES[after] });
  return result.verdicts.Name;
}

describe("the verdict of a field", () => {
  test.each<[SentReply, Name, Name, Verdict]>([
    ["ok", "old", "new", "applied"],
    ["ok", "old", "old", "notApplied"],
    ["ok", "old", "third", "differs"],
    ["ok", "old", "u", "notRead"],
    ["ok", "new", "new", "unchanged"],
    ["ok", "new", "third", "differs"],
    ["ok", "new", "u", "notRead"],
    ["ok", "u", "new", "applied"],
    ["ok", "u", "old", "differs"],
    ["ok", "u", "third", "differs"],
    ["ok", "u", "u", "notRead"],
    ["noAnswer", "old", "new", "applied"],
    ["noAnswer", "old", "old", "notApplied"],
    ["noAnswer", "old", "third", "differs"],
    ["noAnswer", "old", "u", "notRead"],
    ["noAnswer", "new", "new", "unchanged"],
    ["noAnswer", "new", "third", "differs"],
    ["noAnswer", "new", "u", "notRead"],
    ["noAnswer", "u", "new", "notRead"],
    ["noAnswer", "u", "old", "notRead"],
    ["noAnswer", "u", "third", "notRead"],
    ["noAnswer", "u", "u", "notRead"],
    ["refused", "old", "new", "notRead"],
    ["refused", "old", "old", "notRead"],
    ["refused", "new", "new", "notRead"],
  ])("after %s, %s before and %s after: %s", (reply, before, after, expected) => {
    expect(verdict(reply, before, after)).toBe(expected);
  });

  test("tells letter case and whitespace apart: nobody knows who changed them", () => {
    const after = (now: string) =>
      judge("ok", { Name: "closed on friday" }, { Name: "x" }, { Name: now }).verdicts.Name;
    expect(["CLOSED ON FRIDAY", "closed on friday "].map(after)).toEqual(["differs", "differs"]);
  });

  test("is notRead for every field where the read that decides failed", () => {
    const { verdicts } = judge(
      "noAnswer",
      { Name: "a", Introduction: "b" },
      { Name: "a", Introduction: "x" },
      undefined,
    );
    expect(verdicts).toEqual({ Name: "notRead", Introduction: "notRead" });
  });
});

/** An edit of two fields whose verdicts are these. */
function outcome(reply: SentReply, ...verdicts: Verdict[]) {
  const names = ["Name", "Introduction", "Organization"] as const;
  const of = (values: Record<Verdict, string | undefined>) =>
    Object.fromEntries(verdicts.map((each, at) => [names[at], values[each]]));
  const desired = of({ applied: "new", notApplied: "new", differs: "new", notRead: "new", unchanged: "same" });
  const before = of({ applied: "old", notApplied: "old", differs: "old", notRead: "old", unchanged: "same" });
  const after = of({ applied: "new", notApplied: "old", differs: "third", notRead: undefined, unchanged: "same" });
  const result = judge(reply, desired as ChannelValues, before as ChannelInfo, after as ChannelInfo);
  if (reply !== "refused") expect(Object.values(result.verdicts)).toEqual(verdicts);
  return result.outcome;
}

describe("the outcome of an edit", () => {
  const ALL: readonly Verdict[] = ["applied", "unchanged", "notApplied", "differs", "notRead"];
  const pairs = ALL.flatMap((one) => ALL.map((other) => [one, other] as const));

  test.each(pairs)("after an OK with %s and %s", (...verdicts) => {
    const telling = verdicts.filter((each) => each !== "unchanged" && each !== "notRead");
    const expected =
      telling.length === 0 ? "accepted" : telling.every((each) => each === "applied") ? "applied" : "unknown";
    expect(outcome("ok", ...verdicts)).toBe(expected);
  });

  test.each(pairs)("without a valid answer, with %s and %s", (...verdicts) => {
    const telling = verdicts.filter((each) => each !== "unchanged");
    const [first = "notRead"] = telling;
    const isOne = telling.every((each) => each === first) && (first === "applied" || first === "notApplied");
    expect(outcome("noAnswer", ...verdicts)).toBe(isOne ? first : "unknown");
  });

  test.each(pairs)("after a refusal, whatever %s and %s", (...verdicts) => {
    expect(outcome("refused", ...verdicts)).toBe("refused");
  });

  test("says whether an undo makes sense", () => {
    const names = Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[];
    expect(names.filter(mayHaveChanged)).toEqual(["applied", "accepted", "unknown"]);
  });
});

test("the fields of an edit are in the order of the table", () => {
  expect(fieldsOf({ MaxSubscriberNum: 1, CustomString: "", Name: "n" })).toEqual([
    "Name",
    "CustomString",
    "MaxSubscriberNum",
  ]);
});
