import { describe, expect, test } from "vitest";
import { compare, shownBy, standsAlready, summarize, undoOf, warningsAbout } from "../../src/channel/receipt.ts";

const ID = "@TOA#_x";
const before = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 780031 };

describe("the changes of an edit", () => {
  test("tell before, after and verdict of each field, in the order of the page", () => {
    const changes = compare({ MaxSubscriberNum: 5, Introduction: "new", Name: "A" }, before, {
      ...before,
      Introduction: "new",
    });
    expect(changes).toEqual([
      { field: "Name", before: "A", after: "A", verdict: "unchanged" },
      { field: "Introduction", before: "old", after: "new", verdict: "applied" },
      { field: "MaxSubscriberNum", after: 5, verdict: "cannotBeReadBack" },
    ]);
  });

  test("show what was read, where that differs from what was sent", () => {
    expect(compare({ Name: "B" }, before, { Name: "C" })).toEqual([
      { field: "Name", before: "A", after: "C", verdict: "differs" },
    ]);
  });

  test("show what was sent, where nothing could be read", () => {
    expect(compare({ FaceUrl: "f" }, before, undefined)).toStrictEqual([
      { field: "FaceUrl", after: "f", verdict: "cannotBeReadBack" },
    ]);
    expect(compare({ Name: "B" }, before, undefined)).toEqual([
      { field: "Name", before: "A", after: "B", verdict: "cannotBeReadBack" },
    ]);
    expect(compare({ Name: "B" }, before, {})).toEqual([
      { field: "Name", before: "A", after: "B", verdict: "cannotBeReadBack" },
    ]);
    expect(compare({ FaceUrl: "f" }, before, { FaceUrl: "f" })).toEqual([
      { field: "FaceUrl", after: "f", verdict: "applied" },
    ]);
  });
});

describe("a read after an edit", () => {
  test("shows the new values, the old ones, or neither", () => {
    expect(shownBy({ Name: "B" }, before, { Name: "B" })).toBe("new");
    expect(shownBy({ Name: "B" }, before, { Name: "A" })).toBe("old");
    expect(shownBy({ Name: "B" }, before, { Name: "C" })).toBe("neither");
    expect(shownBy({ Name: "B" }, before, undefined)).toBe("neither");
    expect(shownBy({ Name: "B", Introduction: "new" }, before, { Name: "B", Introduction: "old" })).toBe("neither");
  });

  test("is judged by the fields that the edit changes, whatever somebody else did to the others", () => {
    const wanted = { Name: "A", Introduction: "new" };
    expect(shownBy(wanted, before, { Name: "Z", Introduction: "new" })).toBe("new");
    expect(shownBy(wanted, before, { Name: "Z", Introduction: "old" })).toBe("old");
  });

  test("tells nothing of an edit that changes nothing readable", () => {
    expect(shownBy({ MaxSubscriberNum: 5 }, before, before)).toBe("neither");
    expect(shownBy({ Name: "A", MaxSubscriberNum: 5 }, before, before)).toBe("neither");
  });

  test("an edit stands already only where every wanted value can be read", () => {
    expect(standsAlready({ Name: "A" }, before)).toBe(true);
    expect(standsAlready({ Name: "A", Introduction: "x" }, before)).toBe(false);
    expect(standsAlready({ Name: "A", MaxSubscriberNum: 5 }, before)).toBe(false);
  });
});

describe("the undo of an edit", () => {
  test("puts back every readable value that changes, and nothing else", () => {
    expect(
      undoOf("tool", ID, { Name: "B", Introduction: "old", CustomString: "x", MaxSubscriberNum: 1 }, before),
    ).toEqual({
      tool: "tool",
      arguments: { Official_Account: ID, Name: "A", CustomString: "" },
    });
  });

  test("is absent where nothing readable changes", () => {
    expect(undoOf("tool", ID, { MaxSubscriberNum: 1 }, before)).toBeUndefined();
    expect(undoOf("tool", ID, { FaceUrl: "f" }, before)).toBeUndefined();
  });
});

describe("the summary", () => {
  test("leads with the audience", () => {
    const changes = compare({ Name: "B" }, before, { Name: "B" });
    expect(summarize(ID, "applied", changes, 780031)).toBe("780,031 subscribers of @TOA#_x: Name: 'A' → 'B'");
  });

  test("says what did not happen", () => {
    const changes = compare({ Name: "B", MaxSubscriberNum: 1000 }, before, before);
    expect(summarize(ID, "notApplied", changes)).toBe(
      "@TOA#_x: not applied, the old values stand. Name: 'A' (unchanged); MaxSubscriberNum: 1,000",
    );
    expect(summarize(ID, "unknown", [])).toContain("outcome unknown");
    expect(summarize(ID, "unchanged", [])).toContain("nothing was written");
  });
});

