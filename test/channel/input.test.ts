import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { z } from "zod";
import { InputRefusal } from "../../src/channel/explanation.ts";
import { MOST_CHANNELS_A_GET, SUBSCRIBER_CUSTOM_STRING, WRITABLE_FIELDS } from "../../src/channel/fields.ts";
import { checkInput } from "../../src/channel/input.ts";
import { getInput, modifyChannelInput, modifySubscriberInput } from "../../src/channel/schemas.ts";
import { longestFit } from "../../src/channel/text.ts";

fc.configureGlobal({ seed: 20261122 });
const ID = "@TOA#_x";

function faultsOf(schema: z.ZodType, args: unknown): readonly string[] {
  try {
    checkInput(schema, args);
  } catch (refusal) {
    if (refusal instanceof InputRefusal) return refusal.faults;
    throw refusal;
  }
  return [];
}

/** A text of exactly so many bytes that ends in one character of the given size. */
function textOf(bytes: number, character: string): string {
  const size = Buffer.byteLength(character);
  return character.repeat(Math.floor(bytes / size)) + "a".repeat(bytes % size);
}

const textFields = [
  ...WRITABLE_FIELDS.flatMap((field) =>
    "maxBytes" in field ? [{ ...field, schema: modifyChannelInput, more: {} }] : [],
  ),
  { ...SUBSCRIBER_CUSTOM_STRING, schema: modifySubscriberInput, more: { Subscriber_Account: "1" } },
];

describe.each(textFields)("$name of at most $maxBytes bytes", ({ name, maxBytes, schema, more }) => {
  test.each(["a", "é", "茶", "😀"])(
    "is accepted at the limit and refused one byte over it, written in %s",
    (character) => {
      const fits = textOf(maxBytes, character);
      expect(faultsOf(schema, { Official_Account: ID, ...more, [name]: fits })).toEqual([]);
      const over = `${fits}a`;
      const faults = faultsOf(schema, { Official_Account: ID, ...more, [name]: over });
      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain(`${name} is ${maxBytes + 1} of ${maxBytes} bytes`);
      expect(faults[0]).toContain("cut at least 1 byte;");
      expect(faults[0]).toContain(`fits: ${JSON.stringify(longestFit(over, maxBytes))}.`);
    },
  );

  test("is refused where it holds half a surrogate pair", () => {
    const [fault] = faultsOf(schema, { Official_Account: ID, ...more, [name]: "a\ud83d" });
    expect(fault).toContain(`${name} holds half a character`);
  });

  test("is accepted empty: that is how a field is emptied", () => {
    expect(faultsOf(schema, { Official_Account: ID, ...more, [name]: "" })).toEqual([]);
  });
});

