import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  clip,
  escapeHidden,
  hiddenCharacters,
  longestFit,
  quote,
  shortValue,
  visibleJson,
} from "../../src/text/text.ts";

fc.configureGlobal({ seed: 20261122 });
// Whole characters of several code points, and parts that join to more of them. The unit "grapheme" takes a second to make.
const characters = [
  "é",
  "e\u0301",
  "茶",
  "한",
  "\u1112\u1161\u11ab",
  "क्षि",
  "😀",
  "👍🏽",
  "❤️",
  "1️⃣",
  "🇨🇳",
  "👨‍👩‍👧",
  "\r\n",
];
const parts = ["\u0301", "\u200d", "\ufe0f", "🏽", "👩", "🇨", "\u0e33"];
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(...characters),
    fc.constantFrom(...parts),
  ),
  maxLength: 200,
});

describe("text as bytes", () => {
  test("never cuts through a character that a person sees as one", () => {
    expect(longestFit("a👨‍👩‍👧b", 10)).toBe("a");
    expect(longestFit("茶与山", 8)).toBe("茶与");
    expect(longestFit("茶与山", 9)).toBe("茶与山");
    expect(longestFit("茶", 0)).toBe("");
    const segment = vi.spyOn(Intl.Segmenter.prototype, "segment"); // it reads all that it is given
    expect(longestFit("a".repeat(1_000_000), 150)).toBe("a".repeat(150));
    expect(segment.mock.calls[0]?.[0].length).toBeLessThan(1_000);
    segment.mockRestore();
  });

  test("the longest fit fits, begins the text, and cannot be made longer", () => {
    fc.assert(
      fc.property(anyText, fc.nat(300), (text, max) => {
        const fit = longestFit(text, max);
        expect(Buffer.byteLength(fit)).toBeLessThanOrEqual(max);
        expect(text.startsWith(fit)).toBe(true);
        const [next] = new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text.slice(fit.length));
        if (next) expect(Buffer.byteLength(fit + next.segment)).toBeGreaterThan(max);
      }),
    );
  });

  test("takes a text of any length in a moment", () => {
    const endless = "茶".repeat(500_000);
    expect(longestFit(endless, 150)).toBe("茶".repeat(50));
    expect(shortValue(endless)).toBe(`'${"茶".repeat(20)}…'`);
  });
});

describe("text that a person can see whole", () => {
  test.each([
    ["a right-to-left override", "a\u202eb", "a\\u202eb", ["U+202E"]],
    ["a zero-width space", "a\u200bb", "a\\u200bb", ["U+200B"]],
    ["a joiner outside an emoji", "a\u200db", "a\\u200db", ["U+200D"]],
    ["a tag character", "a\u{e0041}", "a\\udb40\\udc41", ["U+E0041"]],
    ["a tag character after a flag", "🏴\u{e0067}", "🏴\\udb40\\udc67", ["U+E0067"]],
    ["a control character", "a\u0007", "a\\u0007", ["U+0007"]],
    ["a byte order mark", "\ufeffa", "\\ufeffa", ["U+FEFF"]],
    ["a line separator", "a\u2028b", "a\\u2028b", ["U+2028"]],
    ["half a surrogate pair", "a\ud83d", "a\\ud83d", ["U+D83D"]],
    ["a blank that is no space", "a\u2800", "a\\u2800", ["U+2800"]],
    ["a Hangul filler", "\u3164", "\\u3164", ["U+3164"]],
    ["a null notehead", "\u{1d159}", "\\ud834\\udd59", ["U+1D159"]],
    ["a Khitan filler", "\u{16fe4}", "\\ud81b\\udfe4", ["U+16FE4"]],
  ])("escapes and names %s", (_what, text, escaped, named) => {
    expect(escapeHidden(text)).toBe(escaped);
    expect(hiddenCharacters(text)).toEqual(named);
  });

  test("leaves emoji whole, and does not call their parts hidden", () => {
    for (const text of ["👨‍👩‍👧", "❤️", "1️⃣", "👍🏽", "茶与山 · Tea"]) {
      expect(escapeHidden(text)).toBe(text);
      expect(hiddenCharacters(text)).toEqual([]);
    }
  });

  test("a line feed is seen, so it is escaped in JSON and not named as hidden", () => {
    expect(hiddenCharacters("a\n\tb\r")).toEqual([]);
    expect(visibleJson("a\nb")).toBe('"a\\nb"');
  });

  test("visible JSON loses nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const json = visibleJson({ text });
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(/[\p{Bidi_Control}\u200b\u2060\ufeff\p{Cc}]/u);
      }),
    );
  });
});

describe("other people's words", () => {
  test("are quoted on one line, so that they cannot pose as ours", () => {
    expect(quote(`it's\\ \n\r\tx`)).toBe("'it\\'s\\\\ \\n\\r\\tx'");
  });

  test("are clipped at 300 characters, never inside one", () => {
    expect(clip("x".repeat(300))).toBe("x".repeat(300));
    expect(clip("x".repeat(301))).toBe(`${"x".repeat(300)}…`);
    expect(clip("😀".repeat(301))).toBe(`${"😀".repeat(300)}…`);
    expect(clip("😀".repeat(301)).isWellFormed()).toBe(true);
  });

  test("are short in a summary", () => {
    expect(shortValue("a".repeat(60))).toBe(`'${"a".repeat(60)}'`);
    expect(shortValue("a".repeat(61))).toBe(`'${"a".repeat(60)}…'`);
    expect(shortValue(780031)).toBe("780,031");
  });

  test("have their hidden characters escaped exactly once, at the end", () => {
    const summary = shortValue("a\u202eb\\u202e");
    expect(escapeHidden(summary)).toBe("'a\\u202eb\\\\u202e'");
    expect(visibleJson(summary)).toBe(String.raw`"'a\u202eb\\\\u202e'"`);
  });
});
