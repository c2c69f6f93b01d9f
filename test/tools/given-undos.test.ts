import { expect, test, vi } from "vitest";
import { GivenUndos } from "../../src/tools/given-undos.ts";

const journal = (...undos: object[]) => ({
  async *undos() {
    for (const undo of undos) yield undo;
  },
});

test("an undo that was given is known in any order of its fields, and no other call is", async () => {
  const given = new GivenUndos(journal());
  given.add({ Official_Account: "a", Introduction: "", FaceUrl: "" });
  expect(await given.has({ FaceUrl: "", Introduction: "", Official_Account: "a" })).toBe(true);
  expect(await given.has({ Official_Account: "b", Introduction: "", FaceUrl: "" })).toBe(false);
  expect(await given.has({ Official_Account: "a", Introduction: "" })).toBe(false);
});

test("an undo of the journal is known to every call that asks meanwhile", async () => {
  const undo = { Official_Account: "a", Introduction: "", FaceUrl: "" };
  const given = new GivenUndos(journal({ Name: "x" }, undo));
  expect(await Promise.all([given.has(undo), given.has(undo), given.has({ Name: "y" })])).toEqual([true, true, false]);
});

test("an undo that another process gave meanwhile is found ten seconds later at the latest", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const undos: object[] = [];
  const live = new GivenUndos({ undos: () => journal(...undos).undos() });
  expect(await live.has({ Name: "x" })).toBe(false);
  undos.push({ Name: "x" });
  vi.advanceTimersByTime(10_001);
  expect(await live.has({ Name: "x" })).toBe(true);
  vi.useRealTimers();
});
