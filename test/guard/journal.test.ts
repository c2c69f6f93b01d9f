import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { Journal, type JournalLine, readJournal } from "../../src/guard/journal.ts";
import { PolicyError } from "../../src/guard/policy.ts";
import { temporaryFolder } from "../support/folders.ts";
import { writeScript } from "../support/script.ts";

const identity = { sdkAppId: 5, admin: "administrator", osUser: "ops", host: "server", pid: 42, label: "staging" };
const open = (path: string | undefined) => new Journal(path, identity, (line) => line);

const intent = {
  tool: "modify_subscriber_info",
  channel: "@TOA#_x",
  client: "test",
  confirmed: false,
  changes: [{ field: "Name", before: "A", after: "B" }],
};

/** The lines of a journal, and how many of them cannot be read. */
async function linesOf(path: string): Promise<{ lines: JournalLine[]; unreadable: number }> {
  const all: (JournalLine | undefined)[] = [];
  for await (const line of readJournal(path)) all.push(line);
  const lines = all.filter((line) => line !== undefined);
  return { lines, unreadable: all.length - lines.length };
}

describe("the journal", () => {
  test("records an intent before and an outcome after, paired, each to be read alone", async () => {
    const path = join(temporaryFolder(), "j.jsonl");
    const undo = { tool: "t", arguments: { Name: "A" } };
    const entry = open(path).begin({ ...intent, subscriber: "u", undo });
    expect((await linesOf(path)).lines).toMatchObject([{ event: "intent", channel: "@TOA#_x", undo }]);
    expect(entry.end({ outcome: "applied" })).toBeUndefined();
    const { lines } = await linesOf(path);
    expect(lines).toMatchObject([
      {
        event: "intent",
        writeId: entry.writeId,
        changes: intent.changes,
        client: "test",
        confirmed: false,
        ...identity,
      },
      { event: "outcome", writeId: entry.writeId, outcome: "applied", sdkAppId: 5, label: "staging", subscriber: "u" },
    ]);
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(readFileSync(path, "utf8")).toMatch(/^\n\{.*\}\n\{.*\}$/);
  });

  test("is for its owner only when it is made, and keeps the mode of a file that exists", () => {
    const path = join(temporaryFolder(), "j.jsonl");
    open(path).begin(intent);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    open(path).begin(intent);
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("follows no link, and leaves its target as it was", () => {
    const place = temporaryFolder();
    const target = join(place, "real");
    writeFileSync(target, "mine");
    chmodSync(target, 0o644);
    symlinkSync(target, join(place, "link"));
    const journal = open(join(place, "link"));
    expect(journal.prepareFile()).toContain("symbolic link");
    expect(() => journal.begin(intent)).toThrow(PolicyError);
    expect([readFileSync(target, "utf8"), statSync(target).mode & 0o777]).toEqual(["mine", 0o644]);
  });

  test.runIf(process.platform === "linux")("takes a regular file only, and never waits for a reader of a FIFO", () => {
    const fifo = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    chmodSync(fifo, 0o644);
    for (const path of [fifo, "/dev/null"]) {
      const { mode } = statSync(path);
      expect(open(path).prepareFile()).toContain("not a regular file");
      expect(() => open(path).begin(intent)).toThrow(PolicyError);
      expect(statSync(path).mode).toBe(mode);
    }
  });

  test("starts each record on a line of its own, whatever a crash left before", async () => {
    const path = join(temporaryFolder(), "j.jsonl");
    open(path).begin(intent).end({ outcome: "applied" });
    writeFileSync(path, '{"time":"torn', { flag: "a" });
    open(path).begin({ ...intent, channel: "@TOA#_next" });
    const { lines, unreadable } = await linesOf(path);
    expect(lines.map(({ channel }) => channel)).toEqual(["@TOA#_x", "@TOA#_next"]);
    expect(unreadable).toBe(1);
  });

  test("that cannot be written refuses the edit and names the setting", () => {
    const path = join(temporaryFolder(), "nowhere", "j.jsonl");
    const journal = open(path);
    expect(journal.prepareFile()).toBe("ENOENT: no such file or folder");
    try {
      journal.begin(intent);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PolicyError);
      expect((error as PolicyError).explanation.cause).toBe(
        "The journal of edits cannot be written (ENOENT: no such file or folder), so no edit was sent.",
      );
      expect((error as PolicyError).explanation.nextStep).toContain("TENCENT_CHAT_JOURNAL");
    }
  });

  test("that breaks between intent and outcome leaves a warning, because the edit was sent", () => {
    const place = temporaryFolder();
    const path = join(place, "j.jsonl");
    const { end } = open(path).begin(intent);
    rmSync(path);
    mkdirSync(path);
    expect(end({ outcome: "applied" })).toContain(
      "The outcome could not be added to the journal (EISDIR: it is a folder)",
    );
  });

  test("that is off records nothing and refuses nothing", () => {
    const journal = open(undefined);
    expect(journal.begin(intent).end({ outcome: "applied" })).toBeUndefined();
    expect(journal.prepareFile()).toBeUndefined();
  });

  const others = [
    "a secret key\n",
    "\n\nnotes",
    "[]",
    '{ "mcpServers": {} }',
    '{"time":"2026-11-24T00:00:00.000Z","level":"info"}\n',
    "{{ template }}",
    '{"time":"09:00","msg":"up"}',
  ];
  test.each(others)("changes no file that holds something else: %j", (content) => {
    const path = join(temporaryFolder(), "j.jsonl");
    writeFileSync(path, content);
    expect(() => open(path).begin(intent)).toThrow("it holds something else than a journal");
    expect(open(path).prepareFile()).toBe("it holds something else than a journal");
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  test.runIf(process.platform === "linux")("is read without blocking on a FIFO", async () => {
    const folder = temporaryFolder();
    execFileSync("mkfifo", [join(folder, "fifo")]);
    await expect(linesOf(join(folder, "fifo"))).rejects.toThrow("not a regular file");
  });

  test("takes an empty file of Windows", () => {
    const path = join(temporaryFolder(), "j.jsonl");
    writeFileSync(path, "\r\n");
    expect(open(path).prepareFile()).toBeUndefined();
  });

  test.each([
    ["changes that are no list", { changes: "str" }],
    ["a time that is none", { time: "now\n✓ all fine" }],
    ["no time", { time: undefined }],
  ])("counts a line with %s as unreadable", async (_what, wrong) => {
    const path = join(temporaryFolder(), "j.jsonl");
    open(path).begin(intent).end({ outcome: "applied" });
    const line = {
      time: "2026-11-24T00:00:00.000Z",
      writeId: "w",
      event: "outcome",
      tool: "t",
      channel: "c",
      outcome: "applied",
    };
    writeFileSync(path, `\n${JSON.stringify({ ...line, ...wrong })}`, { flag: "a" });
    expect(await linesOf(path)).toMatchObject({ lines: [{}, {}], unreadable: 1 });
  });

  test("counts lines that it cannot read", async () => {
    const path = join(temporaryFolder(), "j.jsonl");
    open(path).begin(intent);
    const strange = ["half a li", "", "  ", '{"event":"other"}', "null", '{"event":"intent","tool":"t"}'];
    const foreign = ['{"event":"intent","changes":[]}', '{"tool":"t","changes":[]}'];
    writeFileSync(path, `${[...strange, ...foreign].join("\n")}\n${readFileSync(path, "utf8")}`);
    const { lines, unreadable } = await linesOf(path);
    expect([lines.length, unreadable]).toEqual([1, 6]);
  });

  test.runIf(process.platform === "linux")("refuses the edit where only a part of its record fits", async () => {
    const place = temporaryFolder();
    const script = join(place, "write.mjs");
    const contents = `import { Journal } from "./src/guard/journal.ts";
      const journal = new Journal(${JSON.stringify(join(place, "j.jsonl"))}, {}, (line) => line);
      const intent = (after) => ({ tool: "t", channel: "@TOA#_x", client: "c", changes: [{ field: "Name", after }] });
      journal.begin(intent("short"));
      try { journal.begin(intent("long".repeat(500))); } catch (error) { console.log(error.name); }`;
    await writeScript(contents, script);
    const limited = `trap "" XFSZ; ulimit -f 1; exec "${process.execPath}" "${script}"`;
    const { stdout } = await promisify(execFile)("bash", ["-c", limited]);
    expect(stdout).toBe("PolicyError\n");
  });

  test("keeps records whole when several processes share the file", async () => {
    const place = temporaryFolder();
    const path = join(place, "j.jsonl");
    const script = join(place, "write.mjs");
    const contents = `import { Journal } from "./src/guard/journal.ts";
      const journal = new Journal(${JSON.stringify(path)}, {}, (line) => line);
      for (let nth = 0; nth < 200; nth += 1) {
        journal.begin({ tool: "t", channel: "@TOA#_" + process.pid, client: "c", changes: [{ field: "CustomString", after: "x".repeat(nth * 40) }] }).end({ outcome: "applied" });
      }`;
    await writeScript(contents, script);
    await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [script])));
    const { lines, unreadable } = await linesOf(path);
    expect([lines.length, unreadable]).toEqual([1_600, 0]);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(1_601);
  });
});
