import { describe, expect, test } from "vitest";
import { accidentsIn, suspiciousIn } from "../../src/tools/accidents.ts";
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
      'Introduction, FaceUrl are "", beside other fields: some hosts send that for fields left out, so nothing was sent.' +
        ` To keep them, call ${MODIFY} {"Official_Account":"${ID}","Name":"New"}.` +
        ` To empty a field, send it alone: ${MODIFY} {"Official_Account":"${ID}","Introduction":""} and ${MODIFY} {"Official_Account":"${ID}","FaceUrl":""}.`,
    ]);
    expect(channel({ CustomString: "", MaxSubscriberNum: 7 })[0]).toContain('"MaxSubscriberNum":7}');
  });

  test("for every field is refused too: nothing says which of them is meant", () => {
    const [problem] = channel({ Name: "", Introduction: "" });
    expect(problem).toContain("To empty a field, send it alone");
    expect(problem).not.toContain("To keep");
  });
});

describe("the word for nothing", () => {
  test.each(["null", "NULL", "undefined", " null\n", "<nil>", "[object Object]"])("%j is refused", (word) => {
    const [problem, ...more] = channel({ Introduction: word });
    expect(problem).toContain(`Introduction is the word ${JSON.stringify(word.trim())}`);
    expect(more).toEqual([]);
    expect(accidentsIn(SUBSCRIBER, { Official_Account: ID, Subscriber_Account: "1", CustomString: word })).toHaveLength(
      1,
    );
  });

  test.each(["Null Island", "nullable", "nil", "N/A", "0", "none of it"])("%j is a text", (word) => {
    expect(channel({ Introduction: word })).toEqual([]);
    expect(suspiciousIn({ Introduction: word })).toEqual([]);
  });

  test.each(["None", "none"])("%j may be meant: a warning", (word) => {
    expect(channel({ Introduction: word })).toEqual([]);
    expect(suspiciousIn({ Introduction: word })).toEqual([
      `Introduction is the word "${word}". If the field was meant to be left alone, take the edit back.`,
    ]);
  });
});
