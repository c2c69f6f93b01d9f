import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { InputError } from "../../src/call/explained-error.ts";
import { MAX_CHANNELS_PER_GET, SUBSCRIBER_CUSTOM_STRING, WRITABLE_FIELDS } from "../../src/channel/fields.ts";
import { longestFit } from "../../src/text/text.ts";
import { convertInput } from "../../src/tools/convert.ts";
import { validateInput } from "../../src/tools/input.ts";
import { getInput, modifyChannelInput, modifySubscriberInput } from "../../src/tools/schemas.ts";

fc.configureGlobal({ seed: 20261122 });
const ID = "@TOA#_x";

function problemsOf(schema: z.ZodType, args: unknown): readonly string[] {
  try {
    validateInput(schema, convertInput(schema, args).value);
  } catch (error) {
    if (error instanceof InputError) return error.explanation.cause.replace(/^\(1\) /, "").split(/ \(\d+\) /);
    throw error;
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
    "is accepted at the limit and rejected one byte over it, written in %s",
    (character) => {
      const fits = textOf(maxBytes, character);
      expect(problemsOf(schema, { Official_Account: ID, ...more, [name]: fits })).toEqual([]);
      const over = `${fits}a`;
      const problems = problemsOf(schema, { Official_Account: ID, ...more, [name]: over });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(
        `${name} is ${maxBytes + 1} bytes; the limit is ${maxBytes} bytes. Cut at least 1 byte.`,
      );
      expect(problems[0]).toContain(`fits: ${JSON.stringify(longestFit(over, maxBytes))}.`);
    },
  );

  test("is rejected where it holds an unpaired surrogate", () => {
    const [problem] = problemsOf(schema, { Official_Account: ID, ...more, [name]: "a\ud83d" });
    expect(problem).toContain(`${name} holds an unpaired surrogate, which cannot be sent`);
  });

  test("is accepted empty: that is how a field is emptied", () => {
    expect(problemsOf(schema, { Official_Account: ID, ...more, [name]: "" })).toEqual([]);
  });
});

test.each(["@TOA#_a,@TOA#_b,@TOA#_c,@TOA#_d,@TOA#_e,@TOA#_f,@TOA#_g,@TOA#_h", ""])(
  "a text in the place of a list is one problem: %j",
  (OfficialAccountIdList) => {
    expect(problemsOf(getInput, { OfficialAccountIdList })).toEqual([
      expect.stringContaining("must be an array such as"),
    ]);
  },
);

