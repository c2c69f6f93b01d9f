import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type * as z from "zod/v4";
import { convertInput } from "../../src/tools/convert.ts";
import { getInput, modifyChannelInput, modifySubscriberInput } from "../../src/tools/schemas.ts";

/** What hosts and shells make of arguments on their way, and what the schemas then see. */

fc.configureGlobal({ seed: 20261128 });
const ID = "@TOA#_x";
const LIST = [{ Official_Account: ID }];

const converted = (schema: z.ZodType, args: unknown) => convertInput(schema, args).value;

describe("JSON sent as text", () => {
  test.each<[string, unknown]>([
    ["a list", { OfficialAccountIdList: JSON.stringify(LIST) }],
    ["a list of objects as text", { OfficialAccountIdList: LIST.map((one) => JSON.stringify(one)) }],
    ["a list as text inside a text", { OfficialAccountIdList: JSON.stringify(JSON.stringify(LIST)) }],
    ["everything", JSON.stringify({ OfficialAccountIdList: LIST })],
    ["everything, and the list inside", JSON.stringify({ OfficialAccountIdList: JSON.stringify(LIST) })],
  ])("is read: %s", (_what, args) => {
    expect(converted(getInput, args)).toEqual({ OfficialAccountIdList: LIST });
  });

  test("is read for a filter and its list too", () => {
    const filter = { OfficialAccountBaseInfoFilter: ["Name"] };
    for (const ResponseFilter of [
      JSON.stringify(filter),
      { OfficialAccountBaseInfoFilter: '["Name"]' },
      JSON.stringify({ OfficialAccountBaseInfoFilter: '["Name"]' }),
    ]) {
      expect(converted(getInput, { OfficialAccountIdList: LIST, ResponseFilter })).toMatchObject({
        ResponseFilter: filter,
      });
    }
  });

  test("stays text where the field is text", () => {
    const CustomString = '{"a":[1,2]}';
    expect(converted(modifyChannelInput, { Official_Account: ID, CustomString })).toEqual({
      Official_Account: ID,
      CustomString,
    });
  });
});

describe("digits", () => {
  test.each([
    ["5000", 5000],
    [" 5000 ", 5000],
    ["007", "007"],
    ["5e3", "5e3"],
    ["5,000", "5,000"],
    ["99999999999999999999", "99999999999999999999"],
  ])("%j for a number become %j", (given, MaxSubscriberNum) => {
    expect(converted(modifyChannelInput, { MaxSubscriberNum: given })).toEqual({ MaxSubscriberNum });
  });

  test("a number for an ID or a text becomes its digits, unless digits were lost", () => {
    const args = { Official_Account: ID, Subscriber_Account: 109635, CustomString: 7 };
    expect(converted(modifySubscriberInput, args)).toEqual({
      Official_Account: ID,
      Subscriber_Account: "109635",
      CustomString: "7",
    });
    for (const Subscriber_Account of [2 ** 53, 1.5, true]) {
      expect(converted(modifySubscriberInput, { Subscriber_Account })).toEqual({ Subscriber_Account });
    }
  });
});

describe("an object for a text", () => {
  test("becomes its JSON, with a warning", () => {
    const { value, warnings } = convertInput(modifyChannelInput, { Official_Account: ID, CustomString: { a: ["茶"] } });
    expect(value).toEqual({ Official_Account: ID, CustomString: '{"a":["茶"]}' });
    expect(warnings).toEqual(["CustomString was given as an object; its JSON text is the value."]);
  });

  test.each([
    ["a number that lost digits", "CustomString", { uid: 2 ** 60 }],
    ["a list of such", "CustomString", [[Number.POSITIVE_INFINITY]]],
    ["a field that holds no JSON", "Name", { type: "text", text: "hi" }],
    ["an empty list there", "Name", []],
  ])("stays what it is, to be refused: %s", (_what, name, value) => {
    const args = { Official_Account: ID, [name]: value };
    expect(convertInput(modifyChannelInput, args)).toEqual({ value: args, warnings: [] });
  });

  test("is never an ID", () => {
    const args = { Official_Account: { id: ID } };
    expect(convertInput(modifyChannelInput, args)).toEqual({ value: args, warnings: [] });
  });
});

