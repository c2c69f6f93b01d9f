import { execFile } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  checkChannels,
  type JournalSelection,
  readSince,
  toJson,
  toRow,
  visitEdits,
} from "../../src/commands/journal.ts";
import { Journal, type RecordedEdit } from "../../src/guard/journal.ts";
import { BUILT } from "../support/built.ts";
import { edit, failedRead, goodRead, open as openEdits, rename } from "../support/channel-edits.ts";
import { startHere } from "../support/commands.ts";
import { journalPath } from "../support/folders.ts";
import { DZDP, environmentOf, PENN } from "../support/service.ts";

const IDENTITY = { sdkAppId: 1, label: "test", admin: "a", osUser: "ops", host: "h", pid: 1 };
const COMMON = { tool: "t", channel: "@TOA#_x", client: "c", confirmed: false };
const undoTo = (Name: string) => ({ tool: "t", arguments: { Official_Account: "@TOA#_x", Name } });

const open = (path: string, identity = IDENTITY) => new Journal(path, identity, (line) => line);

/** Records an edit of a name. */
function record(journal: Journal, before: string, after: string, outcome = "applied"): void {
  const undo = undoTo(before);
  const changes = [{ field: "Name", before, after }];
  const ended = outcome === "applied" ? { outcome, changes, undo } : { outcome, changes };
  journal.begin({ ...COMMON, changes, undo }).end(ended);
}

async function list(
  path: string,
  selection: JournalSelection = {},
  format: (edit: RecordedEdit) => string = (edit) => toRow(edit),
) {
  const lines: string[] = [];
  const remarks: string[] = [];
  const ok = await visitEdits(
    path,
    selection,
    (text) => remarks.push(text),
    (edit) => lines.push(format(edit)),
  );
  return { ok, lines, remarks, text: lines.join("\n") };
}

describe("the list of the journal", () => {
  test("shows each edit with its outcome, and the undo only where it makes sense", async () => {
    const path = journalPath();
    const journal = open(path, { ...IDENTITY, label: "te\u202est" });
    const undo = undoTo("A");
    const change = { field: "Name", before: "A", after: "B" };
    const intent = { ...COMMON, confirmed: true, changes: [change], undo };
    journal.begin(intent).end({ outcome: "applied", undo, changes: [change], warnings: ["look"] });
    journal.begin({ ...intent, channel: "@TOA#_refused" }).end({ outcome: "refused", code: 130002 });
    const changes = [{ field: "CustomString", after: "v" }];
    const refused = { outcome: "refused", code: 131003, cancelled: true } as const;
    journal.begin({ ...COMMON, tool: "s", subscriber: "u", changes }).end(refused);
    journal.begin({ ...intent, channel: "@TOA#_y" });
    const { ok, text, remarks } = await list(path);
    expect(ok).toBe(false); // one has no outcome
    const [applied, second, subscriber, stopped] = text.split(/\n(?=\d{4}-)/);
    expect(applied).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}applied {5}te\\u202est {2}@TOA#_x {2}Name: "A" → "B"\n {4}undo: t \{"Official_Account":"@TOA#_x","Name":"A"\}$/,
    );
    expect(second).toMatch(/ {2}refused \(130002\) {2}.* "A" → "B"$/);
    expect(subscriber).toMatch(/ {2}refused \(131003\) {2}.* {2}@TOA#_x u {2}CustomString: "v"$/);
    expect(stopped).toMatch(/ {2}no outcome {2}.*\n {4}undo: t /);
    expect(remarks).toEqual([
      "1 of 4 edits have no known outcome: read their channels; send edits of subscribers again.",
    ]);
    const cut = (await list(path, {}, (edit) => toRow(edit, 60))).text.split("\n");
    expect(cut[0]).toMatch(/…$/);
    expect([...(cut[0] ?? "")].length).toBe(61);
  });

  test("selects by time, outcome and channel", async () => {
    const path = journalPath();
    record(open(path), "A", "B");
    record(open(path), "B", "C", "unknown");
    open(path).begin({ ...COMMON, channel: "@TOA#_y", changes: [] });
    const count = async (selection: JournalSelection) => (await list(path, selection, toJson)).lines.length;
    expect(await count({ since: Date.now() - 60_000 })).toBe(3);
    expect(await count({ since: Date.now() + 60_000 })).toBe(0);
    expect(await count({ outcome: "applied" })).toBe(1);
    expect(await count({ outcome: "unknown" })).toBe(2); // one of them has no outcome
    expect(await count({ channel: "@TOA#_y" })).toBe(1);
    expect((await list(path, { outcome: "applied" })).ok).toBe(true);
    expect((await list(path, { outcome: "unknown" })).ok).toBe(false);
    expect(await list(path, { channel: "@TOA#_none" })).toMatchObject({ ok: true, lines: [], remarks: [] });
  });

  test("goes by the order of the file, whatever the clock says", async () => {
    const path = journalPath();
    const at = (hour: number, id: string, before: string, after: string) => {
      const time = `2026-11-27T${hour}:00:00.000Z`;
      const common = { writeId: `${id}-0000-0000-0000-000000000000`, ...COMMON };
      const changes = [{ field: "Name", before, after }];
      const intent = { time, ...common, event: "intent", sdkAppId: 1, changes, undo: undoTo(before) };
      const outcome = { time, ...common, event: "outcome", outcome: "applied", changes, undo: undoTo(before) };
      return `${JSON.stringify(intent)}\n${JSON.stringify(outcome)}\n`;
    };
    writeFileSync(path, at(12, "edit", "o", "p") + at(11, "undo", "p", "o")); // the clock was set back
    const undos = (await list(path, {}, toJson)).lines.map((line) => JSON.parse(line).undo.arguments.Name);
    expect(undos).toEqual(["o", "p"]); // read backwards, they end at the first value
  });

  test("an edit without an outcome stands where it began, so that undos read backwards end at the first value", async () => {
    const path = journalPath();
    open(path).begin({ ...COMMON, changes: [{ field: "Name", before: "A", after: "B" }], undo: undoTo("A") }); // killed
    record(open(path), "B", "C");
    const undos = (await list(path, {}, toJson)).lines.map((line) => JSON.parse(line).undo.arguments.Name);
    expect(undos).toEqual(["A", "B"]);
  });

  test("an edit that had no effect has no undo in JSON, and each has when it began and ended", async () => {
    const path = journalPath();
    record(open(path), "A", "B", "refused");
    const edit = JSON.parse((await list(path, {}, toJson)).lines[0] ?? "");
    expect(edit).toMatchObject({
      outcome: "refused",
      client: COMMON.client,
      time: expect.any(String),
      endedAt: expect.any(String),
    });
    expect([edit.undo, edit.event]).toEqual([undefined, undefined]);
  });

  test("says why a file cannot be read, and how many lines cannot", async () => {
    const path = journalPath();
    expect(await list(path)).toMatchObject({
      ok: false,
      remarks: [`The journal ${path} cannot be read (ENOENT: no such file or folder).`],
    });
    appendFileSync(path, '\n{"half\n{"event":"intent"}\n');
    expect(await list(path)).toMatchObject({ ok: false, lines: [], remarks: ["2 lines of the file cannot be read."] });
  });

  test.each([
    ["7d", -7 * 86_400_000],
    ["12h", -12 * 3_600_000],
    ["30m", -30 * 60_000],
    ["2w", -14 * 86_400_000],
  ])("--since %s", (text, ms) => {
    expect(readSince(text, 1_000_000_000_000)).toBe(1_000_000_000_000 + ms);
  });

  test("--since takes a date, and nothing else", () => {
    expect(readSince("2026-11-28", 0)).toBe(Date.parse("2026-11-28"));
    expect(["yesterday", "7", "d", "7y", ""].map((text) => readSince(text, 0))).toEqual(Array(5).fill(Number.NaN));
  });
});

