/** Text as bytes and as something a person reads: sizes, safe cuts, and characters that cannot be seen. */

/** The longest prefix of a text that fits into `maxBytes`, cut between grapheme clusters. */
export function longestFit(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes) return text; // a segmenter takes 20 ms to make
  let fit = "";
  let bytes = 0;
  // The segmenter reads the whole text it is given, which may be a picture; no cluster is a hundred units long.
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, maxBytes + 100))) {
    bytes += Buffer.byteLength(segment);
    if (bytes > maxBytes) break;
    fit += segment;
  }
  return fit;
}

// An emoji may contain joiners and variation selectors; they are part of how it is written, not hidden in it. Tag
// characters count as hidden even after a flag, because whole sentences have been smuggled in them. The two last code
// points have no glyph although Unicode does not list them as ignorable.
const PICTURE = String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?`;
const EMOJI = String.raw`${PICTURE}(?:\u200D${PICTURE})*|[0-9#*]\uFE0F\u20E3`;
const HIDDEN = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Surrogate}\u2800\u{1D159}\u{16FE4}]`;
const EMOJI_OR_HIDDEN = new RegExp(`(${EMOJI})|(${HIDDEN})`, "gu");

/** Invisible, bidirectional and control characters written as \u escapes, as JSON writes them; emoji stay whole. */
export function escapeHidden(text: string): string {
  return text.replace(EMOJI_OR_HIDDEN, (whole, emoji: string | undefined) => emoji ?? unicodeEscape(whole));
}

/** The hidden characters of a text, each once, as `U+202E`. Line feeds and tabs are visible, so they do not count. */
export function hiddenCharacters(text: string): string[] {
  const hidden = [...text.matchAll(EMOJI_OR_HIDDEN)].flatMap(([, , character]) => character ?? []);
  const named = hidden
    .filter((character) => !/[\n\r\t]/.test(character))
    .map((character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  return [...new Set(named)];
}

export function unicodeEscape(text: string): string {
  return text.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Compact JSON with the hidden characters escaped: what a text block shows. Parsing it gives the same value back.
 * Structural characters of JSON are never hidden, so escaping the whole text touches strings only.
 */
export function visibleJson(value: unknown): string {
  return escapeHidden(JSON.stringify(value));
}

/** A text of at most `max` characters (code points), its cut marked by `…`. */
export function clip(text: string, max = 300): string {
  const points = [...text.slice(0, 2 * max + 2)];
  return points.length > max ? `${points.slice(0, max).join("")}…` : text;
}

/**
 * Text of other people inside a sentence of ours: in single quotes on one line, so that it cannot pose as a line of
 * ours. Hidden characters stay, because every output escapes them exactly once, at its end.
 */
export function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&").replace(/[\n\r\t]/g, (character) => JSON.stringify(character).slice(1, -1))}'`;
}

/** A field's value inside a sentence: quoted, and cut to `maxBytes`. */
export function shortValue(value: string | number, maxBytes = 60): string {
  if (typeof value === "number") return formatCount(value);
  const fit = longestFit(value, maxBytes);
  return quote(fit === value ? value : `${fit}…`);
}

/** A count with separators: 780,031. `toLocaleString` would take 30 ms of the first edit. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