describe("warnings", () => {
  const limit = { MaxSubscriberNum: 5 };
  // Each edit has a warning about the limit, which comes last and is tested by itself.
  const warningsBesideLimit = (...edit: Parameters<typeof warningsAbout>) => warningsAbout(...edit).slice(0, -1);
  const lastWarning = (...edit: Parameters<typeof warningsAbout>) => warningsAbout(...edit).at(-1);

  test("are silent about an ordinary edit", () => {
    expect(warningsBesideLimit({ ...limit, Name: "B", FaceUrl: "https://a/b", CustomString: "x" }, before)).toEqual([]);
    expect(warningsBesideLimit({ ...limit, CustomString: "" }, before)).toEqual([]);
    expect(warningsBesideLimit({ ...limit, FaceUrl: "HTTP://a/b" }, before)).toEqual([]);
    expect(warningsBesideLimit({ ...limit, Name: "B" }, { CustomString: '{"a":1}' })).toEqual([]);
  });

  test.each([
    ["a field emptied", { ...limit, Name: "" }, before, "Name is emptied."],
    ["a field that could not be read emptied", { ...limit, Organization: "" }, before, "Organization is emptied."],
    [
      "an avatar that is no web address",
      { ...limit, FaceUrl: "ftp://x" },
      before,
      "FaceUrl is not an http or https address, so apps may show no avatar.",
    ],
    [
      "an avatar that only holds a web address",
      { ...limit, FaceUrl: "see https://a/b" },
      before,
      "FaceUrl is not an http or https address, so apps may show no avatar.",
    ],
    ["JSON emptied, once", { ...limit, CustomString: "" }, { CustomString: '{"a":1}' }, "CustomString is emptied."],
    [
      "ten of many invisible characters",
      { ...limit, Name: "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061" },
      before,
      "Name holds invisible or direction-changing characters (U+200B, U+200C, U+200D, U+200E, U+200F, U+202A, U+202B, U+202C, U+202D, U+202E); they are sent as given.",
    ],
    [
      "an invisible character",
      { ...limit, Name: "a\u200bb" },
      before,
      "Name holds invisible or direction-changing characters (U+200B); they are sent as given.",
    ],
    [
      "JSON that loses a key",
      { ...limit, CustomString: '{"b":1}' },
      { CustomString: '{"a":1,"b":2}' },
      "CustomString was JSON and loses the key 'a'.",
    ],
    [
      "JSON that loses keys",
      { ...limit, CustomString: "{}" },
      { CustomString: '{"a":1,"b":2}' },
      "CustomString was JSON and loses the keys 'a', 'b'.",
    ],
    [
      "JSON that is JSON no more",
      { ...limit, CustomString: "{oops" },
      { CustomString: "[1]" },
      "CustomString was JSON and is JSON no more.",
    ],
  ])("tell of %s", (_what, wanted, facts, warning) => {
    expect(warningsBesideLimit(wanted, facts)).toEqual([warning]);
  });

  test("do not call a plain text JSON, nor a fuller JSON a loss", () => {
    expect(warningsBesideLimit({ ...limit, CustomString: "new" }, { CustomString: "old" })).toEqual([]);
    expect(warningsBesideLimit({ ...limit, CustomString: "x" }, { CustomString: "12" })).toEqual([]);
    expect(warningsBesideLimit({ ...limit, CustomString: "x" }, { CustomString: "null" })).toEqual([]);
    expect(warningsBesideLimit({ ...limit, CustomString: '{"a":1,"b":2}' }, { CustomString: '{"a":1}' })).toEqual([]);
  });

  test("about the limit are told at every edit", () => {
    expect(lastWarning({}, {})).toBe(
      "MaxSubscriberNum was not given; the documents leave open whether a raised limit then falls back to 100,000. To be safe, send the limit along.",
    );
    expect(lastWarning({ MaxSubscriberNum: 10 }, { SubscriberNum: 10 })).toBe(
      "MaxSubscriberNum can neither be read back nor taken back by undo.",
    );
    expect(lastWarning({ MaxSubscriberNum: 1003 }, { SubscriberNum: 1004 })).toBe(
      "MaxSubscriberNum can neither be read back nor taken back by undo. It is below the 1,004 subscribers of today.",
    );
  });

  test("quote a name that holds quotes so that nobody takes it for two", () => {
    const changes = compare({ Name: "a' → 'b" }, { Name: "A" }, { Name: "a' → 'b" });
    expect(summarize(ID, "applied", changes)).toBe("@TOA#_x: Name: 'A' → 'a\\' → \\'b'");
  });
});
