import { describe, expect, test } from "vitest";
import { ERROR_CODES, meaningOf } from "../../src/chat-api/error-codes/index.ts";
import { remarkOnClock, ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import documented from "../contract/documented-codes.json" with { type: "json" };

describe("the table of error codes", () => {
  test("has a row for every documented code, and no other", () => {
    const codes = Object.values(documented).flat();
    expect(codes).toHaveLength(78);
    expect([...ERROR_CODES.keys()].sort((a, b) => a - b)).toEqual(codes.sort((a, b) => a - b));
  });

  test.each(Object.entries(documented))("treats every code of the class %s as such", (kind, codes) => {
    const ours = kind === "auth" ? ["credentials", "signAgain"] : kind === "ambiguous" ? ["once"] : [kind];
    for (const code of codes) expect(ours, `${code}`).toContain(meaningOf(code).kind);
  });

  test("tells no two codes by the same cause", () => {
    const causes = [...ERROR_CODES.values()].map(({ cause }) => cause);
    expect(new Set(causes).size).toBe(causes.length);
  });

  test("gives every code a cause and a next step that read as sentences", () => {
    for (const { code, cause, nextStep } of ERROR_CODES.values()) {
      expect(cause, `${code}`).toMatch(/^[A-Z][^\n]{10,}[^.]$/);
      expect(nextStep, `${code}`).toMatch(/^[A-Z][^\n]{10,}\.$/);
    }
  });

  test("calls only those safe to send again that may go again", () => {
    expect(meaningOf(60007)).toMatchObject({ kind: "rate", safeToResend: true });
    expect(meaningOf(20005)).toMatchObject({ kind: "transient", safeToResend: true });
    expect(meaningOf(10004)).toMatchObject({ kind: "once", safeToResend: true });
    expect(meaningOf(70009)).toMatchObject({ kind: "credentials", safeToResend: false });
    expect(meaningOf(130004)).toMatchObject({ kind: "request", safeToResend: false });
    expect(meaningOf(60020)).toMatchObject({ kind: "config", safeToResend: false });
  });

  test("signs again for three codes alone", () => {
    const codes = [...ERROR_CODES.values()].filter(({ kind }) => kind === "signAgain").map(({ code }) => code);
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
  ])("explains the unknown code %i by its range", (code, who, range) => {
    const meaning = meaningOf(code);
    expect(meaning.cause).toContain(who);
    expect(meaning.cause).toContain(range);
    expect(meaning).toMatchObject({ code, safeToResend: false });
  });

  test("explains a code outside every range", () => {
    for (const code of [-5, 80_000, 129_999, 132_000])
      expect(meaningOf(code).cause).toContain("outside every documented range");
    expect(meaningOf(999_999).fixedBy).toBe("tencent");
  });
});

describe("a refusal by the service", () => {
  test("hints at an ID that lacks the prefix, only where the ID may be at fault", () => {
    const refusal = new ServiceRefusal({ ErrorCode: 130007 });
    refusal.call = { attempts: 1, writes: false, channelIds: ["news", "@TOA#_x", "daily"] };
    expect(refusal.explanation.cause).toBe(
      "The channel ID is malformed. Channel IDs start with @TOA#_; the one given does not.",
    );
    const other = new ServiceRefusal({ ErrorCode: 60007 });
    other.call = refusal.call;
    expect(other.explanation.cause).not.toContain("@TOA#_");
  });

  test("speaks of the clock only where a signature was refused", () => {
    expect(new ServiceRefusal({ ErrorCode: 70001 }, "The clock is off.").explanation.cause).toContain(
      "The clock is off.",
    );
    expect(new ServiceRefusal({ ErrorCode: 70009 }, "The clock is off.").explanation.cause).toContain(
      "The clock is off.",
    );
    expect(new ServiceRefusal({ ErrorCode: 130004 }, "The clock is off.").explanation.cause).not.toContain("clock");
  });

  test("remarks on a clock that is off by more than two minutes, ahead or behind", () => {
    const server = "Sun, 22 Nov 2026 10:00:00 GMT";
    const at = (seconds: number) => remarkOnClock(server, Date.parse(server) + seconds * 1000);
    expect([at(0), at(120), at(-120), remarkOnClock(undefined, 0), remarkOnClock("soon", 0)]).toEqual(
      Array(5).fill(""),
    );
    expect(at(121)).toBe(
      "This machine's clock is 2 minutes ahead of the server's Date (Sun, 22 Nov 2026 10:00:00 GMT): set the clock right.",
    );
    expect(at(-600)).toContain("is 10 minutes behind the server's Date");
  });

  test("leaves the outcome of a write open where the service may have carried it out", () => {
    expect(new ServiceRefusal({ ErrorCode: 60008 }).leavesOutcomeOpen).toBe(true);
    expect(new ServiceRefusal({ ErrorCode: 10004 }).leavesOutcomeOpen).toBe(true);
    expect(new ServiceRefusal({ ErrorCode: 130004 }).leavesOutcomeOpen).toBe(false);
    expect(new ServiceRefusal({ ErrorCode: 60007 }).leavesOutcomeOpen).toBe(false);
    expect(new ServiceRefusal({ ActionStatus: "FAIL", ErrorCode: 130004 }).leavesOutcomeOpen).toBe(false);
    expect(new ServiceRefusal({ ActionStatus: "OK", ErrorCode: 130004 }).leavesOutcomeOpen).toBe(true);
  });
});
