import { appendFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import tlsSigApi from "tls-sig-api-v2/TLSSigAPIv2.js";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../src/chat-api/errors/code-meaning.ts";
import { NETWORK_REASONS } from "../../src/chat-api/errors/network-reasons.ts";
import { forPerson, runChecks } from "../../src/commands/doctor.ts";
import { listJournal } from "../../src/commands/list-journal.ts";
import { Journal } from "../../src/guard/journal.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { journalPath } from "../support/folders.ts";
import { expectNoSecret } from "../support/secrets.ts";
import { environmentOf, GET, NO_FILES, PROCESS_INFO, SDKAPPID, SECRET_KEY, startSandbox } from "../support/service.ts";

async function check(endpoint: URL | undefined, more: Record<string, string> = {}) {
  const env = endpoint ? environmentOf(endpoint, more) : more;
  const result = readSettings(env, { sandbox: false }, NO_FILES);
  const connect = async ({ endpoint: at = new URL("http://127.0.0.1:9") }: { endpoint: URL | undefined }) => ({
    endpoint: at,
    close: async () => {},
  });
  const checks = await runChecks(result, connect, PROCESS_INFO);
  const text = checks.map(({ about, status, message }) => `${status} ${about}: ${message}`).join("\n");
  expectNoSecret(text);
  return { checks, text, ok: checks.every(({ status }) => status !== "failed") };
}

describe("the doctor", () => {
  test("has a line for each thing that must be right", async () => {
    const sandbox = await startSandbox();
    const journal = journalPath();
    const { ok, checks, text } = await check(sandbox.endpoint, {
      TENCENT_CHAT_READ_ONLY: "true",
      TENCENT_CHAT_JOURNAL: journal,
      HTTPS_PROXY: "http://user:hush@proxy.example:8080",
    });
    expect(ok).toBe(true);
    expect(checks.map(({ about }) => about)).toEqual([
      "settings",
      "address",
      "proxy",
      "signature",
      "allowed",
      "allowed",
      "allowed",
      "journal",
      "service",
    ]);
    expect(text).toContain("the queue of edits and all limits count for each process alone");
    expect(text).toContain("modify_subscriber_info: off (TENCENT_CHAT_READ_ONLY)");
    expect(text).toContain("proxy: proxy.example:8080, not used for this machine");
    expect(text).not.toContain("hush");
    expect(text).toContain(`${journal} is writable`);
    expect(sandbox.requests.map(({ command }) => command)).toEqual([GET]);
  });

  test("says who may be edited, how often, and when a person is asked", async () => {
    const { endpoint } = await startSandbox();
    const edits = { TENCENT_CHAT_WRITES_PER_HOUR: "3" };
    expect((await check(endpoint, edits)).text).toContain(
      "modify_subscriber_info: all channels; at most 3 edits an hour, both modify tools together; no confirmation",
    );
    expect((await check(endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1000" })).text).toContain(
      "modify_official_account_base_info: all channels; a person confirms edits that reach 1000 subscribers or more\nok allowed: modify_subscriber_info: all channels; no confirmation",
    );
    expect((await check(endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "1" })).text).toContain(
      "modify_subscriber_info: all channels; a person confirms edits that reach 1 subscribers or more",
    );
    expect((await check(endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "always" })).text).toContain(
      "a person confirms every edit",
    );
    const everything = await check(endpoint, { TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a,*" });
    expect(everything.text).toContain("get_official_account_info: all channels");
    expect(everything.text).toContain("warning settings: TENCENT_CHAT_ALLOWED_CHANNELS contains * alone");
    expect(everything.ok).toBe(true);
  });

  test("shows the whole endpoint, and the region with its backup host only where the region is used", async () => {
    const gateway = await check(new URL("http://127.0.0.1:9/im/v2"), { TENCENT_CHAT_REGION: "singapore" });
    expect(gateway.text).toContain("address: http://127.0.0.1:9/im/v2 (TENCENT_CHAT_ENDPOINT)");
    expect(gateway.text).not.toContain("singapore");
    const region = { TENCENT_CHAT_SDKAPPID: "1400000000", TENCENT_CHAT_REGION: "singapore" };
    const env = {
      ...region,
      TENCENT_CHAT_SECRET_KEY: SECRET_KEY,
      TENCENT_CHAT_TIMEOUT_SECONDS: "0.1",
      HTTPS_PROXY: "http://127.0.0.1:9",
    };
    expect((await check(undefined, env)).text).toContain(
      "address: https://adminapisgp.im.qcloud.com (singapore); with DNS trouble set TENCENT_CHAT_ENDPOINT to https://adminapisgp.my-imcloud.com",
    );
  });

  test("names what is wrong with the settings, and goes no further", async () => {
    const { ok, checks } = await check(undefined, { TENCENT_CHAT_SDKAPPID: "x" });
    expect(ok).toBe(false);
    expect(checks.every(({ about, status }) => about === "settings" && status === "failed")).toBe(true);
  });

  test("names what is wrong with a ready-made UserSig, a journal and the connection", async () => {
    const { ok, text } = await check(new URL("http://127.0.0.1:9"), {
      TENCENT_CHAT_SECRET_KEY: "",
      TENCENT_CHAT_USERSIG: "cut-in-the-middle",
      TENCENT_CHAT_JOURNAL: "~/journal.jsonl",
    });
    expect(ok).toBe(false);
    expect(text).toMatch(/failed signature: TENCENT_CHAT_USERSIG cannot be used: it cannot be read/);
    expect(text).toContain(
      "failed journal: ~/journal.jsonl cannot be written (ENOENT: no such file): ~ is not expanded",
    );
    expect(text).toMatch(/failed service: TENCENT_CHAT_USERSIG cannot be used/);
  });

  test("warns of a ready-made UserSig that expires in the next days", async () => {
    const { endpoint } = await startSandbox();
    const signer = new tlsSigApi.Api(SDKAPPID, SECRET_KEY);
    const withSignature = (days: number) =>
      check(endpoint, {
        TENCENT_CHAT_SECRET_KEY: "",
        TENCENT_CHAT_USERSIG: signer.genUserSig("administrator", days * 86_400),
      });
    expect((await withSignature(2)).text).toMatch(/warning signature: UserSig ready-made .*\. Replace it soon/);
    expect((await withSignature(4)).text).toMatch(/ok signature: UserSig ready-made /);
  });

  test("accepts a service that refuses the whole read of its test channel, and no other code", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ response: { code: 130007 } }, { response: { code: 60020 } });
    expect((await check(sandbox.endpoint)).text).toContain("ok service: reached, signature accepted");
    expect((await check(sandbox.endpoint)).text).toContain("failed service: 60020: The plan was not bought");
    sandbox.faults.add({
      response: {
        change: () => ({
          ErrorCode: 0,
          OfficialAccountInfoList: [{ ErrorCode: 0, Official_Account: "@TOA#_doctor_asks_for_no_channel" }],
        }),
      },
    });
    expect((await check(sandbox.endpoint)).text).toContain(
      "failed service: the service answered 0; 130004 was expected",
    );
  });
});

