import { describe, expect, test } from "vitest";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import { changedLimitWarnings, valueWarnings } from "../../src/edits/warnings.ts";

const before = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 1004 };
const warn = (desired: ChannelValues, info: ChannelInfo = before) => valueWarnings({ desired, before: info });

describe("warnings", () => {
  test("are silent about an ordinary edit", () => {
    expect(warn({ Name: "B", FaceUrl: "https://a/b", CustomString: "x" })).toEqual([]);
    expect(warn({ Name: "", CustomString: "" }, { Name: "A", CustomString: '{"a":1}' })).toEqual([]);
    expect(warn({ FaceUrl: "HTTP://a/b" })).toEqual([]);
    expect(warn({ Name: "B" }, { CustomString: '{"a":1}' })).toEqual([]);
    expect(warn({ Name: "B" }, { ...before, SubscriberNum: 100_000 })).toEqual([]);
  });

  test.each([
    [
      "an avatar that is not a web address",
      { FaceUrl: "ftp://x" },
      before,
      "FaceUrl is not an http or https address, so apps may show no avatar.",
    ],
    [
      "an avatar that only contains a web address",
      { FaceUrl: "see https://a/b" },
      before,
      "FaceUrl is not an http or https address, so apps may show no avatar.",
    ],
    [
      "ten of many invisible characters",
      { Name: "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061" },
      before,
      "Name holds invisible or direction-changing characters (U+200B, U+200C, U+200D, U+200E, U+200F, U+202A, U+202B, U+202C, U+202D, U+202E).",
    ],
    [
      "JSON that loses a key",
      { CustomString: '{"b":1}' },
      { CustomString: '{"a":1,"b":2}' },
      "The new CustomString lacks these keys of the old one: 'a'.",
    ],
    [
      "JSON that loses many keys",
      { CustomString: "{}" },
      { CustomString: JSON.stringify(Object.fromEntries(Array.from({ length: 1_025 }, (_, at) => [`k${at}`, at]))) },
      `The new CustomString lacks these keys of the old one: '${Array.from({ length: 62 }, (_, at) => `k${at}`).join(", ")}, …'.`,
    ],
    [
      "JSON that loses keys",
      { CustomString: "{}" },
      { CustomString: '{"a":1,"b":2}' },
      "The new CustomString lacks these keys of the old one: 'a, b'.",
    ],
    [
      "JSON that becomes plain text",
      { CustomString: "{oops" },
      { CustomString: "{}" },
      "CustomString was a JSON object, and the new value is not.",
    ],
    [
      "a limit below the subscribers of today",
      { MaxSubscriberNum: 1003 },
      before,
      "MaxSubscriberNum 1,003 is below the current 1,004 subscribers.",
    ],
  ])("name %s", (_what, wanted, info, warning) => {
    expect(warn(wanted, info)).toEqual([warning]);
  });

  test("do not name a limit of exactly the subscribers of today", () => {
    expect(warn({ MaxSubscriberNum: 1004 }, before)).toEqual([]);
  });

  test("do not call plain text JSON, nor a longer JSON a loss", () => {
    expect(warn({ CustomString: "new" }, { CustomString: "old" })).toEqual([]);
    expect(warn({ CustomString: "x" }, { CustomString: "12" })).toEqual([]);
    expect(warn({ CustomString: "x" }, { CustomString: "null" })).toEqual([]);
    expect(warn({ CustomString: '{"a":1,"b":2}' }, { CustomString: '{"a":1}' })).toEqual([]);
  });

  test("report a limit that changed although the edit did not name it, and how to put it back", () => {
    const info = { ...before, MaxSubscriberNum: 1_000_000 };
    const limit = (desired: ChannelValues, after: ChannelInfo) =>
      changedLimitWarnings({ desired, before: info }, after);
    expect(limit({ Name: "B" }, { ...info, MaxSubscriberNum: 100_000 })).toEqual([
      "MaxSubscriberNum changed from 1,000,000 to 100,000 although this edit did not name it: the service or somebody else changed it. To put it back, send MaxSubscriberNum 1000000.",
    ]);
    expect(limit({ Name: "B" }, info)).toEqual([]);
    expect(limit({ MaxSubscriberNum: 9_000 }, { ...info, MaxSubscriberNum: 9_000 })).toEqual([]);
  });
});
