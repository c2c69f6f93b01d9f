import { describe, expect, test } from "vitest";
import { ERROR_CODES, lookUpCode } from "../../src/chat-api/errors/error-codes.ts";
import { replyKindOf } from "../../src/chat-api/errors/failure.ts";
import { codeFailure, describeClockSkew } from "../../src/chat-api/http/response.ts";
import { explanationOf, type FailedCall } from "../../src/explanations/explain.ts";
import { FIXES } from "../../src/explanations/fixes.ts";
import documented from "../contract/documented-codes.json" with { type: "json" };

const CALL: FailedCall = { channelIds: ["@TOA#_x"], sdkAppId: 1400000321, attempts: 1 };

describe("the table of error codes", () => {
  test("has a row for every documented code, and no other", () => {
    const codes = Object.values(documented).flat();
    expect(codes.length).toBeGreaterThanOrEqual(74);
    expect(ERROR_CODES.map(({ code }) => code).sort((a, b) => a - b)).toEqual(codes.sort((a, b) => a - b));
  });

  test.each(Object.entries(documented))("treats every code of the class %s as such", (kind, codes) => {
    for (const code of codes) expect(lookUpCode(code).kind, `${code}`).toBe(kind);
  });

  test("describes no two codes by the same cause", () => {
    const causes = ERROR_CODES.filter(({ code }) => code !== 10010).map(({ cause }) => cause); // it says what 130004 says
    expect(new Set(causes).size).toBe(causes.length);
  });

  test("gives every code a cause and a fix that are sentences", () => {
    for (const { code, cause, fix } of ERROR_CODES) {
      expect(cause, `${code}`).toMatch(/^[A-Z][^\n]{10,}[^.]$/);
      expect(FIXES[fix].step, `${code}`).toMatch(/^[A-Z][^\n]{10,}\.$/);
    }
  });

  test("calls only those codes safe to resend that may be sent again", () => {
    const isSafe = (code: number) => explanationOf(codeFailure({ ErrorCode: code }), CALL).safeToResend;
    expect([60007, 20005, 10004].map(isSafe)).toEqual([true, true, true]);
    expect([70001, 70009, 130004, 60020, 424242].map(isSafe)).toEqual([false, false, false, false, false]);
  });

  test("asks for a new signature after three codes only", () => {
    const codes = ERROR_CODES.filter(({ kind }) => kind === "expired").map(({ code }) => code);
    expect(codes).toEqual([20002, 70001, 70052]);
  });

  test.each([
    [70346, "account service", "70000–79999"],
    [60999, "gateway", "60000–69999"],
    [131999, "official-channel service", "130000–131999"],
    [1, "backend", "1–59999"],
    [59_999, "backend", "1–59999"],
    [60_000, "gateway", "60000–69999"],
    [79_999, "account service", "70000–79999"],
    [130_000, "official-channel service", "130000–131999"],
  ])("explains the unlisted code %i by its range", (code, who, range) => {
    const meaning = lookUpCode(code);
    expect(meaning.cause).toContain(who);
    expect(meaning.cause).toContain(range);
    expect(meaning).toMatchObject({ code, kind: "unlisted" });
  });

  test("explains a code outside every range", () => {
    for (const code of [-5, 80_000, 129_999, 132_000])
      expect(lookUpCode(code).cause).toContain("outside every documented range");
    expect(FIXES[lookUpCode(999_999).fix].fixedBy).toBe("tencent");
  });
});

describe("an error of the service", () => {
  const errorFor = (ErrorCode: number, more: Partial<FailedCall> = {}, clockNote = "") =>
    explanationOf(codeFailure({ ErrorCode }, clockNote), { ...CALL, ...more });

  test("hints at an ID that lacks the prefix, only where the ID may be the cause", () => {
    const channelIds = ["news", "@TOA#_x", "daily"];
    expect(errorFor(130007, { channelIds }).cause).toBe(
      "The channel ID is malformed. Channel IDs start with @TOA#_; the one given does not.",
    );
    expect(errorFor(60007, { channelIds }).cause).not.toContain("@TOA#_");
  });

  test("names invisible characters in an ID", () => {
    expect(errorFor(130004, { channelIds: ["@TOA#_x\u200b"] }).cause).toContain("invisible characters (U+200B)");
  });

  test.each([130002, 130004, 130007, 131003])(
    "with code %i speaks of both IDs where a subscriber was named",
    (code) => {
      const { cause, nextStep } = errorFor(code, { subscriber: "107867" });
      expect(`${cause} ${nextStep}`).toMatch(/channel/i);
      expect(`${cause} ${nextStep}`).toMatch(/subscriber/i);
      expect(nextStep).toContain("ErrorInfo");
    },
  );

  test("names the application by its number, and says that the host must be restarted", () => {
    expect(errorFor(131000).cause).toContain("SDKAppID 1400000321");
    expect(errorFor(70009).cause).toContain("SDKAppID 1400000321");
    expect(errorFor(70009).nextStep).toMatch(
      /^Stop and tell the person who runs this server: copy .*TENCENT_CHAT_SECRET_KEY .*restart the MCP host/,
    );
  });

  test("leaves no placeholder in any text", () => {
    for (const { code } of ERROR_CODES) {
      const { cause, nextStep } = errorFor(code, { subscriber: "1" });
      expect(`${cause} ${nextStep}`).not.toMatch(/[{}]/);
    }
  });

  test("says when to stop wherever it suggests another try", () => {
    for (const { code } of ERROR_CODES) {
      const { nextStep } = errorFor(code);
      if (/^Call again/.test(nextStep)) expect(nextStep, `${code}`).toMatch(/stop and (ask|tell)|then tell the person/);
    }
  });

  test("mentions the clock only where a signature was refused", () => {
    expect(errorFor(70001, {}, "The clock is off.").cause).toContain("The clock is off.");
    expect(errorFor(70009, {}, "The clock is off.").cause).toContain("The clock is off.");
    expect(errorFor(130004, {}, "The clock is off.").cause).not.toContain("clock");
  });

  test("never claims that nothing was changed", () => {
    for (const { code } of ERROR_CODES) expect(errorFor(code).cause).not.toContain("changed");
  });
});

test("a clock that is off by more than two minutes is described, ahead or behind", () => {
  const server = "Sun, 22 Nov 2026 10:00:00 GMT";
  const at = (seconds: number) => describeClockSkew(server, Date.parse(server) + seconds * 1000);
  expect([at(0), at(120), at(-120), describeClockSkew(undefined, 0), describeClockSkew("soon", 0)]).toEqual(
    Array(5).fill(""),
  );
  expect(at(121)).toBe(
    "This machine's clock is 2 minutes ahead of the server's Date (Sun, 22 Nov 2026 10:00:00 GMT): set the clock.",
  );
  expect(at(-600)).toContain("is 10 minutes behind the server's Date");
});

test("codes that do not say whether a request was carried out are no answer", () => {
  const kindOf = (ErrorCode: number, ActionStatus?: string) => replyKindOf(codeFailure({ ErrorCode, ActionStatus }));
  for (const code of [60008, 20005, 10004, 60004, 60005, 424242]) expect(kindOf(code), `${code}`).toBe("noAnswer");
  for (const code of [130004, 60007, 70003, 60020]) expect(kindOf(code), `${code}`).toBe("refused");
  expect([kindOf(130004, "FAIL"), kindOf(130004, "OK")]).toEqual(["refused", "noAnswer"]);
});
