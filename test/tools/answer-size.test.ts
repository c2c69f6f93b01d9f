import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { visibleJson } from "../../src/text/text.ts";
import { splitToFit } from "../../src/tools/answer-size.ts";

fc.configureGlobal({ seed: 20261122 });

const channel = fc.record({
  Official_Account: fc.string({ maxLength: 40 }),
  CustomString: fc.string({ maxLength: 900, size: "max" }),
});

test.prop([fc.array(channel, { minLength: 1, maxLength: 50 }), fc.integer({ min: 3000, max: 30_000 })])(
  "keeps whole channels in order, loses none, and stays within the bound",
  (channels, max) => {
    const { kept, leftOut } = splitToFit(channels, max);
    expect([...kept.map(({ Official_Account }) => Official_Account), ...leftOut]).toEqual(
      channels.map(({ Official_Account }) => Official_Account),
    );
    expect(kept).toEqual(channels.slice(0, kept.length));
    const text = visibleJson({ kept, leftOut: leftOut.map((Official_Account) => ({ Official_Account })) });
    if (kept.length > 1) expect(text.length).toBeLessThanOrEqual(max);
    // No more is left out than needed: one more channel would not have fitted.
    const next = channels[kept.length];
    if (next) expect(text.length + visibleJson(next).length + 1_600).toBeGreaterThan(max);
  },
);

test("keeps all that fits, and at least one channel", () => {
  const channels = [1, 2, 3].map((nth) => ({ Official_Account: `@TOA#_${nth}`, text: "x".repeat(2000) }));
  expect(splitToFit(channels).leftOut).toEqual([]);
  expect(splitToFit(channels, 10).kept).toHaveLength(1);
});

test("keeps a channel as long as there is room to the last character, and names those left out", () => {
  const channels = [1, 2, 3].map((nth) => ({ Official_Account: `@TOA#_${nth}`, text: "x".repeat(2000) }));
  const whole = visibleJson(channels[0]).length + 1;
  const named = visibleJson({ Official_Account: "@TOA#_1" }).length + 1;
  const countKept = (max: number) => splitToFit(channels, max).kept.length;
  expect([countKept(1_500 + 3 * whole), countKept(1_500 + 3 * whole - 1)]).toEqual([3, 2]);
  expect([countKept(1_500 + 2 * whole + named), countKept(1_500 + 2 * whole + named - 1)]).toEqual([2, 1]);
  expect(splitToFit(channels, 10).leftOut).toEqual(["@TOA#_2", "@TOA#_3"]);
});
