import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { examine, readOutJournal } from "../src/doctor.ts";
import { Journal } from "../src/guard/journal.ts";
import { readSettings } from "../src/settings/settings.ts";
import { expectNoSecret } from "./support/secrets.ts";
import { environmentOf, GET, startSandbox } from "./support/service.ts";

async function examined(endpoint: URL | undefined, more: Record<string, string> = {}, asJson = false) {
  const lines: string[] = [];
  const reading = readSettings(endpoint ? environmentOf(endpoint, more) : more, false, () => "");
  const isWell = await examine({
    reading,
    reach: async ({ endpoint: at }) => ({ endpoint: at ?? new URL("http://127.0.0.1:9"), close: async () => {} }),
    version: "0",
    asJson,
    print: (line) => lines.push(line),
  });
  expectNoSecret(lines.join("\n"));
  return { isWell, lines, text: lines.join("\n") };
}

function journalFile(): string {
  const place = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return join(place, "journal.jsonl");
}

describe("the doctor", () => {
  test("says well of each thing that is, a line each", async () => {
    const sandbox = await startSandbox();
    const journal = journalFile();
    const { isWell, lines } = await examined(sandbox.endpoint, {
      TENCENT_CHAT_READ_ONLY: "true",
      TENCENT_CHAT_JOURNAL: journal,
      HTTPS_PROXY: "http://proxy.example:8080",
    });
    expect(isWell).toBe(true);
    expect(lines.map((line) => line.slice(0, 13).trim())).toEqual([
      "✓ settings",
      "✓ host",
      "✓ proxy",
      "✓ signature",
      "✓ allowed",
      "✓ allowed",
      "✓ allowed",
      "✓ journal",
      "✓ service",
      "All is well.",
    ]);
    expect(lines.join("\n")).toContain("modify_subscriber_info: off (TENCENT_CHAT_READ_ONLY)");
    expect(lines.join("\n")).toContain("proxy.example:8080");
    expect(lines.join("\n")).toContain(`${journal} is writable`);
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET]);
  });

  test("says what is wrong with the settings, and goes no further", async () => {
    const { isWell, lines } = await examined(undefined, { TENCENT_CHAT_SDKAPPID: "x" });
    expect(isWell).toBe(false);
    expect(lines.slice(0, -1).every((line) => line.startsWith("✗ settings"))).toBe(true);
    expect(lines.at(-1)).toBe("Fix the lines with ✗, then run the doctor again.");
  });

  test("says what is wrong with a ready-made UserSig, a journal and the way", async () => {
    const { isWell, text } = await examined(new URL("http://127.0.0.1:9"), {
      TENCENT_CHAT_SECRET_KEY: "",
      TENCENT_CHAT_USERSIG: "cut",
      TENCENT_CHAT_JOURNAL: "/nowhere/at/all",
    });
    expect(isWell).toBe(false);
    expect(text).toMatch(/✗ signature {3}TENCENT_CHAT_USERSIG cannot be used/);
    expect(text).toMatch(/✗ journal {5}\/nowhere\/at\/all cannot be written \(ENOENT\)/);
    expect(text).toMatch(/✗ service/);
  });

  test("takes a service that refuses the whole read of nobody as proof as well, and no other code", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ meets: { code: 130007 } }, { meets: { code: 60020 } });
    expect((await examined(sandbox.endpoint)).text).toContain("✓ service     reached, signature accepted");
    expect((await examined(sandbox.endpoint)).text).toContain("✗ service     60020: The plan was not bought");
    sandbox.channels.set("@TOA#_doctor_asks_for_nobody", {
      facts: {} as never,
      maxSubscriberNum: 1,
      subscribers: new Map(),
    });
    expect((await examined(sandbox.endpoint)).text).toContain("✗ service     answered 0 where 130004 was expected");
  });

  test("tells the same to a program", async () => {
    const { isWell, findings } = JSON.parse((await examined((await startSandbox()).endpoint, {}, true)).text);
    expect(isWell).toBe(true);
    expect(findings[0]).toEqual({
      about: "settings",
      isWell: true,
      told: expect.stringContaining("secret key present"),
    });
  });
});

describe("the journal read out", () => {
  const read = (path: string | undefined, asJson = false) => {
    const lines: string[] = [];
    const isWell = readOutJournal(path, asJson, (line) => lines.push(line));
    return { isWell, text: lines.join("\n") };
  };

  test("shows each write with its end and its undo", () => {
    const path = journalFile();
    const journal = new Journal(path, 1);
    const undo = { tool: "t", arguments: { Name: "A" } };
    journal.begin({
      tool: "t",
      channel: "@TOA#_x",
      client: "c\u202e",
      changes: [{ field: "Name", before: "A", after: "B" }],
      undo,
    })({ outcome: "applied" });
    journal.begin({
      tool: "s",
      channel: "@TOA#_x",
      subscriber: "u",
      client: "c",
      changes: [{ field: "CustomString", after: "v" }],
    })({ outcome: "refused", code: 131003, cancelled: true });
    journal.begin({ tool: "t", channel: "@TOA#_y", client: "c", changes: [] });
    const { isWell, text } = read(path);
    expect(isWell).toBe(true);
    expect(text).toMatch(
      /sandbox {2}t {2}"@TOA#_x" {2}by "c\\u202e" {2}applied\n {4}Name: "A" → "B"\n {4}undo: t \{"Name":"A"\}/,
    );
    expect(text).toMatch(
      /s {2}"@TOA#_x" subscriber "u" {2}by "c" {2}refused \(131003\), cancelled\n {4}CustomString: \(not readable\) → "v"/,
    );
    expect(text).toContain("unknown: the process stopped in the middle");
    expect(JSON.parse(read(path, true).text).writes).toHaveLength(3);
  });

  test("says where there is none, where it is empty, and where lines are broken", () => {
    expect(read(undefined)).toEqual({
      isWell: false,
      text: "✗ There is no journal: set TENCENT_CHAT_JOURNAL to a file.",
    });
    expect(read("/nowhere/at/all").text).toContain("cannot be read (ENOENT)");
    const path = journalFile();
    appendFileSync(path, "\n");
    expect(read(path)).toEqual({ isWell: true, text: "The journal holds no writes." });
    appendFileSync(path, '{"half\n{"event":"intent"}\n');
    expect(read(path)).toEqual({
      isWell: false,
      text: "The journal holds no writes.\n✗ 2 of its lines cannot be read.",
    });
  });
});