describe("keys beside the arguments", () => {
  test.each([
    "task_progress",
    "toolCallId",
    "sessionId",
    "action",
    "chatInput",
    "tool",
    "toolName",
    "wait_for_previous",
    "waitForPreviousTools",
    "toolAction",
    "toolSummary",
    "security_context",
    "_meta",
    "__tool_use_purpose",
    "__purpose",
  ])("that a host adds are dropped: %s", (key) => {
    expect(converted(modifyChannelInput, { Official_Account: ID, Name: "a", [key]: "x" })).toEqual({
      Official_Account: ID,
      Name: "a",
    });
  });

  test("that no host adds stay, for the schema to name", () => {
    const args = { Official_Account: ID, colour: null, Task: "x" };
    expect(converted(modifyChannelInput, args)).toEqual(args);
  });
});

test("what a host fills an optional list, object or number with means absent", () => {
  for (const ResponseFilter of ["", { OfficialAccountBaseInfoFilter: [] }, { OfficialAccountBaseInfoFilter: "" }]) {
    const { value } = convertInput(getInput, { OfficialAccountIdList: LIST, ResponseFilter });
    expect(value).toMatchObject({ OfficialAccountIdList: LIST });
    expect(JSON.stringify(value)).not.toContain("BaseInfoFilter");
  }
  expect(converted(modifyChannelInput, { Official_Account: ID, Name: "a", MaxSubscriberNum: "" })).toEqual({
    Official_Account: ID,
    Name: "a",
  });
});

test("0, {} and [] are no text: hosts fill fields with them that were left out", () => {
  const given = { Official_Account: "@TOA#_a", Introduction: 0, CustomString: {} };
  expect(convertInput(modifyChannelInput, given).value).toEqual(given);
  const list = { ...given, CustomString: [] };
  expect(convertInput(modifyChannelInput, list).value).toEqual(list);
});

test("null means absent for every field that the tool knows, at every depth", () => {
  const args = { Official_Account: ID, Name: "a", Introduction: null, MaxSubscriberNum: null };
  expect(converted(modifyChannelInput, args)).toEqual({ Official_Account: ID, Name: "a" });
  const nested = { OfficialAccountIdList: LIST, ResponseFilter: { OfficialAccountBaseInfoFilter: null } };
  expect(converted(getInput, nested)).toEqual({ OfficialAccountIdList: LIST, ResponseFilter: {} });
  expect(converted(getInput, { OfficialAccountIdList: LIST, ResponseFilter: null })).toEqual({
    OfficialAccountIdList: LIST,
  });
  for (const nothing of [null, undefined]) expect(converted(getInput, nothing)).toEqual({});
});

/** A call, then what hosts may do to it, at any place. */
const text = fc.oneof(fc.string(), fc.constantFrom("null", "", "5", "007", "[1]", '{"a":1}', "茶"));
const call = fc.oneof(
  fc.record(
    {
      Official_Account: fc.constant(ID),
      Name: text,
      Introduction: text,
      CustomString: text,
      MaxSubscriberNum: fc.integer({ min: 1, max: 4_294_967_295 }),
    },
    { requiredKeys: ["Official_Account"] },
  ),
  fc.record({ OfficialAccountIdList: fc.array(fc.record({ Official_Account: fc.string() }), { minLength: 1 }) }),
);
const schemaFor = (args: object) => ("OfficialAccountIdList" in args ? getInput : modifyChannelInput);

test("a call as it is documented stays as it is", () => {
  fc.assert(
    fc.property(call, (args) => {
      expect(convertInput(schemaFor(args), args)).toEqual({ value: args, warnings: [] });
    }),
  );
});

test("a call that a host reshaped is read as it was", () => {
  fc.assert(
    fc.property(call, fc.infiniteStream(fc.boolean()), (args, choices) => {
      const reshape = (value: unknown, isText: boolean): unknown => {
        if (Array.isArray(value)) value = value.map((part) => reshape(part, false));
        else if (typeof value === "object" && value !== null) {
          value = Object.fromEntries(
            Object.entries(value).map(([key, part]) => [key, reshape(part, typeof part === "string")]),
          );
        }
        return !isText && choices.next().value ? JSON.stringify(value) : value;
      };
      expect(converted(schemaFor(args), reshape(args, false))).toEqual(args);
    }),
  );
});

test("converting twice changes nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.jsonValue(), call), (args) => {
      for (const schema of [getInput, modifyChannelInput, modifySubscriberInput]) {
        const once = converted(schema, args);
        expect(converted(schema, once)).toEqual(once);
      }
    }),
  );
});