test("the doctor quotes what the service says, with the RequestId that Tencent's support asks for", async () => {
  const sandbox = await startSandbox();
  sandbox.faults.add({ response: { change: () => ({ ErrorCode: 60020, ErrorInfo: "no plan", RequestId: "id-7" }) } });
  expect((await check(sandbox.endpoint)).text).toMatch(/60020: .*ErrorInfo: "no plan"\. RequestId: "id-7"\. /);
});

test("the doctor speaks to the person who reads it, whatever the failure", async () => {
  const nextSteps = [...Object.values(NETWORK_REASONS), ...ERROR_CODES.values()].map(({ nextStep }) => nextStep);
  for (const nextStep of nextSteps)
    expect(forPerson(nextStep)).not.toMatch(/(tell|ask) the person\b|the person must|doctor command|, (and|or) to /i);
  expect(forPerson("Tell the person to check the clock.")).toBe("Check the clock.");
  expect(forPerson("Stop and tell the person: the key must be replaced.")).toBe("The key must be replaced.");
});

test("the doctor shows no key that stands in a variable that is not for it", async () => {
  const { endpoint } = await startSandbox();
  const { text } = await check(endpoint, {
    HTTPS_PROXY: `http://${[...SECRET_KEY].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("")}:80`,
    NO_PROXY: SECRET_KEY,
  });
  expectNoSecret(text);
});

test("the doctor warns of edits that no journal records", async () => {
  const { endpoint } = await startSandbox();
  expect((await check(endpoint)).text).toContain("warning journal: off: edits are not recorded");
  expect((await check(endpoint, { TENCENT_CHAT_READ_ONLY: "true" })).text).toContain("ok journal: off");
});

test("the doctor's advice fits what is wrong with the journal", async () => {
  const { endpoint } = await startSandbox();
  const path = journalPath();
  const adviceFor = async (TENCENT_CHAT_JOURNAL: string) =>
    /failed journal: .*/.exec((await check(endpoint, { TENCENT_CHAT_JOURNAL })).text)?.[0];
  expect(await adviceFor(`${path}/none/j`)).toMatch(/\(ENOENT: no such file\): its folder must exist and be writable$/);
  expect(await adviceFor(dirname(path))).toMatch(/\(EISDIR: it is a folder\)$/);
});

