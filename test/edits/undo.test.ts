import { describe, expect, test } from "vitest";
import { type ChannelInfo, type ChannelValues, SUBSCRIBER_LIMIT_BOUNDS } from "../../src/channel/fields.ts";
import { undoOf } from "../../src/edits/undo.ts";

const ID = "@TOA#_x";
const BEFORE = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 780031 };

const undo = (desired: ChannelValues, before: ChannelInfo = BEFORE) => undoOf({ id: ID, desired, before });
const callWith = (values: ChannelValues) => ({
  tool: "modify_official_account_base_info",
  arguments: { Official_Account: ID, ...values },
});

describe("the undo of an edit", () => {
  test("puts back every readable value that changes, and nothing else", () => {
    expect(undo({ Name: "B", Introduction: "old", CustomString: "x" })).toEqual({
      undo: callWith({ Name: "A", CustomString: "" }),
      warnings: [],
    });
  });

  test("names the part that it cannot restore, because the value before was not readable", () => {
    expect(undo({ MaxSubscriberNum: 1 })).toEqual({
      warnings: ["No undo of MaxSubscriberNum: its value before was not readable."],
    });
    const { undo: call, warnings } = undo({ Name: "B", FaceUrl: "f" });
    expect(call).toEqual(callWith({ Name: "A" }));
    expect(warnings).toEqual(["undo does not restore FaceUrl: its value before was not readable."]);
  });

  test.each<[string, ChannelInfo]>([
    ["no limit", { MaxSubscriberNum: 0 }],
    ["an unpaired surrogate", { Name: "A\ud800" }],
    ["longer than today's limit", { Name: "x".repeat(151) }],
    ["a credential, of which only the place is known", { Name: "key [secret]" }],
  ])("names the part whose value before is one that these tools do not send: %s", (_what, before) => {
    const [name = ""] = Object.keys(before);
    const problem = `${name}: its value before is one that these tools do not send.`;
    const values = { MaxSubscriberNum: 5, Name: "B" };
    const desired = { [name]: values[name as keyof typeof values] };
    expect(undo(desired, before)).toEqual({ warnings: [`No undo of ${problem}`] });
    const { undo: call, warnings } = undo({ ...desired, Introduction: "j" }, { ...before, Introduction: "i" });
    expect([call, warnings]).toEqual([callWith({ Introduction: "i" }), [`undo does not restore ${problem}`]]);
  });

  test("restores a value that is exactly as long or as large as these tools can send", () => {
    const longest = { Name: "x".repeat(150) };
    expect(undo({ Name: "B" }, longest)).toEqual({ undo: callWith(longest), warnings: [] });
    for (const limit of [SUBSCRIBER_LIMIT_BOUNDS.min, SUBSCRIBER_LIMIT_BOUNDS.max]) {
      const info = { MaxSubscriberNum: limit };
      expect(undo({ MaxSubscriberNum: 7 }, info)).toEqual({ undo: callWith(info), warnings: [] });
    }
    for (const limit of [SUBSCRIBER_LIMIT_BOUNDS.min - 1, SUBSCRIBER_LIMIT_BOUNDS.max + 1]) {
      expect(undo({ MaxSubscriberNum: 7 }, { MaxSubscriberNum: limit }).undo).toBeUndefined();
    }
  });

  test("restores MaxSubscriberNum where an answer holds it", () => {
    const info = { ...BEFORE, MaxSubscriberNum: 1_000_000 };
    expect(undo({ MaxSubscriberNum: 5 }, info).undo).toEqual(callWith({ MaxSubscriberNum: 1_000_000 }));
    expect(undo({ Name: "B" }, info).undo).toEqual(callWith({ Name: "A" }));
  });

  test("is absent where nothing readable changes", () => {
    expect(undo({ Name: "A" })).toEqual({ warnings: [] });
  });
});
