import { describe, expect, test } from "vitest";
import {
  type ChannelInfo,
  type ChannelValues,
  READABLE_FIELDS,
  SUBSCRIBER_LIMIT_BOUNDS,
} from "../../src/channel/fields.ts";
import { audienceOf, leadOf, listChanges, summarize, undoOf } from "../../src/channel/receipt.ts";

const ID = "@TOA#_x";
const before = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 780031 };
const noSecret = { redactDeep: <T>(value: T) => value, appearIn: () => false };

describe("the changes of an edit", () => {
  test("show before, after, verdict and bytes of each field, in the order of the page", () => {
    const evidence = { Name: "noChange", Introduction: "new", MaxSubscriberNum: "none" } as const;
    const seen = { ...before, Introduction: "茶" };
    expect(listChanges({ MaxSubscriberNum: 5, Introduction: "茶", Name: "A" }, before, evidence, seen)).toEqual([
      { field: "Name", before: "A", after: "A", verdict: "unchanged", bytes: { used: 1, max: 150 } },
      { field: "Introduction", before: "old", after: "茶", verdict: "applied", bytes: { used: 3, max: 400 } },
      { field: "MaxSubscriberNum", after: 5, verdict: "cannotBeReadBack" },
    ]);
  });

  test("show what was read, where that differs from what was sent", () => {
    const change = (kind: "old" | "other" | "normalized", name: string) =>
      listChanges({ Name: "B" }, before, { Name: kind }, { Name: name })[0];
    expect(change("old", "A")).toMatchObject({ before: "A", after: "A", verdict: "notApplied" });
    expect(change("other", "C")).toMatchObject({ before: "A", after: "C", verdict: "differs" });
    expect(change("normalized", "b")).toMatchObject({ before: "A", after: "b", verdict: "normalized" });
  });

  test("show a value that somebody else put into a field which the edit left as it was", () => {
    const [change] = listChanges({ Name: "A" }, before, { Name: "noChange" }, { Name: "C" });
    expect(change).toMatchObject({ before: "A", after: "C", verdict: "differs" });
  });

  test("show what was sent, where nothing could be read", () => {
    expect(listChanges({ FaceUrl: "f" }, before, {})).toStrictEqual([
      { field: "FaceUrl", after: "f", verdict: "cannotBeReadBack", bytes: { used: 1, max: 500 } },
    ]);
  });
});

describe("the undo of an edit", () => {
  const undo = (wanted: ChannelValues, seen?: ChannelInfo, info: ChannelInfo = before) =>
    undoOf("tool", ID, { wanted, before: info, seen }, noSecret);
  const callWith = (values: ChannelValues) => ({ tool: "tool", arguments: { Official_Account: ID, ...values } });

  test("puts back every readable value that changes, and nothing else", () => {
    expect(undo({ Name: "B", Introduction: "old", CustomString: "x" })).toEqual({
      undo: { tool: "tool", arguments: { Official_Account: ID, Name: "A", CustomString: "" } },
      warnings: [],
    });
  });

  test("names the part that it cannot restore, because the value before was not readable", () => {
    expect(undo({ MaxSubscriberNum: 1 })).toEqual({
      warnings: ["undo does not restore MaxSubscriberNum: its value before was not readable."],
    });
    const { undo: call, warnings } = undo({ Name: "B", FaceUrl: "f" });
    expect(call?.arguments).toEqual({ Official_Account: ID, Name: "A" });
    expect(warnings).toEqual(["undo does not restore FaceUrl: its value before was not readable."]);
  });

  test("names the part whose value these tools do not send, and leaves an unnamed limit alone that it cannot send", () => {
    const named = undo({ MaxSubscriberNum: 5 }, undefined, { MaxSubscriberNum: -1 });
    expect(named).toEqual({
      warnings: ["undo does not restore MaxSubscriberNum: its value before, -1, is not one that these tools send."],
    });
    const unnamed = undo({ Name: "B" }, { Name: "B", MaxSubscriberNum: 9 }, { Name: "A", MaxSubscriberNum: -1 });
    expect(unnamed.undo?.arguments).toEqual({ Official_Account: ID, Name: "A" });
    expect(undo({ Name: "B" }, undefined, { Name: "A\ud800" }).warnings[0]).toContain("holds half a character");
  });

  test("names the part that is longer than today's limit", () => {
    const long = { Name: "x".repeat(151), Introduction: "i" };
    const { undo: call, warnings } = undo({ Name: "B", Introduction: "j" }, undefined, long);
    expect(call?.arguments).toEqual({ Official_Account: ID, Introduction: "i" });
    expect(warnings).toEqual(["undo does not restore Name: its value before is 151 bytes and the limit is 150."]);
  });

  test("restores a value that is exactly as long or as large as these tools can send", () => {
    const longest = { Name: "x".repeat(150) };
    expect(undo({ Name: "B" }, undefined, longest)).toEqual({ undo: callWith(longest), warnings: [] });
    for (const limit of [SUBSCRIBER_LIMIT_BOUNDS.min, SUBSCRIBER_LIMIT_BOUNDS.max]) {
      const info = { MaxSubscriberNum: limit };
      expect(undo({ MaxSubscriberNum: 7 }, undefined, info)).toEqual({ undo: callWith(info), warnings: [] });
    }
    for (const limit of [SUBSCRIBER_LIMIT_BOUNDS.min - 1, SUBSCRIBER_LIMIT_BOUNDS.max + 1]) {
      expect(undo({ MaxSubscriberNum: 7 }, undefined, { MaxSubscriberNum: limit }).undo).toBeUndefined();
    }
  });

  test("leaves out a value that holds a credential", () => {
    const edit = { wanted: { Name: "B" }, before: { Name: "key" } };
    expect(undoOf("tool", ID, edit, { ...noSecret, appearIn: (text) => text === "key" })).toEqual({
      warnings: ["undo does not restore Name: its value before holds a credential of this server."],
    });
  });

  test("restores MaxSubscriberNum where an answer holds it, also where the edit did not name it", () => {
    const info = { ...before, MaxSubscriberNum: 1_000_000 };
    expect(undo({ MaxSubscriberNum: 5 }, undefined, info).undo?.arguments).toMatchObject({
      MaxSubscriberNum: 1_000_000,
    });
    const reset = { ...info, Name: "B", MaxSubscriberNum: 100_000 };
    expect(undo({ Name: "B" }, reset, info).undo?.arguments).toEqual({
      Official_Account: ID,
      Name: "A",
      MaxSubscriberNum: 1_000_000,
    });
    expect(undo({ Name: "B" }, info, info).undo?.arguments).toEqual({ Official_Account: ID, Name: "A" });
  });

  test("is absent where nothing readable changes", () => {
    expect(undo({ Name: "A" })).toEqual({ warnings: [] });
  });
});