describe("the journal as a list", () => {
  const read = (path: string | undefined, asJson = false) => {
    const lines: string[] = [];
    const ok = listJournal(path, asJson, (line) => lines.push(line));
    return { ok, text: lines.join("\n") };
  };

  test("shows each edit with its outcome, and the undo only where it makes sense", () => {
    const path = journalPath();
    const identity = { sdkAppId: 1, label: "test", admin: "a", osUser: "ops", host: "h", pid: 1 };
    const journal = new Journal(path, identity, (line) => line);
    const undo = { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: "A" } };
    const change = { field: "Name", before: "A", after: "B" };
    const edit = { tool: "t", channel: "@TOA#_x", client: "c\u202e", confirmed: true, changes: [change], undo };
    journal.begin(edit)({ outcome: "applied", warnings: ["look"] });
    journal.begin({ ...edit, channel: "@TOA#_refused" })({ outcome: "refused", code: 130002 });
    journal.begin({
      tool: "s",
      channel: "@TOA#_x",
      subscriber: "u",
      client: "c",
      confirmed: false,
      changes: [{ field: "CustomString", after: "v" }],
    })({ outcome: "refused", code: 131003, cancelled: true });
    journal.begin({ ...edit, channel: "@TOA#_y" });
    const { ok, text } = read(path);
    expect(ok).toBe(true);
    const [applied, refused, subscriber, stopped] = text.split(/\n(?=\d{4}-)/);
    expect(applied).toMatch(
      /"test" \(sandbox\) {2}t {2}"@TOA#_x" {2}by client "c\\u202e", user "ops" on "h", admin "a", confirmed {2}applied\n {4}Name: "A" → "B"\n {4}warning: look\n {4}undo: t \{"Official_Account":"@TOA#_x","Name":"A"\}$/,
    );
    expect(refused).not.toContain("undo:");
    expect(subscriber).toMatch(
      /s {2}"@TOA#_x" subscriber "u" {2}by client "c", user "ops" on "h", admin "a" {2}refused \(131003\), cancelled\n {4}CustomString: \(not readable\) → "v"/,
    );
    expect(stopped).toContain(
      "no outcome recorded: the edit is still running, or process 1 stopped; read the channel first",
    );
    expect(stopped).toContain("undo: t");
    expect(JSON.parse(read(path, true).text).edits).toHaveLength(4);
  });

  test("says what a missing file can mean", () => {
    const { ok, text } = read(journalPath());
    expect(ok).toBe(false);
    expect(text).toMatch(/cannot be read \(ENOENT: no such file\): nothing was recorded yet, or the path is wrong\.$/);
  });

  test("puts joined journals into the order of time, so that an undo in the other file counts", () => {
    const path = journalPath();
    const at = (hour: number, id: string, before: string, after: string) => {
      const common = { writeId: id, tool: "t", channel: "@TOA#_x" };
      const time = `2026-11-27T${hour}:00:00.000Z`;
      const undo = { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: before } };
      const changes = [{ field: "Name", before, after }];
      const intent = { time, event: "intent", sdkAppId: 1, client: "c", confirmed: false, ...common, changes, undo };
      return `${JSON.stringify(intent)}\n${JSON.stringify({ time, event: "outcome", ...common, outcome: "applied", undo })}\n`;
    };
    writeFileSync(path, at(12, "b1", "p", "o") + at(10, "a1", "o", "p") + at(13, "a2", "o", "q"));
    const { edits } = JSON.parse(read(path, true).text);
    type Listed = { time: string; takenBackBy?: string; undo?: object };
    expect(edits.map(({ time, takenBackBy, undo }: Listed) => [time.slice(11, 13), takenBackBy, undo])).toEqual([
      ["10", "2026-11-27T12:00:00.000Z", undefined],
      ["12", undefined, undefined],
      ["13", undefined, { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: "o" } }],
    ]);
  });

  test("takes an edit that found another value than the one to be taken back for an edit of its own", () => {
    const path = journalPath();
    const journal = new Journal(path, { sdkAppId: 1, admin: "a", osUser: "o", host: "h", pid: 1 }, (line) => line);
    const record = (before: string, after: string) =>
      journal.begin({
        tool: "t",
        channel: "@TOA#_x",
        client: "c",
        confirmed: false,
        changes: [{ field: "Name", before, after }],
        undo: { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: before } },
      })({ outcome: "applied" });
    record("A", "B");
    record("C", "A"); // somebody else had written C in between
    const { edits } = JSON.parse(read(path, true).text);
    expect(edits.map(({ undo }: { undo?: object }) => undo !== undefined)).toEqual([true, true]);
  });

  test("marks an edit that a later one took back, and offers no undo for either", () => {
    const path = journalPath();
    const journal = new Journal(path, { sdkAppId: 1, admin: "a", osUser: "o", host: "h", pid: 1 }, (line) => line);
    const common = { tool: "t", channel: "@TOA#_x", client: "c", confirmed: false };
    const record = (before: string, after: string, outcome: "applied" | "refused" = "applied") =>
      journal.begin({
        ...common,
        changes: [{ field: "Name", before, after }],
        undo: { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: before } },
      })({ outcome });
    record("A", "B");
    record("B", "C");
    record("C", "A", "refused");
    const undos = () =>
      read(path)
        .text.split(/\n(?=\d{4}-)/)
        .map((text) => /undo: .*|taken back/.exec(text)?.[0]);
    expect(undos()).toEqual([
      'undo: t {"Official_Account":"@TOA#_x","Name":"A"}',
      'undo: t {"Official_Account":"@TOA#_x","Name":"B"}',
      undefined,
    ]);
    record("C", "B");
    expect(undos().slice(0, 2)).toEqual(['undo: t {"Official_Account":"@TOA#_x","Name":"A"}', "taken back"]);
    const list = read(path).text.split(/\n(?=\d{4}-)/);
    expect(list[3]).toContain(`takes back the edit of ${list[1]?.split(" ", 1)[0]}`);
    expect(list[3]).not.toContain("undo:");
    const asJson = JSON.parse(read(path, true).text).edits;
    expect(asJson[0].undo.arguments).toMatchObject({ Name: "A" });
    expect(asJson[2].result.outcome).toBe("refused");
    expect(asJson[1]).toMatchObject({ takenBackBy: asJson[3].time });
    expect(asJson[3]).toMatchObject({ takesBack: asJson[1].time });
    for (const edit of asJson.slice(1)) expect(JSON.stringify(edit)).not.toContain("undo");

    record("B", "C"); // the edit that was taken back, made again: a new one, with an undo of its own
    expect(undos().slice(4)).toEqual(['undo: t {"Official_Account":"@TOA#_x","Name":"B"}']);
    record("C", "B");
    expect(undos().slice(4)).toEqual(["taken back", undefined]);

    record("B", "D");
    expect(undos().slice(6)).toEqual(['undo: t {"Official_Account":"@TOA#_x","Name":"B"}']);
    journal.begin({
      ...common,
      changes: [
        { field: "Name", before: "D", after: "B" },
        { field: "Introduction", before: "i", after: "j" },
      ],
      undo: { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: "D", Introduction: "i" } },
    })({ outcome: "applied" });
    // It does more than take the last one back, so both keep their undo.
    expect(undos().slice(6).join("\n")).toMatch(/^undo: .*"Name":"B"\}\nundo: .*"Introduction":"i"\}$/);

    const repeated = journalPath();
    const again = new Journal(repeated, { sdkAppId: 1, admin: "a", osUser: "o", host: "h", pid: 1 }, (line) => line);
    const undo = { tool: "t", arguments: { Official_Account: "@TOA#_x", Name: "A" } };
    const there = { ...common, changes: [{ field: "Name", before: "A", after: "B" }], undo };
    again.begin(there)({ outcome: "unknown" });
    again.begin(there)({ outcome: "applied" });
    again.begin({ ...common, changes: [{ field: "Name", before: "B", after: "A" }] })({ outcome: "applied" });
    expect(read(repeated).text).not.toContain("undo:"); // one undo took both back

    const other = new Journal(path, { sdkAppId: 2, admin: "a", osUser: "o", host: "h", pid: 1 }, (line) => line);
    const changes = [{ field: "Name", before: "B", after: "A" }];
    other.begin({ ...common, changes })({ outcome: "applied" }); // another application's channel of the same name
    expect(undos()[0]).toContain("undo: ");
  });

  test("says where there is none, where it cannot be read, where it is empty, and where lines are broken", () => {
    expect(read(undefined)).toEqual({ ok: false, text: "✗ There is no journal: set TENCENT_CHAT_JOURNAL to a file." });
    expect(read("~/journal").text).toBe(
      "✗ The journal ~/journal cannot be read (ENOENT: no such file): ~ is not expanded, so give the whole path.",
    );
    expect(JSON.parse(read(undefined, true).text)).toEqual({
      edits: [],
      problem: "There is no journal: set TENCENT_CHAT_JOURNAL to a file.",
    });
    const path = journalPath();
    appendFileSync(path, "\n");
    expect(read(path)).toEqual({ ok: true, text: "The journal holds no edits." });
    appendFileSync(path, '{"half\n{"event":"intent"}\n');
    expect(read(path)).toEqual({ ok: false, text: "The journal holds no edits.\n✗ 2 of its lines cannot be read." });
    const intent = '{"event":"intent","tool":"t","writeId":"w","changes":';
    appendFileSync(path, `${intent}[null]}\n${intent}[],"undo":{"tool":"t"}}\nnull\n`);
    appendFileSync(path, '{"event":"outcome","writeId":"w","outcome":"applied","warnings":"x"}\n');
    expect(read(path).text).toContain("✗ 6 of its lines cannot be read.");
  });
});
