/** Text as bytes and as something a person reads: sizes, safe cuts, and characters nobody would see. */

const encoder = new TextEncoder();

/** The size of a text in UTF-8 bytes, which is how the service counts its limits. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The number of characters as a person counts them (grapheme clusters); of a very long text, its code points. */
export function countCharacters(text: string): number {
  if (text.length > MOST_SEGMENTED) return [...text].length;
  let count = 0;
  for (const _ of graphemes(text)) count += 1;
  return count;
}

/** The longest beginning of a text that fits into so many bytes, cut between characters as a person sees them. */
export function longestFit(text: string, maxBytes: number): string {
  let fit = "";
  let bytes = 0;
  for (const { segment } of graphemes(text.slice(0, maxBytes + LONGEST_CHARACTER))) {
    bytes += byteLength(segment);
    if (bytes > maxBytes) break;
    fit += segment;
  }
  return fit;
}

/** False where a text holds half a surrogate pair, which UTF-8 cannot carry. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The segmenter takes time with the square of the length; longer texts than this are counted without it. */
const MOST_SEGMENTED = 10_000;
/** No character that a person sees as one is longer in practice. */
const LONGEST_CHARACTER = 100;

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<{ segment: string }> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

// An emoji may hold joiners and variation selectors; those are how it is written, not something hidden in it. Tag
// characters stay hidden even after a flag: whole sentences have been smuggled in them.
const PICTURE = String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?`;
const EMOJI = String.raw`${PICTURE}(?:\u200D${PICTURE})*|[0-9#*]\uFE0F\u20E3`;
const HIDDEN = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Surrogate}\u2800]`;
const EMOJI_OR_HIDDEN = new RegExp(`(${EMOJI})|(${HIDDEN})`, "gu");
const ANY_HIDDEN = new RegExp(HIDDEN, "u");

/** Invisible, bidirectional and control characters written as \u escapes, as JSON writes them; emoji stay whole. */
export function escapeHidden(text: string): string {
  if (!ANY_HIDDEN.test(text)) return text;
  return text.replace(EMOJI_OR_HIDDEN, (whole, emoji: string | undefined) => emoji ?? unicodeEscape(whole));
}

/** The hidden characters of a text, each once, as `U+202E`; a line feed or tab is seen, so it is not among them. */
export function hiddenCharacters(text: string): string[] {
  if (!ANY_HIDDEN.test(text)) return [];
  const found = new Set<string>();
  for (const match of text.matchAll(EMOJI_OR_HIDDEN)) {
    const hidden = match[2];
    if (hidden === undefined || /[\n\r\t]/.test(hidden)) continue;
    found.add(`U+${(hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  }
  return [...found];
}

function unicodeEscape(text: string): string {
  let escaped = "";
  for (let unit = 0; unit < text.length; unit += 1) {
    escaped += `\\u${text.charCodeAt(unit).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

/**
 * Compact JSON with the hidden characters escaped: what a text block shows. Parsing it gives the same value back.
 * Structural characters of JSON are never hidden, so escaping the whole text touches strings alone.
 */
export function visibleJson(value: unknown): string {
  return escapeHidden(JSON.stringify(value));
}

/** A text of at most so many characters (code points), its cut marked by `…`. Other people's words are clipped at 300. */
export function clip(text: string, most = 300): string {
  const points = [...text];
  return points.length > most ? `${points.slice(0, most).join("")}…` : text;
}

/** Somebody else's words, quoted as data on one line and clipped. */
export function quoteAsData(text: string): string {
  return visibleJson(clip(text));
}

/** A value as a receipt's summary shows it: short, on one line, hidden characters escaped. */
export function shortValue(value: string | number): string {
  if (typeof value === "number") return value.toLocaleString("en-US");
  const most = 60;
  const fit = longestFit(value, most);
  const shown = fit === value ? value : `${fit}…`;
  return `'${escapeHidden(shown).replaceAll("'", "\\'")}'`;
}
