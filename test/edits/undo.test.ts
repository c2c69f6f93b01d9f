import { describe, expect, test } from "vitest";
import { type ChannelInfo, type ChannelValues, SUBSCRIBER_LIMIT_BOUNDS } from "../../src/channel/fields.ts";
import { undoOf } from "../../src/edits/undo.ts";

const ID = "@TOA#_x";
const BEFORE = { Name: "A", Introduction: "old", CustomString: "", SubscriberNum: 780031 };
const noSecret = { redactDeep: <T>(value: T) => value, appearIn: () => false };

const undo = (desired: ChannelValues, after?: ChannelInfo, before: ChannelInfo = BEFORE, secrets = noSecret) =>
  undoOf({ id: ID, desired, before, application: "app", secrets }, after);
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

  test("names the part whose value these tools do not send, and leaves an unnamed limit alone that it cannot send", () => {
    expect(undo({ MaxSubscriberNum: 5 }, undefined, { MaxSubscriberNum: 0 })).toEqual({
      warnings: ["No undo of MaxSubscriberNum: its value before, 0, is not one that these tools send."],
    });
    const unnamed = undo({ Name: "B" }, { Name: "B", MaxSubscriberNum: 9 }, { Name: "A", MaxSubscriberNum: -1 });
    expect(unnamed.undo).toEqual(callWith({ Name: "A" }));
    expect(undo({ Name: "B" }, undefined, { Name: "A\ud800" }).warnings[0]).toContain("an unpaired surrogate");
  });

  test("names the part that is longer than today's limit", () => {
    const long = { Name: "x".repeat(151), Introduction: "i" };
    const { undo: call, warnings } = undo({ Name: "B", Introduction: "j" }, undefined, long);
    expect(call).toEqual(callWith({ Introduction: "i" }));
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
    const secrets = { ...noSecret, appearIn: (text = "") => text === "key" };
    expect(undo({ Name: "B" }, undefined, { Name: "key" }, secrets)).toEqual({
      warnings: ["No undo of Name: its value before holds a credential of this server."],
    });
  });

  test("restores MaxSubscriberNum where an answer holds it, also where the edit did not name it", () => {
    const info = { ...BEFORE, MaxSubscriberNum: 1_000_000 };
    expect(undo({ MaxSubscriberNum: 5 }, undefined, info).undo).toEqual(callWith({ MaxSubscriberNum: 1_000_000 }));
    const reset = { ...info, Name: "B", MaxSubscriberNum: 100_000 };
    expect(undo({ Name: "B" }, reset, info).undo).toEqual(callWith({ Name: "A", MaxSubscriberNum: 1_000_000 }));
    expect(undo({ Name: "B" }, info, info).undo).toEqual(callWith({ Name: "A" }));
  });

  test("is absent where nothing readable changes", () => {
    expect(undo({ Name: "A" })).toEqual({ warnings: [] });
  });
});
