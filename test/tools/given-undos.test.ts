import { expect, test } from "vitest";
import { GivenUndos } from "../../src/tools/given-undos.ts";

test("an undo that was given is known in any order of its fields, and no other call is", () => {
  const given = new GivenUndos();
  given.add({ Official_Account: "a", Introduction: "", FaceUrl: "" });
  expect(given.has({ FaceUrl: "", Introduction: "", Official_Account: "a" })).toBe(true);
  expect(given.has({ Official_Account: "b", Introduction: "", FaceUrl: "" })).toBe(false);
  expect(given.has({ Official_Account: "a", Introduction: "" })).toBe(false);
});

test("the oldest is forgotten after 10,000", () => {
  const given = new GivenUndos();
  for (let nth = 0; nth <= 10_000; nth += 1) given.add({ Name: `${nth}` });
  expect(given.has({ Name: "0" })).toBe(false);
  expect(given.has({ Name: "1" })).toBe(true);
});
