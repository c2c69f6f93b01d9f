import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secrets } from "../../../src/chat-api/auth/secrets.ts";
import { Signer } from "../../../src/chat-api/auth/user-sig.ts";
import { SECRET_KEY } from "../../support/secrets.ts";

fc.configureGlobal({ seed: 20261122 });

function knownSecrets(): { secrets: Secrets; userSig: string } {
  const secrets = new Secrets();
  const credential = { secretKey: SECRET_KEY };
  const signature = new Signer({ sdkAppId: 1400000321, identifier: "administrator", credential, secrets }).current();
  return { secrets, userSig: "userSig" in signature ? signature.userSig : "" };
}

const { secrets, userSig } = knownSecrets();

/** The longest run of characters that a text has in common with a secret, at least `min` long. */
function sharesRun(text: string, secret: string, min: number): boolean {
  for (let at = 0; at + min <= secret.length; at += 1) if (text.includes(secret.slice(at, at + min))) return true;
  return false;
}

test("an ID that the call named stays readable also inside a longer run", () => {
  const named = ["modify_official_account_base_info", "user-1234567890", SECRET_KEY.slice(20, 30)];
  const run = "a".repeat(32);
  expect(secrets.redactServiceText(`${run}user-1234567890${run}`, named)).toBe("[secret]user-1234567890[secret]");
  expect(secrets.redactServiceText(`no ${named[0]}.`, named)).toBe(`no ${named[0]}.`);
  expect(secrets.redactServiceText("no user-1234567890.", named)).toBe("no user-1234567890.");
  expect(secrets.redactServiceText(`key=${SECRET_KEY}`, named)).toBe("key=[secret]");
});

describe("a known secret", () => {
  test.each([
    ["the key", SECRET_KEY],
    ["the key in capitals", SECRET_KEY.toUpperCase()],
    ["a UserSig", userSig],
  ])("is replaced wherever it is in a text: %s", (_what, secret) => {
    expect(secrets.redact(`?a=${secret}&b ${secret}`)).toBe("?a=[secret]&b [secret]");
    expect(secrets.appearIn(`x${secret}x`)).toBe(true);
  });

  test("is not seen in other text, nor in a part of it", () => {
    expect(secrets.appearIn(SECRET_KEY.slice(1))).toBe(false);
    expect(secrets.redact("a stranger's eJxNjE0LwjAQRP9KyLmUTT8T")).toBe("a stranger's eJxNjE0LwjAQRP9KyLmUTT8T");
    expect(new Secrets().redact("x")).toBe("x");
  });

  test("is replaced in every string of a structure, and nothing else is touched", () => {
    const value = { a: [`x ${SECRET_KEY}`, 5, null, true], b: { c: "plain" } };
    expect(secrets.redactDeep(value)).toEqual({ a: ["x [secret]", 5, null, true], b: { c: "plain" } });
  });

  test("does not hide a longer one that begins the same", () => {
    const both = new Secrets();
    both.add("short-secret");
    both.add("short-secret-and-more");
    expect(both.redact("short-secret-and-more, short-secret")).toBe("[secret], [secret]");
  });
});

describe("the service's text", () => {
  const base64 = Buffer.from(userSig).toString("base64");
  const percent = userSig.replaceAll("*", "%2A").replaceAll("-", "%2D").replaceAll("_", "%5F");
  const escaped = [...userSig]
    .map((char) => (/[*_-]/.test(char) ? `\\u00${char.charCodeAt(0).toString(16)}` : char))
    .join("");

  test.each([
    ["as it is", userSig],
    ["percent-encoded", percent],
    ["percent-encoded twice", percent.replaceAll("%", "%25")],
    ["in base64", base64],
    ["in base64url", Buffer.from(userSig).toString("base64url")],
    ["in hexadecimal", Buffer.from(userSig).toString("hex")],
    ["with escapes", escaped],
    ["inside a URL", `https://host.example/v4?usersig=${userSig}&random=1`],
  ])("never echo a credential: %s, whole or cut anywhere", (_what, echo) => {
    for (let cut = 0; cut < 40; cut += 3) {
      const text = secrets.redactServiceText(`invalid: ${echo.slice(cut, echo.length - cut)}.`);
      if (!echo.startsWith("https:")) expect(sharesRun(text, echo, 32), text).toBe(false);
      expect(sharesRun(text, userSig, 32), text).toBe(false);
    }
  });

  test("never show 32 characters of a secret, wherever it is cut and whatever surrounds it", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.string({ maxLength: 20 }), (from, length, around) => {
        const piece = userSig.slice(from, from + length);
        const text = secrets.redactServiceText(`${around}${piece}${around}`);
        expect(sharesRun(text, userSig, 32)).toBe(false);
      }),
    );
  });

  test("keep ordinary sentences, short words and the IDs of the call", () => {
    const sentence = "official account not exist: @TOA#_test_for_penn (code 130004)";
    expect(secrets.redactServiceText(sentence)).toBe(sentence);
    const id = `@TOA#_${"channel".repeat(6)}`;
    expect(secrets.redactServiceText(`no ${id} here`)).toBe("no @TOA#[secret] here");
    expect(secrets.redactServiceText(`no ${id} here`, ["@TOA#_x", id])).toBe(`no ${id} here`);
    expect(secrets.redactServiceText(`${"a".repeat(20)}x9z${"a".repeat(20)}`, ["x9z", ""])).toBe("[secret]");
  });

  test("keep a RequestId of the usual form, unless it is a secret", () => {
    const usual = "3f0c5b1e-8a6d-4b0e-9a56-1c2d3e4f5a6b-and-more";
    expect(secrets.redactRequestId(usual)).toBe(usual);
    expect(secrets.redactRequestId(SECRET_KEY)).toBe("[secret]");
    expect(secrets.redactRequestId(`a/${"b".repeat(40)}`)).toBe("[secret]");
    expect(secrets.redactRequestId("a".repeat(49))).toBe("[secret]");
  });
});

// What takes quadratic time takes minutes here, which the time limit of the test shows.
test("hundreds of kilobytes of anything are searched in linear time, whatever IDs the call named", {
  timeout: 15_000,
}, () => {
  const texts = ["eJw".repeat(100_000), "%41".repeat(100_000), "5bd2850f ".repeat(35_000), "a".repeat(300_000)];
  const ids = Array.from({ length: 50 }, (_, nth) => `@TOA#_${nth}`.padEnd(66, "x"));
  for (const text of [...texts, ids.join(" ").repeat(90), `${ids[0]} `.repeat(4_500)]) {
    expect(secrets.redactServiceText(text, ids).length).toBeGreaterThan(0);
    secrets.appearIn(text);
  }
});
