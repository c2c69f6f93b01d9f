import { describe, expect, test } from "vitest";
import { accidentsIn, warningsFor } from "../../src/tools/accidents.ts";
import { MODIFY, SUBSCRIBER } from "../support/service.ts";

const ID = "@TOA#_x";
const channel = (fields: object) => accidentsIn(MODIFY, { Official_Account: ID, ...fields });

describe('"" for a field', () => {
  test("is taken as the one field of its call, and for a subscriber's field", () => {
    expect(channel({ Introduction: "" })).toEqual([]);
    expect(accidentsIn(SUBSCRIBER, { Official_Account: ID, Subscriber_Account: "1", CustomString: "" })).toEqual([]);
  });

  test("beside others is refused, with the calls that do what may be meant", () => {
    expect(channel({ Name: "New", Introduction: "", FaceUrl: "" })).toEqual([
      "Nothing was sent: Introduction, FaceUrl are empty next to other fields, and some hosts fill fields that were left out." +
        ` To keep them, call ${MODIFY} {"Official_Account":"${ID}","Name":"New"}.` +
        ` To empty a field, send it alone: ${MODIFY} {"Official_Account":"${ID}","Introduction":""} and ${MODIFY} {"Official_Account":"${ID}","FaceUrl":""}.`,
    ]);
    expect(channel({ CustomString: "", MaxSubscriberNum: 7 })[0]).toContain('"MaxSubscriberNum":7}');
    const [zero] = channel({ Name: "New", Introduction: "", MaxSubscriberNum: 0 });
    expect(zero).toContain(`To keep them, call ${MODIFY} {"Official_Account":"${ID}","Name":"New"}.`);
    expect(zero).not.toContain('"MaxSubscriberNum":0');
    const long = channel({ CustomString: "x".repeat(100_000), Introduction: "" });
    expect(long[0]).toContain("To keep it, leave it out.");
    expect(long[0]?.length).toBeLessThan(1_000);
  });

  test("for every field is refused too: nothing says which of them is meant", () => {
    const [problem] = channel({ Name: "", Introduction: "" });
    expect(problem).toContain("To empty a field, send it alone");
    expect(problem).not.toContain("To keep");
  });
});

describe("the word for nothing", () => {
  test.each([
    ...["null", "NULL", "undefined", " null\n", "<nil>", "[object Object]", "(null)", "'null'", "<no value>"],
    ...["[object Object],[object Object]", "[object Promise]", "%!s(<nil>)"],
  ])("%j is refused", (word) => {
    const [problem, ...more] = channel({ Introduction: word });
    expect(problem).toContain(`Introduction is the word ${JSON.stringify(word.trim())}`);
    expect(more).toEqual([]);
    const [ofSubscriber] = accidentsIn(SUBSCRIBER, {
      Official_Account: ID,
      Subscriber_Account: "1",
      CustomString: word,
    });
    expect(ofSubscriber).toMatch(/Send the value itself, or "" to empty the field\.$/);
    expect(accidentsIn(SUBSCRIBER, { Official_Account: ID, Subscriber_Account: word, CustomString: "x" })).toEqual([]);
  });

  test.each(["Null Island", "nullable", "nil", "N/A", "0", "none of it"])("%j is a text", (word) => {
    expect(channel({ Introduction: word })).toEqual([]);
    expect(warningsFor({ Introduction: word })).toEqual([]);
  });

  test("a word that may be meant is filler where several fields have one", () => {
    for (const word of ["None", "N/A", "nil", "string", "{}", "[]"]) {
      const problems = channel({ Name: "News", Introduction: word, Organization: word });
      expect(problems).toEqual(
        ["Introduction", "Organization"].map((name) => expect.stringContaining(`${name} is the word`)),
      );
      expect(channel({ Name: "News", Introduction: word })).toEqual([]);
    }
    expect(channel({ Introduction: '""' })).toEqual([expect.stringContaining("Introduction is the word")]);
  });

  test.each(["None", "none", "{{ $json.name }}", `\${name}`, "<UNKNOWN>"])("%j may be meant: a warning", (word) => {
    expect(channel({ Introduction: word })).toEqual([]);
    expect(warningsFor({ Introduction: word })).toEqual([
      `Introduction is "${word}", which looks like something that should have been replaced.`,
    ]);
  });

  test.each(["????", '"News"', "caf\\u00e9", "Tom &amp; Jerry"])("%j looks damaged: a warning", (text) => {
    expect(warningsFor({ Introduction: text })).toEqual([expect.stringContaining("looks damaged on its way")]);
    expect(warningsFor({ CustomString: text })).toEqual([]);
  });
});

test("what stands for a credential in a read is never written back", () => {
  expect(accidentsIn("t", { Official_Account: "a", CustomString: "key [secret]" })).toEqual([
    "CustomString holds [secret], which stands for a credential in what was read: write the text without it.",
  ]);
});