describe("a refusal of arguments", () => {
  test("names every fault at once", () => {
    const faults = faultsOf(modifyChannelInput, {
      Official_Account: "",
      Name: "茶".repeat(54),
      MaxSubscriberNum: "1000",
      random: 1,
      colour: "x",
    });
    expect(faults).toEqual([
      "Official_Account is empty: give the ID.",
      `Name is 162 of 150 bytes (54 characters): cut at least 12 bytes; the longest version that fits: "${"茶".repeat(50)}".`,
      'MaxSubscriberNum must be a whole number without quotes, not the text "1000".',
      "random is not an argument: this server adds it by itself. Leave it out.",
      "colour is not a field of this tool, which takes Official_Account, Name, Introduction, FaceUrl, Organization, CustomString, MaxSubscriberNum. Leave it out.",
    ]);
  });

  test("counts its faults in the cause", () => {
    const failure = new InputRefusal(["One.", "Two."]);
    expect(failure.explanation.cause).toBe("(1) One. (2) Two.");
    expect(failure.explanation.nextStep).toContain("these 2 faults");
    const { explanation } = new InputRefusal(["One."]);
    expect(explanation).toMatchObject({ cause: "One.", attempts: 0, safeToResend: false });
    expect(explanation.nextStep).toContain("Fix this in the arguments");
  });

  test.each(["contenttype", "sdkappid", "identifier", "usersig", "Random"])(
    "says that %s is added by the server",
    (key) => {
      expect(faultsOf(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], [key]: "x" })[0]).toContain(
        "adds it by itself",
      );
    },
  );

  test.each([
    ["OfficialAccount", "Official_Account"],
    ["official_account", "Official_Account"],
    ["name", "Name"],
    ["FaceURL", "FaceUrl"],
    ["Organisation", "Organization"],
    ["MaxSubscribersNum", "MaxSubscriberNum"],
    ["channel_id", "Official_Account"],
    ["title", "Name"],
    ["Avatar", "FaceUrl"],
    ["description", "Introduction"],
  ])("asks whether %s means %s", (wrong, right) => {
    expect(faultsOf(modifyChannelInput, { [wrong]: "x" }).join()).toContain(
      `${wrong} is not a field of this tool: did you mean ${right}?`,
    );
  });

  test("shows where a lone Official_Account belongs", () => {
    const faults = faultsOf(getInput, { Official_Account: ID });
    expect(faults.join()).toContain(`"OfficialAccountIdList":[{"Official_Account":"${ID}"}]`);
    expect(faults.join()).toContain("OfficialAccountIdList is required");
  });

  test("names a stranger where it stands, with what fits there", () => {
    const list = { OfficialAccountIdList: [{ Official_Account: ID }] };
    expect(faultsOf(getInput, { ...list, banana: 1 })).toEqual([
      "banana is not a field of this tool, which takes OfficialAccountIdList, ResponseFilter. Leave it out.",
    ]);
    expect(faultsOf(getInput, { ...list, ResponseFilter: { Official_Account: ID } })).toEqual([
      "ResponseFilter.Official_Account is not a field of this tool, which takes OfficialAccountBaseInfoFilter. Leave it out.",
    ]);
    const element = { Official_Account: ID, OfficialAccountBaseInfoFilter: ["Name"], OfficialAcount: "x" };
    expect(faultsOf(getInput, { OfficialAccountIdList: [element] })).toEqual([
      "OfficialAccountIdList[0].OfficialAccountBaseInfoFilter is not a field of this tool, which takes Official_Account. Leave it out.",
      "OfficialAccountIdList[0].OfficialAcount is not a field of this tool: did you mean Official_Account?",
    ]);
    expect(faultsOf(getInput, { ...list, Official_Account: 5 })).toEqual([
      'Official_Account belongs into the list: "OfficialAccountIdList":[{"Official_Account":"@TOA#_…"}].',
    ]);
  });

  test("says what the arguments should be, where they are no object at all", () => {
    expect(faultsOf(getInput, "x")).toEqual(['The arguments must be an object, not the text "x".']);
    expect(faultsOf(getInput, [])).toEqual(["The arguments must be an object, not an array."]);
  });

  test("tells JSON sent as text from a text that holds brackets", () => {
    const sent = (OfficialAccountIdList: unknown) => faultsOf(getInput, { OfficialAccountIdList }).join();
    expect(sent(' {"a":1}')).toContain("JSON inside a string");
    expect(sent("a[0]")).toContain('not the text "a[0]"');
    expect(sent("  a [0]")).toContain('not the text "  a [0]"');
  });

  test("says so where arguments are nested deeper than anybody can read", () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    const ResponseFilter = { OfficialAccountBaseInfoFilter: [deep] };
    // Node 26 writes out any depth as JSON; what is shown of it is short all the same.
    expect(faultsOf(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], ResponseFilter })).toEqual([
      expect.stringMatching(/^(The arguments are nested too deep\.|\S+ is \[{80}…, which is not one of .{50,150})$/),
    ]);
  });

  test("explains the shape wanted, for a list sent as text, IDs sent bare, and a filter sent as a list", () => {
    expect(faultsOf(getInput, { OfficialAccountIdList: '["a"]' })).toEqual([
      'OfficialAccountIdList must be an array such as [{"Official_Account":"@TOA#_…"}], not JSON inside a string (send the value itself).',
    ]);
    expect(faultsOf(getInput, { OfficialAccountIdList: ["a"] })).toEqual([
      'OfficialAccountIdList[0] must be an object such as {"Official_Account":"@TOA#_…"}, not the text "a".',
    ]);
    expect(faultsOf(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], ResponseFilter: ["Name"] })).toEqual(
      ['ResponseFilter must be an object such as {"OfficialAccountBaseInfoFilter":["Name"]}, not an array.'],
    );
    expect(
      faultsOf(getInput, {
        OfficialAccountIdList: [{ Official_Account: ID }],
        ResponseFilter: { OfficialAccountBaseInfoFilter: {} },
      }),
    ).toEqual(['ResponseFilter.OfficialAccountBaseInfoFilter must be an array such as ["Name"], not an object.']);
  });

  test("tells ten of many faults, and counts the rest", () => {
    const faults = faultsOf(getInput, { OfficialAccountIdList: Array.from({ length: 50 }, () => "a") });
    const { cause } = new InputRefusal(faults).explanation;
    expect(cause).toContain("(10) OfficialAccountIdList[9]");
    expect(cause).not.toContain("(11)");
    expect(cause).toMatch(/ And 40 more faults\.$/);
  });

  test("guesses at a field of the filter, and puts a lone filter into its place", () => {
    const list = { OfficialAccountIdList: [{ Official_Account: ID }] };
    const [guess, none] = faultsOf(getInput, {
      ...list,
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["name", 5] },
    });
    expect(guess).toMatch(/ Did you mean Name\?$/);
    expect(none).toMatch(/\[1\] is 5, which is not one of Name, .*SubscriberNum\.$/);
    expect(faultsOf(getInput, { ...list, OfficialAccountBaseInfoFilter: ["Name"] })).toEqual([
      'OfficialAccountBaseInfoFilter belongs into "ResponseFilter":{"OfficialAccountBaseInfoFilter":[…]}.',
    ]);
  });

  test("says that JSON goes into a text field as text", () => {
    expect(faultsOf(modifyChannelInput, { Official_Account: ID, CustomString: { a: 1 } })).toEqual([
      "CustomString must be text (a string), not an object (JSON goes in as text).",
    ]);
  });

  test("names what can be read but not written", () => {
    expect(faultsOf(modifyChannelInput, { Official_Account: ID, SubscriberNum: 5 })).toEqual([
      "SubscriberNum can be read but not written: leave it out.",
    ]);
  });

  test("names the fields a filter takes", () => {
    const [fault] = faultsOf(getInput, {
      OfficialAccountIdList: [{ Official_Account: ID }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["MaxSubscriberNum"] },
    });
    expect(fault).toContain(
      'ResponseFilter.OfficialAccountBaseInfoFilter[0] is "MaxSubscriberNum", which is not one of Name,',
    );
  });

  test("bounds a list of channels", () => {
    const list = (count: number) => ({
      OfficialAccountIdList: Array.from({ length: count }, (_, nth) => ({ Official_Account: `@TOA#_${nth}` })),
    });
    expect(faultsOf(getInput, list(0))[0]).toContain("at least one");
    expect(faultsOf(getInput, list(MOST_CHANNELS_A_GET))).toEqual([]);
    expect(faultsOf(getInput, list(51))).toEqual([
      "OfficialAccountIdList has 51 elements; at most 50 fit into one call: split it into several.",
    ]);
  });

  test.each([
    [-1, "the least is 0"],
    [4294967296, "the most is 4294967295"],
    [1.5, "must be a whole number"],
    [true, "not the boolean true"],
  ])("refuses a subscriber limit of %s", (MaxSubscriberNum, told) => {
    expect(faultsOf(modifyChannelInput, { Official_Account: ID, MaxSubscriberNum }).join()).toContain(told);
  });

  test("keeps what it quotes short", () => {
    const faults = faultsOf(getInput, { OfficialAccountIdList: ["x".repeat(5000)], ["y".repeat(5000)]: 1 });
    for (const fault of faults) expect(fault.length).toBeLessThan(400);
  });
});

