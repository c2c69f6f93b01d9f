import { createHmac } from "node:crypto";
import { deflateSync } from "node:zlib";
import { fc, test } from "@fast-check/vitest";
import { afterEach, describe, expect, vi } from "vitest";
import { NotSent } from "../../src/chat-api/network-failure.ts";
import { decodeUserSig, Signer } from "../../src/chat-api/user-sig.ts";
import { verifyQuery } from "../../src/sandbox/signature.ts";

fc.configureGlobal({ seed: 20261122 });
const APP = 1400000321;
const KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const DAY = 86_400;

const UNSIGNED = {
  "TLS.ver": "2.0",
  "TLS.identifier": "administrator",
  "TLS.sdkappid": APP,
  "TLS.time": 1_700_000_000,
  "TLS.expire": DAY,
};

/** A UserSig made from the documented recipe, by hand. */
function handMade(more: Record<string, unknown> = {}, key = KEY): string {
  const parts = { ...UNSIGNED, ...more };
  const text = ["identifier", "sdkappid", "time", "expire"]
    .map((name) => `TLS.${name}:${parts[`TLS.${name}` as keyof typeof parts]}\n`)
    .join("");
  const signed = { ...parts, "TLS.sig": createHmac("sha256", key).update(text).digest("base64") };
  return deflateSync(JSON.stringify(signed))
    .toString("base64")
    .replaceAll("+", "*")
    .replaceAll("/", "-")
    .replaceAll("=", "_");
}

function queryOf(userSig: string, identifier = "administrator"): URLSearchParams {
  return new URLSearchParams({ sdkappid: String(APP), identifier, usersig: userSig, random: "1", contenttype: "json" });
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a UserSig", () => {
  test.prop([fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), fc.integer({ min: 1, max: 4_294_967_295 })])(
    "made here reads back, and verifies by another hand",
    (identifier, sdkAppId) => {
      const signer = new Signer({ sdkAppId, identifier, credential: { secretKey: KEY } });
      const userSig = signer.current();
      expect(decodeUserSig(userSig)).toMatchObject({ sdkAppId, identifier });
      const query = queryOf(userSig, identifier);
      query.set("sdkappid", String(sdkAppId));
      const account = { sdkAppId, secretKey: KEY, admins: [identifier] };
      expect(verifyQuery(query, account, Date.now() / 1000)).toBe(0);
      expect(verifyQuery(query, { ...account, secretKey: `${KEY}x` }, Date.now() / 1000)).toBe(70009);
    },
  );

  test("made elsewhere from the documented recipe is read whole", () => {
    expect(decodeUserSig(handMade())).toEqual({
      sdkAppId: APP,
      identifier: "administrator",
      madeAt: 1_700_000_000,
      endsAt: 1_700_086_400,
    });
  });

  test.prop([fc.nat(200)])("that was cut anywhere is not one", (length) => {
    const whole = handMade();
    fc.pre(length < whole.length - 8);
    expect(decodeUserSig(whole.slice(0, length))).toBeUndefined();
  });

  test.each([
    ["no text", ""],
    ["no deflate", "hello"],
    ["no JSON", deflateSync("hello").toString("base64")],
    ["no identifier", handMade({ "TLS.identifier": 5 })],
    ["a time that is no number", handMade({ "TLS.time": "soon" })],
    ["an application that is no number", handMade({ "TLS.sdkappid": "x" })],
    ["no expiry", handMade({ "TLS.expire": undefined })],
    ["no signature", deflateSync(JSON.stringify({ ...UNSIGNED, "TLS.sig": 5 })).toString("base64")],
    ["a bomb", handMade({ pad: "x".repeat(20_000) })],
  ])("is not read from %s", (_what, text) => {
    expect(decodeUserSig(text)).toBeUndefined();
  });

  test.each([
    ["unreadable", "garbage", "70003"],
    ["of another application", handMade({ "TLS.sdkappid": 5 }), "70014"],
    ["of another account", handMade({ "TLS.identifier": "somebody" }), "70013"],
    ["expired", handMade({ "TLS.time": 1_600_000_000 }), "70001"],
  ])("that is %s is told apart without the key", (_what, userSig, code) => {
    const { cause } = refusalOf(userSig, 1_700_000_100).explanation;
    expect(cause).toContain(code);
    expect(cause).toContain("Nothing was sent");
    expect(cause).not.toContain(userSig);
  });

  test("is good until the second it ends", () => {
    expect(readyMade(handMade(), 1_700_086_399).current()).toBe(handMade());
    expect(refusalOf(handMade(), 1_700_086_400).explanation.cause).toContain(
      "expired on Wed, 15 Nov 2023 22:13:20 GMT",
    );
  });
});

