import { createHmac } from "node:crypto";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Secrets } from "../../../src/chat-api/auth/secrets.ts";
import { type Credential, decodeUserSig, Signer } from "../../../src/chat-api/auth/user-sig.ts";
import { verifyQuery } from "../../../src/sandbox/verify-signature.ts";

fc.configureGlobal({ seed: 20261122 });
const APP = 1400000321;
const KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const DAY = 86_400;

function signerWith(credential: Credential, more: { sdkAppId?: number; identifier?: string } = {}) {
  return new Signer({ sdkAppId: APP, identifier: "administrator", ...more, credential, secrets: new Secrets() });
}

/** The UserSig to send now; fails where there is a problem instead. */
function currentOf(signer: Signer): string {
  const signature = signer.current();
  if ("problem" in signature) throw new Error(signature.problem);
  return signature.userSig;
}

function problemOf(userSig: string, nowSeconds: number): string {
  vi.useFakeTimers({ toFake: ["Date"], now: nowSeconds * 1000 });
  const signature = signerWith({ userSig }).current();
  if ("userSig" in signature) throw new Error("this should have a problem");
  return signature.problem;
}

const UNSIGNED = {
  "TLS.ver": "2.0",
  "TLS.identifier": "administrator",
  "TLS.sdkappid": APP,
  "TLS.time": 1_700_000_000,
  "TLS.expire": DAY,
};

/** A UserSig made from the documented recipe, without the library. */
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
  test("made here can be read back, and is verified by independent code", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
        fc.integer({ min: 1, max: 4_294_967_295 }),
        (identifier, sdkAppId) => {
          const signer = signerWith({ secretKey: KEY }, { sdkAppId, identifier });
          const userSig = currentOf(signer);
          expect(decodeUserSig(userSig)).toMatchObject({ sdkAppId, identifier });
          const query = queryOf(userSig, identifier);
          query.set("sdkappid", String(sdkAppId));
          const account = { sdkAppId, secretKey: KEY, admins: [identifier] };
          expect(verifyQuery(query, account, Date.now() / 1000)).toBe(0);
          expect(verifyQuery(query, { ...account, secretKey: `${KEY}x` }, Date.now() / 1000)).toBe(70009);
        },
      ),
    );
  });

  test("made elsewhere from the documented recipe is read completely", () => {
    expect(decodeUserSig(handMade())).toEqual({
      sdkAppId: APP,
      identifier: "administrator",
      expiresAt: 1_700_086_400,
    });
  });

  test("that was cut anywhere is not one", () => {
    fc.assert(
      fc.property(fc.nat(200), (length) => {
        const whole = handMade();
        fc.pre(length < whole.length - 8);
        expect(decodeUserSig(whole.slice(0, length))).toBeUndefined();
      }),
    );
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
  ])("that is %s has a problem that is known without the key", (_what, userSig, code) => {
    const problem = problemOf(userSig, 1_700_000_100);
    expect(problem).toContain(code);
    expect(problem).not.toContain(userSig);
  });

  test("is good until the second it expires", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_086_399_000 });
    expect(currentOf(signerWith({ userSig: handMade() }))).toBe(handMade());
    expect(problemOf(handMade(), 1_700_086_400)).toContain("expired on Wed, 15 Nov 2023 22:13:20 GMT");
  });
});