describe("null", () => {
  test("means absent for an optional field", () => {
    const args = { Official_Account: ID, Name: "a", Introduction: null, MaxSubscriberNum: null };
    expect(checkInput(modifyChannelInput, args)).toEqual({ Official_Account: ID, Name: "a" });
    expect(checkInput(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], ResponseFilter: null })).toEqual({
      OfficialAccountIdList: [{ Official_Account: ID }],
    });
  });

  test("means absent inside a nested object too", () => {
    const args = {
      OfficialAccountIdList: [{ Official_Account: ID }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: null },
    };
    expect(checkInput(getInput, args)).toEqual({
      OfficialAccountIdList: [{ Official_Account: ID }],
      ResponseFilter: {},
    });
  });

  test("does not satisfy a required field, nor hide an unknown one", () => {
    expect(faultsOf(getInput, { OfficialAccountIdList: [null, { Official_Account: null }] })).toEqual([
      'OfficialAccountIdList[0] must be an object such as {"Official_Account":"@TOA#_…"}, not null.',
      "OfficialAccountIdList[1].Official_Account is required: give an ID as text (a string).",
    ]);
    expect(faultsOf(modifyChannelInput, { Official_Account: null, Name: "a" })).toEqual([
      "Official_Account is required: give an ID as text (a string).",
    ]);
    expect(faultsOf(modifyChannelInput, { Official_Account: ID, Name: "a", colour: null })[0]).toContain(
      "colour is not a field",
    );
  });
});

test.prop([fc.anything()])("whatever is sent, the answer is the arguments or a list of sentences", (args) => {
  for (const schema of [getInput, modifyChannelInput, modifySubscriberInput]) {
    for (const fault of faultsOf(schema, args)) expect(fault).toMatch(/^[^\n]+[.?]$/);
  }
});
