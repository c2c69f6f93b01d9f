import { inspect } from "node:util";
import { constants, inflateSync } from "node:zlib";
import { expect } from "vitest";

/** The key of every application in the tests. */
export const SECRET_KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

/** Fails where a text, or any part of an error, shows the key, a UserSig or the half of one, or what is inside. */
export function expectNoSecret(output: unknown): void {
  const text = typeof output === "string" ? output : inspect(output, { depth: 10, showHidden: true });
  expect(text.includes(SECRET_KEY), "the secret key is shown").toBe(false);
  const userSigs = (text.match(/eJ[w-z][A-Za-z0-9*_-]{40,}/g) ?? []).filter(beginsLikeUserSig);
  expect(userSigs, "a UserSig is shown").toEqual([]);
  expect(text.includes("TLS.sig"), "a decoded UserSig is shown").toBe(false);
}

function beginsLikeUserSig(word: string): boolean {
  const base64 = word.replaceAll("*", "+").replaceAll("-", "/").replaceAll("_", "=");
  try {
    const whatIsThere = { finishFlush: constants.Z_SYNC_FLUSH };
    return inflateSync(Buffer.from(base64, "base64"), whatIsThere).includes("TLS.");
  } catch {
    return false;
  }
}