describe("the check of the channels", () => {
  test("lists the fields that are no longer what our last edit left", async () => {
    const { sandbox, context, journal } = await openEdits();
    const check = async (selection: JournalSelection = {}) => {
      const lines: string[] = [];
      const print = (line: string) => lines.push(line);
      const ok = await checkChannels(journal, selection, context, print, print);
      return { ok, text: lines.join("\n") };
    };
    await Promise.all([
      edit(context, { Name: "ours", Introduction: "i" }),
      edit(context, { Name: "other" }, 20_000, DZDP),
    ]);
    expect(await check()).toEqual({ ok: true, text: "✓ 2 channels checked: nothing differs." });
    rename(sandbox, "somebody's");
    const { ok, text } = await check();
    expect(ok).toBe(false);
    expect(text).toMatch(
      /^@TOA#_test_for_penn {2}Name: our edit of \S+ left 'ours', now 'somebody\\'s'\n✗ 2 channels checked: 1 field changed since\.$/,
    );
    expect((await check({ channel: DZDP })).ok).toBe(true);
    // Our own edit that could not be verified may have left another value: nobody else is to blame.
    sandbox.faults.add(goodRead, ...Array(4).fill(failedRead));
    expect((await edit(context, { Name: "unverified" }, 20_000)).receipt.outcome).toBe("accepted");
    expect((await check()).text).toBe("✓ 2 channels checked: nothing differs.");
    sandbox.channels.delete(PENN);
    const { text: unread } = await check();
    expect(unread).toContain("✗ @TOA#_test_for_penn could not be read: The channel does not exist");
    expect(unread).toContain("✗ 1 channel checked: nothing differs.");
  });
});

test("the command prints JSON lines, and its exit code says whether something needs a look", async () => {
  const path = journalPath();
  record(open(path), "A", "B");
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [BUILT, "journal", ...args], {
      env: { PATH: process.env.PATH, ...environmentOf(new URL("http://127.0.0.1:9"), { TENCENT_CHAT_JOURNAL: path }) },
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  const listed = await run("--json");
  expect(listed.code).toBe(0);
  expect(JSON.parse(listed.stdout)).toMatchObject({ outcome: "applied", undo: undoTo("A") });
  expect(await run("--since", "soon")).toMatchObject({ code: 2, stderr: expect.stringContaining("--since takes") });
  expect(await run("--check", "--json")).toMatchObject({ code: 2, stderr: expect.stringContaining("no JSON") });
  open(path).begin({ ...COMMON, changes: [] });
  expect((await run()).code).toBe(1);
});

test("a path that is not whole is named, and no journal is looked for", async () => {
  const { code, stderr } = await startHere(["journal"], { TENCENT_CHAT_JOURNAL: "journal.jsonl" }).ended;
  expect([code, stderr]).toEqual([2, "✗ TENCENT_CHAT_JOURNAL must be the whole path of a file.\n"]);
});