function readyMade(userSig: string, nowSeconds: number): Signer {
  return new Signer({
    sdkAppId: APP,
    identifier: "administrator",
    credential: { userSig },
    now: () => nowSeconds * 1000,
  });
}

function refusalOf(userSig: string, nowSeconds: number): NotSent {
  try {
    readyMade(userSig, nowSeconds).current();
  } catch (failure) {
    if (failure instanceof NotSent) return failure;
    throw failure;
  }
  throw new Error("this should have been refused");
}

describe("the signer", () => {
  test("makes one signature for many calls, and a new one before it ends", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { secretKey: KEY } });
    const first = signer.current();
    vi.setSystemTime(1_700_000_000_000 + (DAY - 3_600) * 1000);
    expect(signer.current()).toBe(first);
    vi.setSystemTime(1_700_000_000_000 + (DAY - 3_599) * 1000);
    const second = signer.current();
    expect(second).not.toBe(first);
    expect(decodeUserSig(second)?.endsAt).toBe(1_700_000_000 + DAY - 3_599 + DAY);
  });

  test("signs again where the clock jumped back", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { secretKey: KEY } });
    signer.current();
    vi.setSystemTime(1_699_999_000_000);
    expect(decodeUserSig(signer.current())?.madeAt).toBe(1_699_999_000);
  });

  test("makes a new one when told that the one in use was refused, and keeps a newer one", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { secretKey: KEY } });
    expect(signer.signAgain("never made here")).toBe(true);
    const refused = signer.current();
    vi.setSystemTime(1_700_000_001_000);
    expect(signer.signAgain(refused)).toBe(true);
    const newer = signer.current();
    expect(newer).not.toBe(refused);
    vi.setSystemTime(1_700_000_002_000);
    signer.signAgain(refused);
    expect(signer.current()).toBe(newer);
  });

  test("hands out a ready-made one until it ends, and cannot make another", () => {
    let now = 1_700_000_000_000;
    const userSig = handMade();
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { userSig }, now: () => now });
    expect(signer.current()).toBe(userSig);
    expect(signer.signAgain(userSig)).toBe(false);
    now = 1_700_086_400_000;
    const { explanation } = refusalOf(userSig, now / 1000);
    expect(explanation).toMatchObject({ stage: "settings", fixedBy: "operator", attempts: 0 });
    expect(() => signer.current()).toThrow(NotSent);
  });

  test("knows its secrets in any text", () => {
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { secretKey: KEY } });
    expect(signer.appearsIn(`my key is ${KEY}!`)).toBe(true);
    expect(signer.appearsIn(`?usersig=${signer.current()}&x`)).toBe(true);
    expect(signer.appearsIn(`somebody's ${handMade({ "TLS.sdkappid": 7 })}`)).toBe(true);
    expect(signer.appearsIn(KEY.slice(1))).toBe(false);
    expect(signer.appearsIn(`eJ${"x".repeat(200)}`)).toBe(false);
    expect(signer.scrub(`eJxAAeJyBB${handMade()}`)).toBe("[secret]");
    expect(signer.scrub(`?a=1&usersig=${signer.current()}&b=2`)).toBe("?a=1&usersig=[secret]&b=2");
    const ready = new Signer({
      sdkAppId: APP,
      identifier: "administrator",
      credential: { userSig: "a-ready-made-one" },
    });
    expect(ready.appearsIn("holds a-ready-made-one")).toBe(true);
  });

  test("looks through a megabyte that was made to be slow in no time, and lets go of none of it", () => {
    const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential: { secretKey: KEY } });
    expect(signer.scrub("eJw".repeat(350_000))).toBe("[secret]");
    expect(signer.scrub(`${"eJwAAAAA ".repeat(100_000)}${handMade()}`)).toMatch(/ \[secret\]$/);
    const harmless = "eJ".repeat(500_000);
    expect(signer.scrub(harmless)).toBe(harmless);
    expect(signer.scrub(`${"x".repeat(100)}eJw${"x".repeat(100)}`)).toContain("eJw");
  });
});
