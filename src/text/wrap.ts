/** Breaks a text after spaces and commas into lines of at most `width` columns; a Chinese character takes two. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/[^ ,]*[ ,]?/g) ?? []) {
    for (const piece of splitWide(word, width)) {
      if (line !== "" && columns(line + piece.trimEnd()) > width) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += piece;
    }
  }
  return [...lines, line.trimEnd()];
}

function splitWide(word: string, width: number): string[] {
  if (columns(word) <= width) return [word];
  const pieces = [""];
  for (const character of word) {
    const last = pieces.at(-1) ?? "";
    if (columns(last + character) > width) pieces.push(character);
    else pieces[pieces.length - 1] = last + character;
  }
  return pieces;
}

/** Columns that a text takes in a terminal. */
export function columns(text: string): number {
  let count = 0;
  for (const character of text)
    count += /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFF00-\uFF60]/.test(character) ? 2 : 1;
  return count;
}
