import { describe, expect, test } from "vitest";
import { REGIONS, SANDBOX_SDKAPPID } from "../../src/chat-api/hosts.ts";
import { Signer } from "../../src/chat-api/user-sig.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { SettingsRefusal } from "../../src/settings/settings-refusal.ts";
import { SETTINGS } from "../../src/settings/table.ts";

const KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const GOOD = { TENCENT_CHAT_SDKAPPID: "1400000321", TENCENT_CHAT_SECRET_KEY: KEY, TENCENT_CHAT_REGION: "tokyo" };

function read(env: Record<string, string | undefined>, sandbox = false, file: (path: string) => string = () => "") {
  return readSettings(env, sandbox, file);
}

function faultsOf(more: Record<string, string | undefined>): readonly string[] {
  const { settings, faults } = read({ ...GOOD, ...more });
  expect(settings === undefined).toBe(faults.length > 0);
  for (const fault of faults) expect(fault).not.toContain(KEY);
  return faults;
}

describe("good settings", () => {
  test("need three names, and have the documented defaults", () => {
    const { settings, faults, readOnly, logLevel } = read(GOOD);
    expect(faults).toEqual([]);
    expect({ ...settings, endpoint: settings?.endpoint?.href }).toEqual({
      sdkAppId: 1400000321,
      identifier: "administrator",
      credential: { secretKey: KEY },
      endpoint: "https://adminapijpn.im.qcloud.com/",
      region: "tokyo",
      rules: { readOnly: false, allowedChannels: undefined, writesPerHour: undefined },
      journal: undefined,
      timeoutMs: 30_000,
      requestsPerSecond: 200,
      isSandbox: false,
      proxy: undefined,
    });
    expect([readOnly, logLevel]).toEqual([false, "info"]);
  });

  test.each(Object.entries(REGIONS))("lead the region %s to its host", (region, { host }) => {
    expect(read({ ...GOOD, TENCENT_CHAT_REGION: region }).settings?.endpoint?.href).toBe(`https://${host}/`);
  });

  test("take every other name", () => {
    const { settings, readOnly, logLevel } = read(
      {
        TENCENT_CHAT_SDKAPPID: "1400000321",
        TENCENT_CHAT_SECRET_KEY_FILE: "/key",
        TENCENT_CHAT_ENDPOINT: "https://gateway.example/im",
        TENCENT_CHAT_IDENTIFIER: "boss",
        TENCENT_CHAT_READ_ONLY: "TRUE",
        TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a, @TOA#_b*",
        TENCENT_CHAT_WRITES_PER_HOUR: "0",
        TENCENT_CHAT_JOURNAL: "/j",
        TENCENT_CHAT_TIMEOUT_SECONDS: "0.5",
        TENCENT_CHAT_REQUESTS_PER_SECOND: "1",
        TENCENT_CHAT_LOG_LEVEL: "silent",
        TENCENT_CHAT_SANDBOX: "false",
        HTTPS_PROXY: "proxy.example:8080",
        NO_PROXY: "localhost",
      },
      false,
      (path) => (path === "/key" ? ` ${KEY}\n` : ""),
    );
    expect({ ...settings, endpoint: settings?.endpoint?.href }).toEqual({
      sdkAppId: 1400000321,
      identifier: "boss",
      credential: { secretKey: KEY },
      endpoint: "https://gateway.example/im",
      region: undefined,
      rules: { readOnly: true, allowedChannels: ["@TOA#_a", "@TOA#_b*"], writesPerHour: 0 },
      journal: "/j",
      timeoutMs: 500,
      requestsPerSecond: 1,
      isSandbox: false,
      proxy: { url: "http://proxy.example:8080", except: "localhost" },
    });
    expect([readOnly, logLevel]).toEqual([true, "silent"]);
  });

  test("take a ready-made UserSig", () => {
    const userSig = new Signer({ sdkAppId: 1400000321, identifier: "boss", credential: { secretKey: KEY } }).current();
    const env = {
      ...GOOD,
      TENCENT_CHAT_SECRET_KEY: "",
      TENCENT_CHAT_USERSIG: userSig,
      TENCENT_CHAT_IDENTIFIER: "boss",
    };
    expect(read(env).settings?.credential).toEqual({ userSig });
    expect(read({ ...GOOD, TENCENT_CHAT_SECRET_KEY: userSig }).faults[0]).toContain("put it into TENCENT_CHAT_USERSIG");
  });

  test.each(["", "  ", `\${user_config.region}`])("treat %j as unset", (blank) => {
    const blanks = Object.fromEntries(SETTINGS.filter(({ name }) => !(name in GOOD)).map(({ name }) => [name, blank]));
    expect(read({ ...GOOD, ...blanks }).faults).toEqual([]);
    expect(read({ ...GOOD, ...blanks }).settings).toEqual(read(GOOD).settings);
  });

  test("take a value that only holds a placeholder as it is", () => {
    for (const TENCENT_CHAT_JOURNAL of [`/j/\${user_config.name}`, `\${user_config.home}/j`]) {
      expect(read({ ...GOOD, TENCENT_CHAT_JOURNAL }).settings?.journal).toBe(TENCENT_CHAT_JOURNAL);
    }
  });

  test("reach to the limits themselves", () => {
    const env = {
      ...GOOD,
      TENCENT_CHAT_IDENTIFIER: "x".repeat(32),
      TENCENT_CHAT_SDKAPPID: "4294967295",
      TENCENT_CHAT_REQUESTS_PER_SECOND: "200",
    };
    const { settings, faults } = read({ ...env, TENCENT_CHAT_TIMEOUT_SECONDS: "600" });
    expect(faults).toEqual([]);
    expect(settings).toMatchObject({ timeoutMs: 600_000, requestsPerSecond: 200, sdkAppId: 4_294_967_295 });
    expect(read({ ...env, TENCENT_CHAT_TIMEOUT_SECONDS: "0.25" }).settings?.timeoutMs).toBe(250);
  });

  test("take a proxy with or without a scheme, and a password with escapes", () => {
    const urlOf = (HTTPS_PROXY: string) => read({ ...GOOD, HTTPS_PROXY }).settings?.proxy?.url;
    expect(urlOf("HTTPS://proxy.example")).toBe("HTTPS://proxy.example");
    expect(urlOf("proxy.example:8080/a://b")).toBe("http://proxy.example:8080/a://b");
    expect(urlOf("u:p%40ss@proxy.example:8080")).toBe("http://u:p%40ss@proxy.example:8080");
  });

  test("keep loopback open to plain http", () => {
    for (const host of ["127.0.0.1:8", "localhost", "[::1]:80", "127.9.99.255"]) {
      expect(read({ ...GOOD, TENCENT_CHAT_ENDPOINT: `http://${host}` }).faults).toEqual([]);
    }
  });
});