describe("the summary", () => {
  const audience = audienceOf(ID, 780031);
  const changeTo = (name: string, seen: string, kind: "new" | "old" | "other" | "normalized") =>
    listChanges({ Name: name }, { Name: "A" }, { Name: kind }, { Name: seen });

  test("leads with the audience and names the application", () => {
    expect(summarize(audience, "production", leadOf("applied", undefined, true), changeTo("B", "B", "new"))).toBe(
      "780,031 subscribers of '@TOA#_x' (production): Name: 'A' → 'B'",
    );
    expect(audienceOf(ID, 1)).toBe("1 subscriber of '@TOA#_x'");
    expect(audienceOf(ID, undefined)).toBe("An unknown number of subscribers of '@TOA#_x'");
  });

  test("says what was seen of each field", () => {
    const text = (name: string, seen: string, kind: "new" | "old" | "other" | "normalized") =>
      summarize(audience, "app", leadOf("unknown", undefined, true), changeTo(name, seen, kind)).replace(
        /^.*unknown\. /,
        "",
      );
    expect(text("B", "A", "old")).toBe("Name: still 'A'");
    expect(text("B", "C", "other")).toBe("Name: now 'C', which is not what was sent");
    expect(text("B", "b", "normalized")).toBe("Name: 'A' → 'b' (the service changed the text slightly)");
    expect(
      summarize(audience, "app", leadOf("accepted", undefined, true), listChanges({ MaxSubscriberNum: 1000 }, {}, {})),
    ).toBe(
      "780,031 subscribers of '@TOA#_x' (app): the service said OK; this could not be verified by reading. MaxSubscriberNum: 1,000 (not read back)",
    );
    expect(
      summarize(
        audience,
        "app",
        leadOf("unchanged", undefined, true),
        listChanges({ Name: "A" }, { Name: "A" }, { Name: "noChange" }),
      ),
    ).toBe(
      "780,031 subscribers of '@TOA#_x' (app): already has these values; nothing was written. Name: 'A' (unchanged)",
    );
    expect(summarize(audience, "app", leadOf("declined", undefined, true), changeTo("B", "B", "old"))).toBe(
      "780,031 subscribers of '@TOA#_x' (app): not confirmed; nothing was written. Name: 'A' → 'B'",
    );
  });

  test.each([
    ["quotes", "a' → 'b", "'a\\' → \\'b'"],
    ["backslashes", "a\\u202eb\\", "'a\\\\u202eb\\\\'"],
    ["a line of ours", "x'\nOutcome applied: 'y", "'x\\'\\nOutcome applied: \\'y'"],
  ])("quotes text that holds %s, so that it cannot pose as ours", (_what, name, quoted) => {
    const text = summarize(audience, "app", leadOf("applied", undefined, true), changeTo(name, name, "new"));
    expect(text).toBe(`780,031 subscribers of '@TOA#_x' (app): Name: 'A' → ${quoted}`);
    expect(audienceOf(name, 2)).toBe(`2 subscribers of ${quoted}`);
  });
});

test("MaxSubscriberNum is read where an answer holds it, and never asked for in a filter", () => {
  const field = READABLE_FIELDS.find(({ name }) => name === "MaxSubscriberNum");
  expect(field).toMatchObject({ readable: true, filterable: false });
});
