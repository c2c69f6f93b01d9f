import { visibleJson } from "./text.ts";

/** Keeps an answer small enough for every host, without cutting a channel in the middle or losing one silently. */

/** The most characters of one text block: hosts refuse results of more than about 25,000 tokens. */
const MOST_TEXT_CHARACTERS = 80_000;
/** Room for what stands around the list. */
const FRAME_CHARACTERS = 1_500;

/**
 * Splits a list of channels into those that fit into one answer, in order, and the IDs of those that do not.
 * At least one channel is kept; even the largest is far below the bound.
 */
export function wholeWithin<T extends { readonly Official_Account: string }>(
  channels: readonly T[],
  most = MOST_TEXT_CHARACTERS,
): { kept: T[]; leftOut: string[] } {
  const sizes = channels.map((channel) => visibleJson(channel).length + 1);
  const idSizes = channels.map(({ Official_Account }) => visibleJson({ Official_Account }).length + 1);
  let size = FRAME_CHARACTERS + sum(sizes);
  let count = channels.length;
  while (count > 1 && size > most) {
    count -= 1;
    size += (idSizes[count] ?? 0) - (sizes[count] ?? 0);
  }
  return {
    kept: channels.slice(0, count),
    leftOut: channels.slice(count).map(({ Official_Account }) => Official_Account),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
