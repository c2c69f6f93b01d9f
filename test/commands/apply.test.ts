import { execFile, execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  fileWith,
  nameLine,
  readResults,
  spawnApply,
  startApply as start,
  subscriberLine,
  withSubscribers,
} from "../support/apply-jobs.ts";
import { BUILT } from "../support/built.ts";
import { waitUntil } from "../support/clock.ts";
import { startHere } from "../support/commands.ts";
import { temporaryFolder } from "../support/folders.ts";
import { bodiesOf, DZDP, environmentOf, GET, MODIFY, PENN, SECRET_KEY, startSandbox } from "../support/service.ts";
import { CTRL_C, DOWN, ENTER, PseudoTerminal, Terminal } from "../support/terminal.ts";

describe.concurrent("apply", () => {
  test("runs edits through the gate, and tells for each line what became of it", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 3);
    const read = JSON.stringify({ tool: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } });
    const { file } = fileWith(nameLine("B"), subscriberLine(0), "", subscriberLine(1), subscriberLine(99), read);
    const journal = join(temporaryFolder(), "j.jsonl");
    const { code, results, stderr } = await spawnApply(sandbox.endpoint, [file], { TENCENT_CHAT_JOURNAL: journal })
      .ended;
    expect(code).toBe(1);
    const byLine = Object.fromEntries(results.map((result) => [result.line, result]));
    expect(byLine[1]).toMatchObject({
      outcome: "applied",
      receipt: { changes: [{ after: "B" }], undo: { tool: MODIFY } },
    });
    expect(byLine[2]).toMatchObject({ id: "job-0", outcome: "accepted" });
    expect(byLine[4]).toMatchObject({ id: "job-1", outcome: "accepted" });
    expect(byLine[5]).toMatchObject({ outcome: "refused", ErrorCode: 131003, explanation: { fixedBy: "agent" } });
    expect(byLine[6]).toMatchObject({ outcome: "read", OfficialAccountInfoList: [{ Official_Account: PENN }] });
    expect(stderr).toMatch(/5 of 5 lines ended in [\d.]+ s: .*2 accepted/);
    expect(stderr).toContain("✗ 1 line did not end as wanted; the results say why for each.");
    expect(readFileSync(journal, "utf8")).toContain('"client":"apply"');
  });

  test("a whole job is taken back by a file of the journal's undos, the latest first", async () => {
    const sandbox = await startSandbox();
    const names = () => [PENN, DZDP].map((id) => sandbox.channels.get(id)?.info.Name);
    const before = names();
    const TENCENT_CHAT_JOURNAL = join(temporaryFolder(), "j.jsonl");
    const { file } = fileWith(nameLine("B"), nameLine("C", DZDP), nameLine("D"));
    expect((await start(sandbox.endpoint, [file], { TENCENT_CHAT_JOURNAL }).ended).code).toBe(0);
    expect(names()).toEqual(["D", "C"]);
    const undos = (await startHere(["journal", "--json"], { TENCENT_CHAT_JOURNAL }).ended).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.stringify(JSON.parse(line).undo));
    const { file: undoFile } = fileWith(...undos.reverse());
    expect((await start(sandbox.endpoint, [undoFile]).ended).code).toBe(0);
    expect(names()).toEqual(before);
  });

  test("checks every line before the first is sent, and lists the problems by line", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(
      subscriberLine(0),
      "{half",
      JSON.stringify({ tool: "modify_subscriber", arguments: {} }),
      JSON.stringify({ tol: MODIFY, arguments: {} }),
      nameLine("x".repeat(151)),
      nameLine(SECRET_KEY),
      JSON.stringify({ tool: MODIFY, arguments: { Official_Account: "@TOA#_other", Name: "x" } }),
      JSON.stringify({ tool: MODIFY, arguments: { Official_Account: PENN, Name: "x", Introduction: "" } }),
      JSON.stringify({ name: MODIFY, arguments: {} }),
      `{"tool":"${MODIFY}","arguments":{"Official_Account":"${PENN}","Name":"x"},"id":1234567890123456789}`,
      JSON.stringify({ tool: MODIFY, arguments: JSON.stringify({ Official_Account: PENN, Name: "x".repeat(5_000) }) }),
    );
    const { code, stderr, stdout } = await start(sandbox.endpoint, [file], {
      TENCENT_CHAT_ALLOWED_CHANNELS: PENN,
    }).ended;
    expect([code, stdout, sandbox.requests]).toEqual([1, "", []]);
    const problems = stderr.split("\n").filter((line) => line.startsWith("line"));
    expect(problems.map((line) => line.slice(0, 6))).toEqual([
      "line 2",
      "line 3",
      "line 4",
      "line 5",
      "line 6",
      "line 7",
      "line 8",
      "line 9",
      "line 1",
      "line 1",
    ]);
    expect(problems[1]).toContain("Did you mean modify_subscriber_info?");
    expect(problems[2]).toContain("did you mean tool?");
    expect(problems[3]).toContain("the limit is 150 bytes");
    expect(problems[5]).toContain("not among the channels");
    expect(problems[7]).toBe('line 9: unknown key "name"; a line has tool, arguments, id');
    expect(problems[8]).toContain("line 10: id must be a string, or a whole number that JavaScript can hold");
    expect(problems[9]).toMatch(/^line 11: Name is 5000 bytes; the limit is 150 bytes.{1,300}$/); // read, and not repeated
    expect(stderr).toContain("✗ 10 lines of the file cannot run. Nothing was sent.");
  });

  test("with --check does only this", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(subscriberLine(0), nameLine("B"));
    const { code, stderr } = await start(sandbox.endpoint, [file, "--check"]).ended;
    expect([code, stderr, sandbox.requests]).toEqual([0, "✓ 2 lines can run.\n", []]);
    const readOnly = await start(sandbox.endpoint, [file, "--check", "--read-only"]).ended;
    expect(readOnly.code).toBe(1);
    expect(readOnly.stderr).toContain("This server is read-only");
  });

  test("takes standard input, and says which settings are wrong", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 1);
    const { code, results } = await spawnApply(sandbox.endpoint, ["-"], {}, subscriberLine(0)).ended;
    expect([code, results[0]?.outcome]).toEqual([0, "accepted"]);
    const wrong = await start(sandbox.endpoint, ["-"], { TENCENT_CHAT_READ_ONLY: "maybe" }).ended;
    expect([wrong.code, wrong.stderr]).toEqual([2, "✗ TENCENT_CHAT_READ_ONLY must be one of true, false.\n"]);
    expect((await start(sandbox.endpoint, ["/no/such/file"]).ended).code).toBe(2);
  });

  test("keeps the file's order for one channel, and runs others side by side", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 20);
    const lines = [
      nameLine("A"),
      nameLine("one", DZDP),
      ...Array.from({ length: 20 }, (_, index) => subscriberLine(index)),
    ];
    const { file } = fileWith(...lines, nameLine("B"), subscriberLine(3, "last"), nameLine("C"));
    const { code } = await start(sandbox.endpoint, [file]).ended;
    expect(code).toBe(0);
    const names = bodiesOf(sandbox, MODIFY) as { Official_Account: string; Name: string }[];
    expect(names.filter((body) => body.Official_Account === PENN).map(({ Name }) => Name)).toEqual(["A", "B", "C"]);
    expect(sandbox.channels.get(PENN)?.subscribers.get("user-3")).toBe("last");
  });

  test("holds back what follows a line that failed in the same channel, and goes on elsewhere", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 1);
    sandbox.faults.add({ command: MODIFY, response: { code: 130002 } });
    const { file, results } = fileWith(nameLine("A"), nameLine("B"), subscriberLine(0));
    const first = await start(sandbox.endpoint, [file, "--results", results]).ended;
    expect(first.code).toBe(1);
    expect(
      readResults(results)
        .map(({ line, outcome }) => [line, outcome])
        .sort(),
    ).toEqual([
      [1, "refused"],
      [2, "heldBack"],
      [3, "accepted"],
    ]);
    const second = await start(sandbox.endpoint, [file, "--results", results]).ended;
    expect(second.code).toBe(0);
    expect(second.stderr).toContain("1 line ended as wanted before and is skipped.");
    expect(
      readResults(results)
        .map(({ line }) => line)
        .sort(),
    ).toEqual([1, 2, 3]);
    expect(sandbox.channels.get(PENN)?.info.Name).toBe("B");
  });

  test("refuses results of other input, and leaves them as they are", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 2);
    const { file, results } = fileWith(subscriberLine(0));
    await start(sandbox.endpoint, [file, "--results", results]).ended;
    const before = readFileSync(results, "utf8");
    writeFileSync(file, `${subscriberLine(1)}\n`);
    const { code, stderr } = await start(sandbox.endpoint, [file, "--results", results]).ended;
    expect([code, readFileSync(results, "utf8")]).toEqual([2, before]);
    expect(stderr).toContain("holds something else than the results of this input");
    writeFileSync(results, "notes of mine\n");
    expect((await start(sandbox.endpoint, [file, "--results", results]).ended).code).toBe(2);
    expect(readFileSync(results, "utf8")).toBe("notes of mine\n");
    expect(existsSync(`${results}.unfinished`)).toBe(false);
  });

  test("never takes another file for its results, a journal least of all", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"));
    for (const content of ["\nprecious\n", '\n{"time":"2026-11-28T00:00:00.000Z"}']) {
      writeFileSync(results, content);
      const { code, stderr } = await start(sandbox.endpoint, [file, "--results", results]).ended;
      expect([code, readFileSync(results, "utf8"), sandbox.requests]).toEqual([2, content, []]);
      expect(stderr).toContain("holds something else than the results of this input");
    }
  });

  test("refuses results of another application, which has none of these edits", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"));
    expect((await start(sandbox.endpoint, [file, "--results", results]).ended).code).toBe(0);
    const other = { TENCENT_CHAT_SDKAPPID: "1400000999" };
    const { code, stderr } = await start(sandbox.endpoint, [file, "--results", results], other).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("the results of this input and application")]);
  });

  test("writes what is left to a file of its own alone, from the input as it was", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"), nameLine("C", "@TOA#_gone"));
    for (const left of [file, results, `${results}.unfinished`, "/nowhere/left", dirname(file), "-"]) {
      const { code } = await start(sandbox.endpoint, [file, "--results", results, "--left", left]).ended;
      expect([code, sandbox.requests]).toEqual([2, []]);
    }
    const left = `${file}.left`;
    sandbox.faults.add({ response: { delayMs: 500 } });
    const run = start(sandbox.endpoint, [file, "--left", left]);
    await waitUntil(() => sandbox.requests.length > 0);
    renameSync(file, `${file}.old`);
    writeFileSync(file, "something else");
    expect((await run.ended).code).toBe(1);
    expect(readFileSync(left, "utf8")).toBe(`${nameLine("C", "@TOA#_gone")}\n`);
  });

  test("refuses results of the same lines behind a blank one: their numbers differ", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"));
    expect((await start(sandbox.endpoint, [file, "--results", results]).ended).code).toBe(0);
    writeFileSync(file, `\n${nameLine("B")}\n`);
    expect((await start(sandbox.endpoint, [file, "--results", results]).ended).code).toBe(2);
  });

  test("refuses a second run of the same results while the first one runs", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"));
    sandbox.faults.add({ response: { delayMs: 3_000 } }, { command: MODIFY, response: { delayMs: 3_000 } });
    const args = [file, "--results", results, "--left", `${file}.left`];
    const first = start(sandbox.endpoint, args);
    await waitUntil(() => sandbox.requests.length === 1);
    const second = await start(sandbox.endpoint, args).ended;
    expect(second.code).toBe(2);
    expect(second.stderr).toContain("✗ Another apply is using ");
    expect((await first.ended).code).toBe(0);
    expect(readFileSync(`${file}.left`, "utf8")).toBe("");
  });

  test.each([
    ["empty", Buffer.from("\n \n"), 0, "✓ 0 lines can run."],
    ["in UTF-8 with a byte order mark", Buffer.from(`\ufeff${nameLine("B")}\r\n`), 0, "✓ 1 line can run."],
    ["GBK", Buffer.concat([Buffer.from('{"tool":"'), Buffer.from([0xc4, 0xfa])]), 2, "not in UTF-8"],
    ["UTF-16", Buffer.from(`\ufeff${nameLine("B")}`, "utf16le"), 2, "not in UTF-8"],
  ])("says that a file is %s, and sends nothing", async (_what, content, exitCode, text) => {
    const sandbox = await startSandbox();
    const { file } = fileWith();
    writeFileSync(file, content);
    const { code, stderr } = await start(sandbox.endpoint, [file, "--check"]).ended;
    expect([code, sandbox.requests]).toEqual([exitCode, []]);
    expect(stderr).toContain(text);
  });

  test("reads a FIFO once, and says that a folder is one", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(nameLine("B"));
    const fifo = `${file}.fifo`;
    execFileSync("mkfifo", [fifo]);
    const run = spawnApply(sandbox.endpoint, [fifo]);
    await writeFile(fifo, readFileSync(file)); // opens when the command has
    expect((await run.ended).code).toBe(0);
    const folder = await start(sandbox.endpoint, [temporaryFolder()]).ended;
    expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining("is a folder.")]);
  });

  test("is refused before the first line where the journal cannot be written", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(nameLine("B"));
    const journal = { TENCENT_CHAT_JOURNAL: "/nowhere/journal.jsonl" };
    for (const args of [[file, "--check"], [file]]) {
      const { code, stderr } = await start(sandbox.endpoint, args, journal).ended;
      expect([code, sandbox.requests]).toEqual([2, []]);
      expect(stderr).toContain("The journal cannot be written (ENOENT");
    }
  });

  test("an edit that needs a confirmation only by now is declined", async () => {
    const sandbox = await startSandbox();
    const channel = sandbox.channels.get(PENN);
    if (channel) channel.info = { ...channel.info, SubscriberNum: 999 };
    const grown = { ...channel?.info, SubscriberNum: 1_000 };
    sandbox.faults.add({
      command: GET,
      applied: true,
      response: {
        change: (answer: object) => {
          if (channel) channel.info = grown as typeof channel.info; // after the check has read it
          return answer;
        },
      },
    });
    const { file } = fileWith(nameLine("B"));
    const { results } = await start(sandbox.endpoint, [file], { TENCENT_CHAT_CONFIRM_EDITS: "1000" }).ended;
    expect(results[0]).toMatchObject({ outcome: "declined" });
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });

  test.runIf(process.platform === "linux")("fails where its output is lost, the last line of it too", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(nameLine("B"));
    const env = { PATH: process.env.PATH ?? "", ...environmentOf(sandbox.endpoint) };
    const script = `exec "${process.execPath}" "${BUILT}" apply "${file}" > /dev/full`;
    const error = await promisify(execFile)("sh", ["-c", script], { env }).catch((thrown) => thrown);
    expect([error.code, error.stderr]).toEqual([
      1,
      expect.stringContaining("standard output cannot be written (ENOSPC)"),
    ]);
    expect(sandbox.channels.get(PENN)?.info.Name).toBe("B");
  });

  test("takes no device for results, and leaves it and a link as they are", async () => {
    const sandbox = await startSandbox();
    const { file, results } = fileWith(nameLine("B"));
    const device = await start(sandbox.endpoint, [file, "--results", "/dev/null"]).ended;
    expect([device.code, device.stderr]).toEqual([2, expect.stringContaining("/dev/null is no file")]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    const link = `${results}.link`;
    writeFileSync(results, "", { mode: 0o640 });
    symlinkSync(results, link);
    expect((await start(sandbox.endpoint, [file, "--results", link]).ended).code).toBe(0);
    expect([lstatSync(link).isSymbolicLink(), statSync(results).mode & 0o777]).toEqual([true, 0o640]);
    expect(readResults(results)).toHaveLength(1);
  });

  test("stops after 20 failures in a row that no agent can fix", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 400);
    sandbox.faults.add({ response: { code: 70009 } });
    const { file } = fileWith(...Array.from({ length: 400 }, (_, index) => subscriberLine(index)));
    const { code, stderr, results } = await start(sandbox.endpoint, [file]).ended;
    expect(code).toBe(1);
    expect(results.length).toBeLessThan(300);
    expect(stderr).toMatch(/✗ Stopped, because 20 lines in a row failed: .*tell the person who runs this server/);
    expect(sandbox.requests.length).toBeLessThan(50); // what was in flight already
  });

  test("stops, and does not use up the rest, where the service wants a longer pause than a call has", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 300);
    sandbox.faults.add({ response: { status: 429, headers: { "retry-after": "120" } } });
    const { file } = fileWith(...Array.from({ length: 300 }, (_, index) => subscriberLine(index)));
    const { code, stderr, results } = await start(sandbox.endpoint, [file]).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/✗ Stopped, because 20 lines in a row failed: .*asked for a pause; .* 1\d\d seconds/),
    ]);
    expect(results.length).toBeLessThan(120);
    expect(stderr).not.toContain("Call again"); // nobody reads that at night
  });

  const longValue = (index: number) => subscriberLine(index, `v${"x".repeat(2_500)}`);

  test("works on its input as it was, whatever becomes of the file meanwhile", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 100);
    const { file, results } = fileWith(...Array.from({ length: 100 }, (_, index) => longValue(index)));
    const run = start(sandbox.endpoint, [file, "--results", results]);
    await waitUntil(() => sandbox.applied.length > 5);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"v', '"w'));
    expect((await run.ended).code).toBe(0);
    expect(sandbox.applied.filter(({ body }) => body.includes('"w'))).toEqual([]);
    expect(new Set(sandbox.applied.map(({ body }) => body)).size).toBe(100);
    const again = await start(sandbox.endpoint, [file, "--results", results]).ended;
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("something else than the results of this")]);
  });

  test("says how many lines the results lack that could not be written", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 40);
    const { file, results } = fileWith(...Array.from({ length: 40 }, (_, index) => longValue(index)));
    const limited = `ulimit -f 60; exec '${process.execPath}' '${BUILT}' apply '${file}' --results '${results}'`;
    const env = { PATH: process.env.PATH, ...environmentOf(sandbox.endpoint) };
    const failed = await promisify(execFile)("sh", ["-c", limited], { env }).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("✗ Stopped, because the results cannot be written (EFBIG");
    const [, ended] = /^(\d+) of 40 lines ended/m.exec(failed.stderr) ?? [];
    const [, unrecorded] = /✗ (\d+) lines? that ended could not be added to the results/.exec(failed.stderr) ?? [];
    const recorded = readFileSync(results, "utf8").split("\n").length - 2; // without the header and the cut line
    expect(Number(ended)).toBe(recorded + Number(unrecorded));
    const full = limited.replace("ulimit -f 60", "ulimit -f 0");
    const { code, stderr } = await promisify(execFile)("sh", ["-c", full], { env }).catch((error) => error);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/✗ (The results|\S+results\S*): EFBIG\./)]);
  });

  test("does not begin without a terminal where a person must confirm", async () => {
    const sandbox = await startSandbox();
    const { file } = fileWith(nameLine("B"), subscriberLine(0));
    const confirmed = (rule: string) => start(sandbox.endpoint, [file], { TENCENT_CHAT_CONFIRM_EDITS: rule }).ended;
    const { code, stderr } = await confirmed("1000");
    expect([code, bodiesOf(sandbox, MODIFY)]).toEqual([1, []]);
    expect(stderr).toContain(
      "there is no terminal to ask at: run this at one, or unset it for this job. Nothing was sent.",
    );
    expect((await confirmed("999999")).stderr).toContain("2 of 2 lines ended");
  });

  test.each([
    ["the harmless answer first", [ENTER], 1, []],
    ["and Ctrl-C is a no", [CTRL_C], 1, []],
    ["and applies all of them after a yes", [`${DOWN}${ENTER}`], 0, ["B", "C"]],
  ])("asks once at a terminal, %s", async (_what, [keys = ""], exitCode, names) => {
    const sandbox = await startSandbox();
    const { file } = fileWith(nameLine("B"), nameLine("C"));
    const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1000" });
    // What shows the progress needs a terminal of its own.
    const terminal =
      exitCode === 0
        ? new PseudoTerminal(`'${process.execPath}' '${BUILT}' apply '${file}'`, env)
        : new Terminal(["apply", file], env);
    await terminal.answer(
      "2 edits (0 of single subscribers) in 1 channel: @TOA#_test_for_penn. The largest has 780,031",
      keys,
    );
    expect(await terminal.exit()).toBe(exitCode);
    expect(bodiesOf(sandbox, MODIFY)).toMatchObject(names.map((Name) => ({ Name })));
    if (exitCode !== 0) expect(terminal.output).toContain("The edits were not confirmed. Nothing was sent.");
  });

  test("shows hidden characters of the file as escapes, in problems and in the question", async () => {
    const { endpoint } = await startSandbox();
    const { file: wrong } = fileWith(JSON.stringify({ tool: MODIFY, arguments: {}, "\u202e": 1 }));
    expect((await start(endpoint, [wrong]).ended).stderr).toContain('line 1: unknown key "\\u202e"');
    const { file } = fileWith(nameLine("B", "@TOA#_\u001b[8m\u202e"));
    const terminal = new Terminal(["apply", file], environmentOf(endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1000" }));
    await terminal.answer("in 1 channel: @TOA#_\\u001b[8m\\u202e.", ENTER);
    expect(await terminal.exit()).toBe(1);
  });

  test("asks for edits of channels by their own subscribers, and for those of one subscriber from 1 on", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 1);
    const small = sandbox.channels.get(DZDP);
    if (small) small.info.SubscriberNum = 0;
    const { file } = fileWith(nameLine("B", DZDP), subscriberLine(0)); // a small channel, and a subscriber of a large one
    const run = (rule: string) => start(sandbox.endpoint, [file], { TENCENT_CHAT_CONFIRM_EDITS: rule }).ended;
    expect((await run("1")).stderr).toContain("there is no terminal to ask at");
    expect(sandbox.applied.filter(({ command }) => command !== GET)).toEqual([]);
    expect((await run("5000")).code).toBe(0);
  });
});