describe("the signer", () => {
  test("uses one signature for many calls, and makes a new one before it expires", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = signerWith({ secretKey: KEY });
    const first = currentOf(signer);
    vi.setSystemTime(1_700_000_000_000 + (DAY - 3_600) * 1000);
    expect(currentOf(signer)).toBe(first);
    vi.setSystemTime(1_700_000_000_000 + (DAY - 3_599) * 1000);
    const second = currentOf(signer);
    expect(second).not.toBe(first);
    expect(decodeUserSig(second)?.expiresAt).toBe(1_700_000_000 + DAY - 3_599 + DAY);
  });

  test("makes a new one after the clock was set back", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = signerWith({ secretKey: KEY });
    currentOf(signer);
    vi.setSystemTime(1_699_999_000_000);
    expect(decodeUserSig(currentOf(signer))?.expiresAt).toBe(1_699_999_000 + DAY);
  });

  test("makes a new one after the current one was refused, and keeps a newer one", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const signer = signerWith({ secretKey: KEY });
    const refused = currentOf(signer);
    expect(signer.renew(refused, false)).toBe(false); // a wrong key makes no better one
    expect(currentOf(signer)).toBe(refused);
    vi.setSystemTime(1_700_000_001_000);
    expect(signer.renew(refused, true)).toBe(true);
    const newer = currentOf(signer);
    expect(newer).not.toBe(refused);
    vi.setSystemTime(1_700_000_002_000);
    expect(signer.renew(refused, true)).toBe(true);
    expect(currentOf(signer)).toBe(newer);
  });

  test("returns a ready-made one until it expires, and cannot make another", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const userSig = handMade();
    const signer = signerWith({ userSig });
    expect(currentOf(signer)).toBe(userSig);
    expect(signer.renew(userSig, true)).toBe(false);
    vi.setSystemTime(1_700_086_400_000);
    expect(signer.current()).toEqual({ problem: expect.stringContaining("code 70001") });
  });

  test("makes every credential and every signature known as a secret", () => {
    const secrets = new Secrets();
    const signer = new Signer({ sdkAppId: APP, identifier: "a", credential: { secretKey: KEY }, secrets });
    const first = currentOf(signer);
    signer.renew(first, true);
    const second = currentOf(signer);
    expect(second).not.toBe(first);
    expect(secrets.redact(`${KEY} ${first} ${second}`)).toBe("[secret] [secret] [secret]");
    new Signer({ sdkAppId: APP, identifier: "a", credential: { userSig: "a-ready-made-one" }, secrets });
    expect(secrets.appearIn("holds a-ready-made-one")).toBe(true);
  });

  describe("with a file", () => {
    function withFile(credential: Credential) {
      const file: { content: Credential | undefined } = { content: credential };
      const secrets = new Secrets();
      const warnings: string[] = [];
      const options = { readFile: () => file.content, warn: (text: string) => void warnings.push(text) };
      const signer = new Signer({ sdkAppId: APP, identifier: "administrator", credential, secrets, ...options });
      return { signer, secrets, file, warnings };
    }

    test("takes what it holds when it is told to, and says so", () => {
      const { signer, secrets, file, warnings } = withFile({ secretKey: KEY });
      currentOf(signer);
      expect(signer.refresh()).toBe(false);
      file.content = { secretKey: `${KEY}x` };
      expect(signer.refresh()).toBe(true);
      expect(warnings).toEqual([expect.stringContaining("holds another one now")]);
      const query = queryOf(currentOf(signer));
      expect(
        verifyQuery(query, { sdkAppId: APP, secretKey: `${KEY}x`, admins: ["administrator"] }, Date.now() / 1000),
      ).toBe(0);
      expect(secrets.appearIn(`${KEY}x`)).toBe(true);
    });

    test("reads it again when the service refused a signature", () => {
      const { signer, file } = withFile({ secretKey: KEY });
      const refused = currentOf(signer);
      expect(signer.renew(refused, false)).toBe(false);
      file.content = { secretKey: `${KEY}x` };
      expect(signer.renew(refused, false)).toBe(true);
      expect(currentOf(signer)).not.toBe(refused);
    });

    test("goes on with what it has while the file holds nothing", () => {
      const { signer, file } = withFile({ secretKey: KEY });
      const first = currentOf(signer);
      file.content = undefined;
      expect(signer.refresh()).toBe(false);
      expect(currentOf(signer)).toBe(first);
    });

    test("keeps a good ready-made UserSig where the file holds a worse one, and takes another one for a bad one", () => {
      vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
      const { signer, secrets, file } = withFile({ userSig: handMade() });
      for (const worse of [
        handMade().slice(0, 100),
        "ServiceUnavailableError",
        handMade({ "TLS.sdkappid": 1 }),
        handMade({ "TLS.expire": -1 }),
      ]) {
        file.content = { userSig: worse };
        expect(signer.refresh()).toBe(false);
        expect(currentOf(signer)).toBe(handMade());
        expect(secrets.appearIn(worse)).toBe(true);
      }
      vi.setSystemTime(1_700_000_000_000 + DAY * 1000);
      expect(signer.refresh()).toBe(true);
      expect(signer.current()).toHaveProperty("problem");
    });
  });

  test("warns once that a ready-made one expires within a day, and once within an hour", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const warnings: string[] = [];
    const credential = { userSig: handMade({ "TLS.expire": 2 * DAY }) };
    const warn = (text: string) => void warnings.push(text);
    const options = { sdkAppId: APP, identifier: "administrator", credential, secrets: new Secrets(), warn };
    const signer = new Signer(options);
    for (const hours of [0, 10, 25, 26, 47.5, 47.6]) {
      vi.setSystemTime(1_700_000_000_000 + hours * 3_600_000);
      currentOf(signer);
    }
    expect(warnings).toEqual([
      "The ready-made UserSig expires in 1380 minutes.",
      "The ready-made UserSig expires in 30 minutes.",
    ]);
  });
});
