import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import tlsSigApi from "tls-sig-api-v2/TLSSigAPIv2.js";
import { describe, expect, test } from "vitest";
import { runChecks } from "../../src/commands/doctor.ts";
import { ENGLISH, textsFor } from "../../src/commands/texts.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { BUILT } from "../support/built.ts";
import { journalPath } from "../support/folders.ts";
import { expectNoSecret } from "../support/secrets.ts";
import { environmentOf, GET, SDKAPPID, SECRET_KEY, startSandbox } from "../support/service.ts";

async function check(endpoint: URL | undefined, more: Record<string, string> = {}, texts = ENGLISH.doctor) {
  const env = endpoint ? environmentOf(endpoint, more) : more;
  const result = readSettings(env);
  const checks = await runChecks(process, "0.1.0", result, texts);
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
    expect(text).toContain("ok settings: test: application 1400000321, 127.0.0.1, account administrator, secret key");
    expect(text).toContain("modify_subscriber_info: off (TENCENT_CHAT_READ_ONLY)");
    expect(text).toContain("proxy: none"); // it is not used for this machine
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
      TENCENT_CHAT_JOURNAL: "/nowhere/journal.jsonl",
    });
    expect(ok).toBe(false);
    expect(text).toMatch(/failed signature: The ready-made UserSig cannot be used: it cannot be read/);
    expect(text).toContain("failed journal: /nowhere/journal.jsonl cannot be written (ENOENT: no such file or folder)");
    expect(text).toMatch(/failed service: The ready-made UserSig cannot be used/);
  });

  test("warns of a ready-made UserSig that expires within a day", async () => {
    const { endpoint } = await startSandbox();
    const signer = new tlsSigApi.Api(SDKAPPID, SECRET_KEY);
    const withSignature = (days: number) =>
      check(endpoint, {
        TENCENT_CHAT_SECRET_KEY: "",
        TENCENT_CHAT_USERSIG: signer.genUserSig("administrator", days * 86_400),
      });
    expect((await withSignature(0.5)).text).toMatch(/warning signature: UserSig expires .*\. Replace it soon/);
    expect((await withSignature(2)).text).toMatch(/ok signature: UserSig expires /);
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

test("the doctor speaks to the person who reads it", async () => {
  const sandbox = await startSandbox();
  sandbox.faults.add({ response: { code: 60010 } });
  expect((await check(sandbox.endpoint)).text).toMatch(
    /not one\. .* TENCENT_CHAT_IDENTIFIER must be an app administrator of SDKAppID 1400000321\. Correct it and restart/,
  );
});

test("the doctor reads a channel that is allowed by its name", async () => {
  const sandbox = await startSandbox();
  const allowing = (list: string) => check(sandbox.endpoint, { TENCENT_CHAT_ALLOWED_CHANNELS: list });
  expect((await allowing("@TOA#_a*,@TOA#_test_for_penn")).text).toContain(
    'ok channel: "@TOA#_test_for_penn" was read: "test_modify_official_account3"',
  );
  const gone = await allowing("@TOA#_gone");
  expect([gone.ok, gone.text]).toEqual([
    false,
    expect.stringContaining('failed channel: "@TOA#_gone" cannot be read: 130004'),
  ]);
});

test("the doctor speaks Chinese where the locale is Chinese, and has every text in both languages", async () => {
  const chinese = textsFor({ LANG: "zh_CN.UTF-8" });
  const { endpoint } = await startSandbox();
  expect((await check(endpoint, {}, chinese.doctor)).text).toContain("已连通，签名有效");
  expect(textsFor({ LC_ALL: "en_US.UTF-8", LANG: "zh_CN.UTF-8" })).toBe(ENGLISH);
  expect(Object.keys(chinese.setup)).toEqual(Object.keys(ENGLISH.setup));
  expect(Object.keys(chinese.doctor)).toEqual(Object.keys(ENGLISH.doctor));
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

test("the doctor says why the journal cannot be written", async () => {
  const { endpoint } = await startSandbox();
  const path = journalPath();
  const adviceFor = async (TENCENT_CHAT_JOURNAL: string) =>
    /failed journal: .*/.exec((await check(endpoint, { TENCENT_CHAT_JOURNAL })).text)?.[0];
  expect(await adviceFor(`${path}/none/j`)).toMatch(/\(ENOENT: no such file or folder\)$/);
  expect(await adviceFor(dirname(path))).toMatch(/\(EISDIR: it is a folder\)$/);
});

test("the exit code counts also where nobody reads the output", async () => {
  const child = spawn(process.execPath, [BUILT, "doctor"], { env: {}, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.destroy();
  expect(await once(child, "exit")).toEqual([1, null]);
});
