import { inspect } from "node:util";
import { expect } from "vitest";
import { decodeUserSig } from "../../src/chat-api/user-sig.ts";

/** The key of every application in the tests. */
export const SECRET_KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

/** Fails where a text, or any part of an error, shows the key, a UserSig, or the signature inside one. */
export function expectNoSecret(told: unknown): void {
  const text = typeof told === "string" ? told : inspect(told, { depth: 10, showHidden: true });
  expect(text.includes(SECRET_KEY), "the secret key is shown").toBe(false);
  const userSigs = (text.match(/eJ[A-Za-z0-9*_-]{80,}/g) ?? []).filter((word) => decodeUserSig(word));
  expect(userSigs, "a UserSig is shown").toEqual([]);
  expect(text.includes("TLS.sig"), "a decoded UserSig is shown").toBe(false);
}
