import { expect, test } from "vitest";
import { describeIdProblem } from "../../src/channel/fields.ts";
import { nearestName } from "../../src/text/nearest-name.ts";

test.each([
  ["organizatxxx", "Organization"], // 3 slips in 12 letters
  ["organizaxxxx", undefined],
  ["FACE-URL", "FaceUrl"],
  ["nme", "Name"],
  ["mean", undefined],
  ["nm", undefined],
  ["intro", undefined], // what it means is not among the names
])("the nearest name to %s is %s", (wrong, name) => {
  expect(nearestName(wrong, ["Organization", "Name", "FaceUrl"])).toBe(name);
});

test("there is no nearest name among none", () => {
  expect(nearestName("title", [])).toBeUndefined();
});

test.each([
  [" @TOA#_x", "The ID given begins or ends with whitespace: remove it."],
  ["@TOA#_x\n", "The ID given begins or ends with whitespace: remove it."],
  ["news@TOA#_", "Channel IDs start with @TOA#_; the one given does not."],
  ["@TOA#_x", undefined],
])("what looks wrong about the ID %j: %s", (id, hint) => {
  expect(describeIdProblem(id)).toBe(hint);
});
