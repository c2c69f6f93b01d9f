import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { Journal, readJournal } from "../../src/guard/journal.ts";
import { PolicyRefusal } from "../../src/guard/policy-refusal.ts";
import { writeScript } from "../support/script.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "journal-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const intent = {
  tool: "modify_subscriber_info",
  channel: "@TOA#_x",
  client: "test",
  changes: [{ field: "Name", before: "A", after: "B" }],
};

describe("the journal", () => {
  test("holds an intent before and an outcome after, paired, for its owner alone", () => {
    const path = join(folder(), "j.jsonl");
    const end = new Journal(path, 5).begin({ ...intent, undo: { tool: "t", arguments: { Name: "A" } } });
    expect(readJournal(path).writes).toMatchObject([
      { intent: { channel: "@TOA#_x", undo: { tool: "t" } }, ending: undefined },
    ]);
    expect(end({ outcome: "applied" })).toBeUndefined();
    const [write, ...more] = readJournal(path).writes;
    expect(more).toEqual([]);
    expect(write).toMatchObject({
      intent: { changes: intent.changes, client: "test" },
      ending: { outcome: "applied" },
    });
    expect(write?.time).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^\{.*\}\n\{.*\}\n$/);
  });

  test("narrows a file that others could read", () => {
    const path = join(folder(), "j.jsonl");
    writeFileSync(path, "");
    chmodSync(path, 0o644);
    new Journal(path, 5).begin(intent);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("writes through a link to where it leads", () => {
    const place = folder();
    symlinkSync(join(place, "real"), join(place, "link"));
    new Journal(join(place, "link"), 5).begin(intent);
    expect(readJournal(join(place, "real")).writes).toHaveLength(1);
  });

  test("that cannot be written refuses the write and names the setting", () => {
    const path = join(folder(), "nowhere", "j.jsonl");
    const journal = new Journal(path, 5);
    expect(journal.faultOfFile()).toBe("ENOENT");
    try {
      journal.begin(intent);
      expect.unreachable();
    } catch (refusal) {
      expect(refusal).toBeInstanceOf(PolicyRefusal);
      expect((refusal as PolicyRefusal).explanation.cause).toBe(
        "The journal of writes cannot be written (ENOENT), so the write was refused. Nothing was sent.",
      );
      expect((refusal as PolicyRefusal).explanation.nextStep).toContain("TENCENT_CHAT_JOURNAL");
    }
  });

  test("that breaks in the middle leaves a warning, for the write has happened", () => {
    const place = folder();
    const path = join(place, "j.jsonl");
    const end = new Journal(path, 5).begin(intent);
    rmSync(path);
    mkdirSync(path);
    expect(end({ outcome: "applied" })).toContain("The outcome could not be added to the journal (EISDIR)");
  });

  test("that is off notes nothing and refuses nothing", () => {
    const journal = new Journal(undefined, 5);
    expect(journal.begin(intent)({ outcome: "applied" })).toBeUndefined();
    expect(journal.faultOfFile()).toBeUndefined();
  });

  test("counts lines that are not its own", () => {
    const path = join(folder(), "j.jsonl");
    new Journal(path, 5).begin(intent);
    const strange = ["half a li", "", "  ", '{"event":"other"}', "null", '{"event":"intent","tool":"t"}'];
    const stranger = ['{"event":"intent","changes":[]}', '{"tool":"t","changes":[]}'];
    writeFileSync(path, `${[...strange, ...stranger].join("\n")}\n${readFileSync(path, "utf8")}`);
    const { writes, unreadable } = readJournal(path);
    expect([writes.length, unreadable]).toEqual([1, 6]);
    expect(writes[0]?.intent.sdkAppId).toBe(5);
  });

  test.runIf(process.platform === "linux")("refuses the write where only a part of its line fits", async () => {
    const place = folder();
    const script = join(place, "write.mjs");
    const contents = `import { Journal } from "./src/guard/journal.ts";
      const journal = new Journal(${JSON.stringify(join(place, "j.jsonl"))}, 5);
      const intent = (after) => ({ tool: "t", channel: "@TOA#_x", client: "c", changes: [{ field: "Name", after }] });
      journal.begin(intent("short"));
      try { journal.begin(intent("long".repeat(500))); } catch (refusal) { console.log(refusal.name); }`;
    await writeScript(contents, script);
    const limited = `trap "" XFSZ; ulimit -f 1; exec "${process.execPath}" "${script}"`;
    const { stdout } = await promisify(execFile)("bash", ["-c", limited]);
    expect(stdout).toBe("PolicyRefusal\n");
  });

  test("keeps lines whole when several processes share the file", async () => {
    const place = folder();
    const path = join(place, "j.jsonl");
    const script = join(place, "write.mjs");
    const contents = `import { Journal } from "./src/guard/journal.ts";
      const journal = new Journal(${JSON.stringify(path)}, 5);
      for (let nth = 0; nth < 200; nth += 1) {
        journal.begin({ tool: "t", channel: "@TOA#_" + process.pid, client: "c", changes: [{ field: "CustomString", after: "x".repeat(nth * 40) }] })({ outcome: "applied" });
      }`;
    await writeScript(contents, script);
    await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [script])));
    const writes = readJournal(path).writes;
    expect(writes).toHaveLength(800);
    expect(writes.every(({ ending }) => ending?.outcome === "applied")).toBe(true);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(1601);
  });
});