describe("a settings error", () => {
  test("names everything at once in an empty environment", () => {
    const { faults, settings } = read({});
    expect(settings).toBeUndefined();
    expect(faults).toHaveLength(3);
    expect(faults.join()).toMatch(
      /TENCENT_CHAT_SDKAPPID is required.*One credential is required.*TENCENT_CHAT_REGION is required/,
    );
  });

  test.each([
    [{ TENCENT_CHAT_SDKAPPID: "abc" }, "TENCENT_CHAT_SDKAPPID must be a whole number"],
    [{ TENCENT_CHAT_SDKAPPID: "1.5" }, "TENCENT_CHAT_SDKAPPID must be a whole number"],
    [{ TENCENT_CHAT_SDKAPPID: "0" }, "from 1 to 4294967295"],
    [{ TENCENT_CHAT_SDKAPPID: "-4" }, "whole number"],
    [{ TENCENT_CHAT_SDKAPPID: "1e9" }, "whole number"],
    [{ TENCENT_CHAT_REGION: "mars" }, "TENCENT_CHAT_REGION must be one of china, singapore"],
    [{ TENCENT_CHAT_REGION: undefined }, "TENCENT_CHAT_REGION is required"],
    [{ TENCENT_CHAT_ENDPOINT: "http://gateway.example" }, "TENCENT_CHAT_ENDPOINT must be an https address"],
    [{ TENCENT_CHAT_ENDPOINT: "http://127.0.0.1.example" }, "TENCENT_CHAT_ENDPOINT must be an https address"],
    [{ TENCENT_CHAT_ENDPOINT: "http://x.127.0.0.1.example" }, "TENCENT_CHAT_ENDPOINT must be an https address"],
    [{ TENCENT_CHAT_ENDPOINT: "http://x127.0.0.1" }, "TENCENT_CHAT_ENDPOINT must be an https address"],
    [{ TENCENT_CHAT_ENDPOINT: "https://u:p@gateway.example" }, "TENCENT_CHAT_ENDPOINT must be"],
    [{ TENCENT_CHAT_ENDPOINT: "https://gateway.example?x" }, "TENCENT_CHAT_ENDPOINT must be"],
    [{ TENCENT_CHAT_ENDPOINT: "https://gateway.example#x" }, "TENCENT_CHAT_ENDPOINT must be"],
    [{ TENCENT_CHAT_ENDPOINT: "gateway" }, "TENCENT_CHAT_ENDPOINT must be"],
    [{ TENCENT_CHAT_ENDPOINT: "ftp://127.0.0.1" }, "TENCENT_CHAT_ENDPOINT must be"],
    [{ TENCENT_CHAT_IDENTIFIER: "x".repeat(33) }, "TENCENT_CHAT_IDENTIFIER is longer than 32 bytes"],
    [{ TENCENT_CHAT_SECRET_KEY: undefined }, "One credential is required"],
    [
      { TENCENT_CHAT_USERSIG: "x" },
      "Only one credential may be set, but TENCENT_CHAT_SECRET_KEY and TENCENT_CHAT_USERSIG are",
    ],
    [
      { TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_SECRET_KEY_FILE: "/empty" },
      "The file of TENCENT_CHAT_SECRET_KEY_FILE is empty",
    ],
    [{ TENCENT_CHAT_READ_ONLY: "yes" }, "TENCENT_CHAT_READ_ONLY must be one of true, false"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "a,,b" }, "TENCENT_CHAT_ALLOWED_CHANNELS must list IDs"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "," }, "TENCENT_CHAT_ALLOWED_CHANNELS must list IDs"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "a*b" }, "TENCENT_CHAT_ALLOWED_CHANNELS must list IDs"],
    [{ TENCENT_CHAT_WRITES_PER_HOUR: "many" }, "TENCENT_CHAT_WRITES_PER_HOUR must be a whole number from 0"],
    [{ TENCENT_CHAT_TIMEOUT_SECONDS: "0" }, "TENCENT_CHAT_TIMEOUT_SECONDS must be a number from 0.1 to 600"],
    [{ TENCENT_CHAT_TIMEOUT_SECONDS: "601" }, "TENCENT_CHAT_TIMEOUT_SECONDS"],
    [
      { TENCENT_CHAT_REQUESTS_PER_SECOND: "201" },
      "TENCENT_CHAT_REQUESTS_PER_SECOND must be a whole number from 1 to 200",
    ],
    [{ TENCENT_CHAT_LOG_LEVEL: "loud" }, "TENCENT_CHAT_LOG_LEVEL must be one of debug, info"],
    [{ TENCENT_CHAT_SECRET_KEY: `\${input:key}` }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SECRET_KEY: "…" }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SECRET_KEY: "two words" }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SANDBOX: "maybe" }, "TENCENT_CHAT_SANDBOX must be one of"],
    [{ TENCENT_CHAT_SDK_APPID: "5" }, "TENCENT_CHAT_SDK_APPID is not a setting: did you mean TENCENT_CHAT_SDKAPPID?"],
    [{ TENCENT_CHAT_READONLY: "true" }, "TENCENT_CHAT_READONLY is not a setting: did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ TENCENT_CHAT_COLOUR: "red" }, "TENCENT_CHAT_COLOUR is not a setting"],
    [{ HTTPS_PROXY: "socks5://proxy" }, "HTTPS_PROXY must be the address of an HTTP proxy"],
    [{ HTTPS_PROXY: "xhttp://proxy" }, "HTTPS_PROXY must be the address of an HTTP proxy"],
    [{ HTTPS_PROXY: "http://u%zz:p@proxy" }, "HTTPS_PROXY must be the address of an HTTP proxy"],
    [{ HTTPS_PROXY: "http://u:p%zz@proxy" }, "HTTPS_PROXY must be the address of an HTTP proxy"],
    [{ https_proxy: "http://" }, "HTTPS_PROXY must be the address of an HTTP proxy"],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check"],
    [{ NODE_DEBUG: "undici" }, "NODE_DEBUG would print signed addresses"],
    [{ NODE_DEBUG: "tls, HTTP" }, "NODE_DEBUG would print"],
    [{ NODE_DEBUG: "*" }, "NODE_DEBUG would print"],
    [{ NODE_DEBUG: "fet*" }, "NODE_DEBUG would print"],
  ])("%j", (more, told) => {
    expect(faultsOf(more)).toEqual([expect.stringContaining(told)]);
  });

  test("does not arise from what is harmless", () => {
    expect(faultsOf({ NODE_DEBUG: "module,tls" })).toEqual([]);
    expect(faultsOf({ NODE_DEBUG: "" })).toEqual([]);
    expect(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: "1" })).toEqual([]);
    expect(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: "0", TENCENT_CHAT_ENDPOINT: "https://127.0.0.1:1" })).toEqual([]);
    expect(faultsOf({ TENCENT: "x", MY_TENCENT_CHAT_X: "y" })).toEqual([]);
  });

  test("tells a key file that cannot be read by its system's code", () => {
    const { faults } = readSettings(
      { ...GOOD, TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_SECRET_KEY_FILE: "/none" },
      false,
      () => {
        throw Object.assign(new Error("no such file /none"), { code: "ENOENT" });
      },
    );
    expect(faults).toEqual(["The file of TENCENT_CHAT_SECRET_KEY_FILE cannot be read (ENOENT: /none)."]);
  });

  test("keeps the sandbox's application at home", () => {
    const env = { ...GOOD, TENCENT_CHAT_SDKAPPID: String(SANDBOX_SDKAPPID) };
    expect(read(env).faults[0]).toContain("belongs to the sandbox and is never sent to a real service");
    expect(read({ ...env, TENCENT_CHAT_ENDPOINT: "http://127.0.0.1:1" }).faults).toEqual([]);
  });

  test("is explained at every call, for the operator", () => {
    const { explanation } = new SettingsRefusal(["One.", "Two."]);
    expect(explanation).toMatchObject({ stage: "settings", fixedBy: "operator", attempts: 0, safeToResend: false });
    expect(explanation.cause).toBe("This server is not set up. One. Two. Nothing was sent.");
  });
});

describe("the sandbox", () => {
  test.each([
    [{}, true],
    [{ TENCENT_CHAT_SANDBOX: "true" }, false],
    [{ TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_SDKAPPID: "5", TENCENT_CHAT_SECRET_KEY: KEY }, false],
  ])("needs no account: %j", (env, asked) => {
    const { settings, faults } = read(env, asked);
    expect(faults).toEqual([]);
    expect(settings).toMatchObject({ isSandbox: true, sdkAppId: SANDBOX_SDKAPPID, endpoint: undefined });
    expect(settings?.credential).not.toEqual({ secretKey: KEY });
  });

  test("asked for in an unknown word is the one fault told", () => {
    expect(read({ TENCENT_CHAT_SANDBOX: "yes" }).faults).toEqual(["TENCENT_CHAT_SANDBOX must be one of true, false."]);
  });

  test("keeps the guard's settings checked", () => {
    expect(read({ TENCENT_CHAT_READ_ONLY: "maybe" }, true).settings).toBeUndefined();
  });
});
