import { byteLength, visibleJson } from "../text/text.ts";

/** Keeps an answer small enough for every host, without cutting a channel in the middle or dropping one silently. */

/** Maximum bytes of one text block: some hosts cut results at 10,000 tokens. */
const MAX_TEXT_BYTES = 30_000;
/** Room for what surrounds the list. */
const FRAME_BYTES = 1_500;

/**
 * Splits a list of channels into those that fit into one answer, in order, and the IDs of those that do not.
 * At least one channel is kept; even the largest is far below the limit.
 */
export function splitToFit<T extends { readonly Official_Account: string }>(
  channels: readonly T[],
  maxBytes = MAX_TEXT_BYTES,
): { kept: T[]; leftOut: string[] } {
  const sizes = channels.map((channel) => byteLength(visibleJson(channel)) + 1);
  const idSizes = channels.map(({ Official_Account }) => byteLength(visibleJson({ Official_Account })) + 1);
  let size = FRAME_BYTES + sizes.reduce((total, each) => total + each, 0);
  let count = channels.length;
  while (count > 1 && size > maxBytes) {
    count -= 1;
    size += (idSizes[count] ?? 0) - (sizes[count] ?? 0);
  }
  return {
    kept: channels.slice(0, count),
    leftOut: channels.slice(count).map(({ Official_Account }) => Official_Account),
  };
}