describe("an input error", () => {
  test("lists every problem at once", () => {
    const problems = problemsOf(modifyChannelInput, {
      Official_Account: "",
      Name: "茶".repeat(54),
      MaxSubscriberNum: "many",
      random: 1,
      colour: "x",
    });
    expect(problems).toEqual([
      "Official_Account is empty: give the ID.",
      `Name is 162 bytes; the limit is 150 bytes. Cut at least 12 bytes. The longest version that fits: "${"茶".repeat(50)}".`,
      'MaxSubscriberNum must be a whole number without quotes, not the text "many".',
      "random was not understood: this server adds it itself. Leave it out.",
      "colour is not a field of this tool, which takes Official_Account, Name, Introduction, FaceUrl, Organization, CustomString, MaxSubscriberNum. Use one of these, or leave it out.",
    ]);
  });

  test("numbers its problems in the cause", () => {
    const failure = new InputError(["One.", "Two."]);
    expect(failure.explanation.cause).toBe("(1) One. (2) Two.");
    expect(failure.explanation.nextStep).toContain("these 2 problems");
    const { explanation } = new InputError(["One."]);
    expect(explanation).toMatchObject({ cause: "One.", attempts: 0, safeToResend: false });
    expect(explanation.nextStep).toContain("Fix this in the arguments");
  });

  test.each(["contenttype", "sdkappid", "identifier", "usersig", "Random"])(
    "says that %s is added by the server",
    (key) => {
      expect(problemsOf(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], [key]: "x" })[0]).toContain(
        "adds it itself",
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
  ])("asks whether %s means %s", (wrong, right) => {
    expect(problemsOf(modifyChannelInput, { [wrong]: "x" }).join()).toContain(
      `${wrong} is not a field of this tool: did you mean ${right}?`,
    );
  });

  test("says where the arguments belong that a host wrapped, and names an empty key", () => {
    for (const inside of [{ Official_Account: ID, Name: "x" }, ` {"Official_Account":"${ID}"}`])
      expect(problemsOf(modifyChannelInput, { input: inside })).toContain(
        "input is not a field of this tool: put what is inside it at the top level.",
      );
    expect(problemsOf(modifyChannelInput, { Official_Account: ID, "": "" })[0]).toMatch(/^"" is not a field/);
  });

  test("shows where a lone Official_Account belongs", () => {
    const problems = problemsOf(getInput, { Official_Account: ID });
    expect(problems.join()).toContain(`"OfficialAccountIdList":[{"Official_Account":"${ID}"}]`);
    expect(problems.join()).toContain("OfficialAccountIdList is required");
  });

  test("names an unknown key with its place, and what is allowed there", () => {
    const list = { OfficialAccountIdList: [{ Official_Account: ID }] };
    expect(problemsOf(getInput, { ...list, banana: 1 })).toEqual([
      "banana is not a field of this tool, which takes OfficialAccountIdList, ResponseFilter. Use one of these, or leave it out.",
    ]);
    expect(problemsOf(getInput, { ...list, ResponseFilter: { Official_Account: ID } })).toEqual([
      "ResponseFilter.Official_Account is not a field of this tool, which takes OfficialAccountBaseInfoFilter. Use one of these, or leave it out.",
    ]);
    const element = { Official_Account: ID, OfficialAccountBaseInfoFilter: ["Name"], OfficialAcount: "x" };
    expect(problemsOf(getInput, { OfficialAccountIdList: [element] })).toEqual([
      "OfficialAccountIdList[0].OfficialAccountBaseInfoFilter is not a field of this tool, which takes Official_Account. Use one of these, or leave it out.",
      "OfficialAccountIdList[0].OfficialAcount is not a field of this tool: did you mean Official_Account?",
    ]);
    expect(problemsOf(getInput, { ...list, Official_Account: 5 })).toEqual([
      'Official_Account belongs in the list: "OfficialAccountIdList":[{"Official_Account":"@TOA#_…"}].',
    ]);
  });

  test("says what the arguments should be, where they are not an object", () => {
    expect(problemsOf(getInput, "x")).toEqual(['The arguments must be an object, not the text "x".']);
    expect(problemsOf(getInput, [])).toEqual(["The arguments must be an object, not an array."]);
  });

  test("distinguishes JSON of another shape from a text with brackets", () => {
    const sent = (OfficialAccountIdList: unknown) => problemsOf(getInput, { OfficialAccountIdList }).join();
    expect(sent(' {"a":1}')).toContain("JSON inside a string");
    expect(sent("a[0]")).toContain('not the text "a[0]"');
    expect(sent("  a [0]")).toContain('not the text "  a [0]"');
  });

  test("explains the expected shape, for IDs sent bare, also as text, and a filter sent as a list", () => {
    for (const OfficialAccountIdList of [["a"], '["a"]']) {
      expect(problemsOf(getInput, { OfficialAccountIdList })).toEqual([
        'OfficialAccountIdList[0] must be an object such as {"Official_Account":"@TOA#_…"}, not the text "a".',
      ]);
    }
    expect(
      problemsOf(getInput, { OfficialAccountIdList: [{ Official_Account: ID }], ResponseFilter: ["Name"] }),
    ).toEqual(['ResponseFilter must be an object such as {"OfficialAccountBaseInfoFilter":["Name"]}, not an array.']);
    expect(
      problemsOf(getInput, {
        OfficialAccountIdList: [{ Official_Account: ID }],
        ResponseFilter: { OfficialAccountBaseInfoFilter: {} },
      }),
    ).toEqual(['ResponseFilter.OfficialAccountBaseInfoFilter must be an array such as ["Name"], not an object.']);
  });

  test("lists ten of many problems, and counts the rest", () => {
    const problems = problemsOf(getInput, { OfficialAccountIdList: Array.from({ length: 50 }, () => "a") });
    const { cause } = new InputError(problems).explanation;
    expect(cause).toContain("(10) OfficialAccountIdList[9]");
    expect(cause).not.toContain("(11)");
    expect(cause).toMatch(/ And 40 more\.$/);
  });

  test("suggests a field of the filter, and shows where a lone filter belongs", () => {
    const list = { OfficialAccountIdList: [{ Official_Account: ID }] };
    const [guess, none] = problemsOf(getInput, {
      ...list,
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["name", 5] },
    });
    expect(guess).toMatch(/ Did you mean Name\?$/);
    expect(none).toMatch(/\[1\] is 5, which is not one of Name, .*SubscriberNum\.$/);
    expect(problemsOf(getInput, { ...list, OfficialAccountBaseInfoFilter: ["Name"] })).toEqual([
      'OfficialAccountBaseInfoFilter belongs in "ResponseFilter":{"OfficialAccountBaseInfoFilter":[…]}.',
    ]);
  });

  test("names what can be read but not written", () => {
    expect(problemsOf(modifyChannelInput, { Official_Account: ID, Name: "A", SubscriberNum: 5 })).toEqual([
      "SubscriberNum can be read but not written: leave it out.",
    ]);
  });

  test("names the fields a filter takes", () => {
    const [problem] = problemsOf(getInput, {
      OfficialAccountIdList: [{ Official_Account: ID }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["MaxSubscriberNum"] },
    });
    expect(problem).toContain(
      'ResponseFilter.OfficialAccountBaseInfoFilter[0] is "MaxSubscriberNum", which is not one of Name,',
    );
  });

  test("bounds a list of channels", () => {
    const list = (count: number) => ({
      OfficialAccountIdList: Array.from({ length: count }, (_, nth) => ({ Official_Account: `@TOA#_${nth}` })),
    });
    expect(problemsOf(getInput, list(0))[0]).toContain("at least one");
    expect(problemsOf(getInput, list(MAX_CHANNELS_PER_GET))).toEqual([]);
    expect(problemsOf(getInput, list(51))).toEqual([
      "OfficialAccountIdList has 51 elements; the maximum is 50 per call: split it into several calls.",
    ]);
  });

  test.each([
    [0, "the minimum is 1"],
    [4294967296, "the maximum is 4294967295"],
    [1.5, "must be a whole number"],
    [true, "not the boolean true"],
  ])("rejects a subscriber limit of %s", (MaxSubscriberNum, text) => {
    expect(problemsOf(modifyChannelInput, { Official_Account: ID, MaxSubscriberNum }).join()).toContain(text);
  });

  test("keeps quotes short", () => {
    const problems = problemsOf(getInput, { OfficialAccountIdList: ["x".repeat(5000)], ["y".repeat(5000)]: 1 });
    for (const problem of problems) expect(problem.length).toBeLessThan(400);
  });
});

describe("null", () => {
  test("does not satisfy a required field, nor hide an unknown one", () => {
    expect(problemsOf(getInput, { OfficialAccountIdList: [null, { Official_Account: null }] })).toEqual([
      'OfficialAccountIdList[0] must be an object such as {"Official_Account":"@TOA#_…"}, not null.',
      "OfficialAccountIdList[1].Official_Account is required: give an ID as text (a string).",
    ]);
    expect(problemsOf(modifyChannelInput, { Official_Account: null, Name: "a" })).toEqual([
      "Official_Account is required: give an ID as text (a string).",
    ]);
    expect(problemsOf(modifyChannelInput, { Official_Account: ID, Name: "a", colour: null })[0]).toContain(
      "colour is not a field",
    );
  });
});

test("whatever is sent, the answer is the arguments or a list of sentences", () => {
  fc.assert(
    fc.property(fc.anything(), (args) => {
      for (const schema of [getInput, modifyChannelInput, modifySubscriberInput]) {
        for (const problem of problemsOf(schema, args)) expect(problem).toMatch(/^[^\n]+[.?]$/);
      }
    }),
  );
});
