import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Secrets } from "../../src/chat-api/auth/secrets.ts";
import { Signer } from "../../src/chat-api/auth/user-sig.ts";
import { REGIONS, SANDBOX_SDKAPPID } from "../../src/chat-api/regions.ts";
import { SANDBOX_ACCOUNT } from "../../src/settings/account.ts";
import { metaOf, SETTING_NAMES } from "../../src/settings/schema.ts";
import { applicationName, readSettings, SettingsError } from "../../src/settings/settings.ts";
import { temporaryFolder } from "../support/folders.ts";

const KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const GOOD = { TENCENT_CHAT_SDKAPPID: "1400000321", TENCENT_CHAT_SECRET_KEY: KEY, TENCENT_CHAT_REGION: "tokyo" };

type Env = Record<string, string | undefined>;

const read = (env: Env, sandbox = false) => readSettings({ ...env, ...(sandbox && { TENCENT_CHAT_SANDBOX: "true" }) });

/** A new file with a credential. */
function credentialFile(content: string | Buffer, mode = 0o600): string {
  const path = join(temporaryFolder(), "credential");
  writeFileSync(path, content, { mode });
  return path;
}

/** Settings that take the key from a file. */
const withKeyFile = (path: string) => ({ TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_SECRET_KEY_FILE: path });

function problemsOf(more: Record<string, string | undefined>): readonly string[] {
  const { settings, problems } = read({ ...GOOD, ...more });
  expect(settings === undefined).toBe(problems.length > 0);
  for (const problem of problems) expect(problem).not.toContain(KEY);
  return problems;
}

describe("good settings", () => {
  test("need three names, and have the documented defaults", () => {
    const { settings, problems, readOnly, logLevel } = read(GOOD);
    expect(problems).toEqual([]);
    expect({ ...settings, endpoint: settings?.endpoint?.href }).toEqual({
      sdkAppId: 1400000321,
      identifier: "administrator",
      credential: { secretKey: KEY },
      endpoint: "https://adminapijpn.im.qcloud.com/",
      region: "tokyo",
      label: undefined,
      rules: { readOnly: false, allowedChannels: undefined, writesPerHour: undefined, confirmEdits: "never" },
      journal: undefined,
      timeoutMs: 30_000,
      requestsPerSecond: 50,
      isSandbox: false,
      proxy: undefined,
      secrets: [KEY],
    });
    expect([readOnly, logLevel]).toEqual([false, "warn"]);
  });

  test.each(Object.entries(REGIONS))("lead the region %s to its host", (region, { host }) => {
    expect(read({ ...GOOD, TENCENT_CHAT_REGION: region }).settings?.endpoint?.href).toBe(`https://${host}/`);
  });

  test("take every other name", () => {
    const { settings, readOnly, logLevel } = read({
      TENCENT_CHAT_SDKAPPID: "1400000321",
      TENCENT_CHAT_SECRET_KEY_FILE: credentialFile(` ${KEY}\n`),
      TENCENT_CHAT_ENDPOINT: "https://gateway.example/im",
      TENCENT_CHAT_IDENTIFIER: "boss",
      TENCENT_CHAT_LABEL: "production 生产",
      TENCENT_CHAT_READ_ONLY: "TRUE",
      TENCENT_CHAT_CONFIRM_EDITS: "1000",
      TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a, @TOA#_b*",
      TENCENT_CHAT_WRITES_PER_HOUR: "0",
      TENCENT_CHAT_JOURNAL: "/j",
      TENCENT_CHAT_TIMEOUT_SECONDS: "0.5",
      TENCENT_CHAT_REQUESTS_PER_SECOND: "1",
      TENCENT_CHAT_LOG_LEVEL: "silent",
      TENCENT_CHAT_SANDBOX: "false",
      HTTPS_PROXY: "proxy.example:8080",
      NO_PROXY: "localhost",
    });
    expect({ ...settings, endpoint: settings?.endpoint?.href }).toEqual({
      sdkAppId: 1400000321,
      identifier: "boss",
      credential: { secretKey: KEY },
      readFile: expect.any(Function),
      endpoint: "https://gateway.example/im",
      region: undefined,
      label: "production 生产",
      rules: {
        readOnly: true,
        allowedChannels: ["@TOA#_a", "@TOA#_b*"],
        writesPerHour: 0,
        confirmEdits: 1000,
      },
      journal: "/j",
      timeoutMs: 500,
      requestsPerSecond: 1,
      isSandbox: false,
      proxy: "http://proxy.example:8080",
      secrets: [KEY],
    });
    expect([readOnly, logLevel]).toEqual([true, "silent"]);
  });

  test("take a ready-made UserSig", () => {
    const account = { sdkAppId: 1400000321, identifier: "boss", credential: { secretKey: KEY } };
    const signature = new Signer({ ...account, secrets: new Secrets() }).current();
    const userSig = "userSig" in signature ? signature.userSig : "";
    const env = {
      ...GOOD,
      TENCENT_CHAT_SECRET_KEY: "",
      TENCENT_CHAT_USERSIG: userSig,
      TENCENT_CHAT_IDENTIFIER: "boss",
    };
    expect(read(env).settings?.credential).toEqual({ userSig });
    expect(read({ ...GOOD, TENCENT_CHAT_SECRET_KEY: userSig }).problems[0]).toContain(
      "put it into TENCENT_CHAT_USERSIG",
    );
  });

  test.each(["", "  ", '""', "''"])("treat %j as unset", (blank) => {
    const blanks = Object.fromEntries(SETTING_NAMES.filter((name) => !(name in GOOD)).map((name) => [name, blank]));
    expect(read({ ...GOOD, ...blanks }).problems).toEqual([]);
    expect(read({ ...GOOD, ...blanks }).settings).toEqual(read(GOOD).settings);
  });

  test("take what the bundle's form leaves in an empty field for its initial value, and name it elsewhere", () => {
    const others = SETTING_NAMES.filter((name) => !(name in GOOD));
    const inForm = others.filter((name) => metaOf(name).form);
    for (const left of [`\${user_config.any}`, `"\${user_config.any}"`]) {
      const { settings, problems } = read({ ...GOOD, ...Object.fromEntries(inForm.map((name) => [name, left])) });
      expect(problems).toEqual([]);
      expect(settings?.rules).toEqual({ ...read(GOOD).settings?.rules, readOnly: true });
    }
    for (const name of others.filter((name) => !metaOf(name).form))
      expect(problemsOf({ [name]: `\${user_config.any}` })).toEqual([
        expect.stringContaining(`${name} holds the placeholder`),
      ]);
  });

  test("take a value in quotes without them", () => {
    const env = { ...GOOD, TENCENT_CHAT_SECRET_KEY: `"${KEY}"`, TENCENT_CHAT_REGION: " 'Tokyo' " };
    expect(read(env).settings).toMatchObject({ credential: { secretKey: KEY }, region: "tokyo" });
    expect(read({ ...GOOD, TENCENT_CHAT_ALLOWED_CHANNELS: '"@TOA#_a"' }).settings?.rules.allowedChannels).toEqual([
      "@TOA#_a",
    ]);
  });

  const utf16 = (text: string, isBig: boolean) => {
    const bytes = Buffer.from(text, "utf16le");
    return isBig ? bytes.swap16() : bytes;
  };
  test.each([
    ["plain", KEY],
    ["with a line break of Windows", `${KEY}\r\n`],
    ["with a byte order mark", `\ufeff${KEY}`],
    ["in quotes", `"${KEY}"\n`],
    ["in UTF-16, as PowerShell writes it", utf16(`\ufeff${KEY}\r\n`, false)],
    ["in big-endian UTF-16", utf16(`\ufeff${KEY}`, true)],
    ["in UTF-16 without a mark", utf16(KEY, false)],
  ])("take a key file that is %s", (_what, content) => {
    const { settings, problems, warnings } = read({ ...GOOD, ...withKeyFile(credentialFile(content)) });
    expect([problems, warnings]).toEqual([[], []]);
    expect(settings?.credential).toEqual({ secretKey: KEY });
  });

  test("take a UserSig from a file", () => {
    const userSig = `eJ${"x".repeat(100)}`;
    const path = credentialFile(`${userSig}\n`);
    const { settings } = read({ ...GOOD, TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_USERSIG_FILE: path });
    expect(settings?.credential).toEqual({ userSig });
    writeFileSync(path, `${userSig}y`);
    expect(settings?.readFile?.()).toEqual({ userSig: `${userSig}y` });
    writeFileSync(path, "half");
    expect(settings?.readFile?.()).toBeUndefined();
  });

  test("reach to the limits themselves", () => {
    const env = {
      ...GOOD,
      TENCENT_CHAT_IDENTIFIER: "x".repeat(32),
      TENCENT_CHAT_SDKAPPID: "4294967295",
      TENCENT_CHAT_REQUESTS_PER_SECOND: "200",
    };
    const { settings, problems } = read({ ...env, TENCENT_CHAT_TIMEOUT_SECONDS: "600" });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({ timeoutMs: 600_000, requestsPerSecond: 200, sdkAppId: 4_294_967_295 });
    expect(read({ ...env, TENCENT_CHAT_TIMEOUT_SECONDS: "0.25" }).settings?.timeoutMs).toBe(250);
  });

  test("take a proxy with or without a scheme, and a password with escapes", () => {
    const urlOf = (HTTPS_PROXY: string) => read({ ...GOOD, HTTPS_PROXY }).settings?.proxy;
    expect(urlOf("socks5h://proxy.example:1080")).toBe("socks5://proxy.example:1080");
    expect(urlOf("HTTPS://proxy.example")).toBe("HTTPS://proxy.example");
    expect(urlOf("proxy.example:8080")).toBe("http://proxy.example:8080");
    expect(urlOf("u:p%40ss@proxy.example:8080")).toBe("http://u:p%40ss@proxy.example:8080");
  });

  test("look for a proxy where curl does, and only where it would be used", () => {
    const urlOf = (more: Record<string, string>) => read({ ...GOOD, ...more }).settings?.proxy;
    const all = { https_proxy: "a", HTTPS_PROXY: "b", all_proxy: "c", ALL_PROXY: "d" };
    expect(urlOf(all)).toBe("http://a");
    expect(urlOf({ ...all, https_proxy: "" })).toBe("http://b");
    expect(urlOf({ all_proxy: "c", ALL_PROXY: "d" })).toBe("http://c");
    expect(urlOf({ ALL_PROXY: "socks5://d" })).toBe("socks5://d");
    for (const NO_PROXY of ["*", "adminapijpn.im.qcloud.com", ".qcloud.com", "x, *.IM.qcloud.com:443"]) {
      expect(problemsOf({ ALL_PROXY: "gopher://x", NO_PROXY })).toEqual([]);
    }
    expect(problemsOf({ ALL_PROXY: "gopher://x", TENCENT_CHAT_ENDPOINT: "http://127.0.0.1:1" })).toEqual([]);
    expect(problemsOf({ ALL_PROXY: "gopher://x", NO_PROXY: "cloud.com" })[0]).toMatch(/^ALL_PROXY must be/);
  });

  test("keep loopback open to plain http", () => {
    for (const host of ["127.0.0.1:8", "localhost", "[::1]:80", "127.9.99.255"]) {
      expect(read({ ...GOOD, TENCENT_CHAT_ENDPOINT: `http://${host}` }).problems).toEqual([]);
    }
  });
});

describe("a settings error", () => {
  test("names everything at once in an empty environment", () => {
    const { problems, settings } = read({});
    expect(settings).toBeUndefined();
    expect(problems).toHaveLength(3);
    expect(problems.join()).toMatch(
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
    [{ TENCENT_CHAT_REGION: "singapur" }, "Did you mean singapore?"],
    [{ TENCENT_CHAT_REGION: "siliconvalley" }, "Did you mean silicon-valley?"],
    [{ TENCENT_CHAT_SECRET_KEY: "/path/to/key" }, "A path belongs into TENCENT_CHAT_SECRET_KEY_FILE"],
    [{ TENCENT_CHAT_SECRET_KEY: "~/key" }, "A path belongs into TENCENT_CHAT_SECRET_KEY_FILE"],
    [{ TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_USERSIG: KEY }, "put it into TENCENT_CHAT_SECRET_KEY."],
    [{ TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_USERSIG: "news" }, "does not hold a UserSig alone"],
    [{ TENCENT_CHAT_CONFIRM_EDITS: "sometimes" }, "TENCENT_CHAT_CONFIRM_EDITS must be never, always, or"],
    [{ TENCENT_CHAT_CONFIRM_EDITS: "0" }, "TENCENT_CHAT_CONFIRM_EDITS must be never, always, or"],
    [{ TENCENT_CHAT_CONFIRM_EDITS: "-1" }, "TENCENT_CHAT_CONFIRM_EDITS must be never, always, or"],
    [{ TENCENT_CHAT_LABEL: "x".repeat(41) }, "TENCENT_CHAT_LABEL must be at most 40 visible characters"],
    [{ TENCENT_CHAT_LABEL: "a\u202eb" }, "TENCENT_CHAT_LABEL must be at most 40 visible characters"],
    [{ tencent_chat_read_only: "true" }, "did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ HTTPS_PROXY: "http://proxy.example:8080/path" }, "without path, query or fragment"],
    [{ HTTPS_PROXY: "http://proxy.example:8080?x=1" }, "without path, query or fragment"],
    [{ HTTPS_PROXY: "http://proxy.example:8080#x" }, "without path, query or fragment"],
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
    [withKeyFile(credentialFile("")), "The file of TENCENT_CHAT_SECRET_KEY_FILE cannot be read (it is empty)."],
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
    ...[
      `\${input:key}`,
      `\${env:TENCENT_KEY}`,
      `\${KEY}`,
      "$KEY",
      "%KEY%",
      "<your secret key>",
      "{{KEY}}",
      "{env:KEY}",
    ].map((placeholder): [Record<string, string>, string] => [
      { TENCENT_CHAT_SECRET_KEY: placeholder },
      `TENCENT_CHAT_SECRET_KEY holds the placeholder ${placeholder}, which nothing replaced`,
    ]),
    [{ TENCENT_CHAT_SECRET_KEY: `<${KEY}>` }, "holds the placeholder that is not shown"],
    ...[
      "\\\\server\\share\\tencent.key",
      "%APPDATA%\\tencent.key",
      "secrets/prod.key",
      "C:/Users/me/tencent.key",
      "file:///tmp/key",
    ].map((path): [Record<string, string>, string] => [
      { TENCENT_CHAT_SECRET_KEY: path },
      "A path belongs into TENCENT_CHAT_SECRET_KEY_FILE",
    ]),
    ...["your-secret-key-here", "*".repeat(64), "5bd2850f***********3b93b5e", "TENCENT_CHAT_SECRET_KEY"].map(
      (word): [Record<string, string>, string] => [
        { TENCENT_CHAT_SECRET_KEY: word },
        "does not hold a secret key alone",
      ],
    ),
    [{ TENCENT_CHAT_IDENTIFIER: "administrator # main" }, "TENCENT_CHAT_IDENTIFIER must be one word"],
    [{ TENCENT_CHAT_JOURNAL: "off" }, "TENCENT_CHAT_JOURNAL must be the whole path of a file."],
    [{ TENCENT_CHAT_JOURNAL: "j.jsonl" }, "TENCENT_CHAT_JOURNAL must be the whole path of a file."],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a,TOA#_b" }, "must list IDs that start with @TOA#_"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: '["@TOA#_a"]' }, "must list IDs that start with @TOA#_"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "news*" }, "must list IDs that start with @TOA#_"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a;@TOA#_b" }, "separated by single commas"],
    [{ TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a @TOA#_b" }, "separated by single commas"],
    [{ HTTPS_PROXY: `\${HTTPS_PROXY}` }, "HTTPS_PROXY must be the address of"],
    [{ HTTPS_PROXY: "none" }, "HTTPS_PROXY must be the address of"],
    [{ TENCENT_CHAT_KEY: "x" }, "TENCENT_CHAT_KEY is not a setting."],
    [{ " TENCENT_CHAT_READ_ONLY": "true" }, "did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ "TENCENT-CHAT-READ-ONLY": "true" }, "did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ "export TENCENT_CHAT_READ_ONLY": "true" }, "did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ TENCENT_CHAT_JOURNAL: "~/j.jsonl" }, "TENCENT_CHAT_JOURNAL must be the whole path of a file."],
    [{ TENCENT_CHAT_JOURNAL: "undefined" }, "TENCENT_CHAT_JOURNAL holds the placeholder undefined"],
    [{ TENCENT_CHAT_JOURNAL: "%APPDATA%\\\\j" }, "TENCENT_CHAT_JOURNAL must be the whole path of a file."],
    [{ TENCENT_CHAT_SECRET_KEY: `"${KEY}\\\\n` }, "does not hold a secret key alone"],
    [{ TENCENT_CHAT_LABEL: "<label>" }, "TENCENT_CHAT_LABEL holds the placeholder <label>"],
    [{ TENCENT_CHAT_JOURNAL: `\${HOME}/j` }, `TENCENT_CHAT_JOURNAL holds the placeholder \${HOME}`],
    [
      { TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_SECRET_KEY_FILE: "$HOME/key" },
      "TENCENT_CHAT_SECRET_KEY_FILE must be the whole path of a file.",
    ],
    [withKeyFile(credentialFile(`KEY=${KEY}`)), "TENCENT_CHAT_SECRET_KEY_FILE does not hold a secret key alone"],
    [withKeyFile(credentialFile(`{"key":"${KEY}"}`)), "does not hold a secret key alone"],
    [{ TENCENT_CHAT_SECRET_KEY: "x".repeat(1_001) }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key alone"],
    [withKeyFile(credentialFile("k".repeat(100_001))), "cannot be read (it is too large for a credential)."],
    [withKeyFile(credentialFile("k".repeat(33_000))), "does not hold a secret key alone"],
    [{ TENCENT_CHAT_SECRET_KEY: "…" }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SECRET_KEY: "two words" }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SECRET_KEY: "fifteen-letters" }, "TENCENT_CHAT_SECRET_KEY does not hold a secret key"],
    [{ TENCENT_CHAT_SANDBOX: "maybe" }, "TENCENT_CHAT_SANDBOX must be one of"],
    [{ TENCENT_CHAT_SDK_APPID: "5" }, "TENCENT_CHAT_SDK_APPID is not a setting: did you mean TENCENT_CHAT_SDKAPPID?"],
    [{ TENCENT_CHAT_READONLY: "true" }, "TENCENT_CHAT_READONLY is not a setting: did you mean TENCENT_CHAT_READ_ONLY?"],
    [{ TENCENT_CHAT_COLOUR: "red" }, "TENCENT_CHAT_COLOUR is not a setting"],
    [{ HTTPS_PROXY: "http://%c3:%a9@proxy:8080" }, "HTTPS_PROXY must be the address of an HTTP or SOCKS5 proxy"],
    [
      { TENCENT_CHAT_SECRET_KEY2: "x" },
      "TENCENT_CHAT_SECRET_KEY2 is not a setting: did you mean TENCENT_CHAT_SECRET_KEY?",
    ],
    [{ "TENCENT-CHAT-SECRET-KEY": "x" }, "TENCENT-CHAT-SECRET-KEY is not a setting: did you mean TENCENT_CHAT_SECRET"],
    [{ [`TENCENT_CHAT_SECRET_KEY:${KEY}`]: "" }, "A variable whose name is not shown is not a setting"],
    [{ Tencent_Chat_Allowed_Channels: "x" }, "did you mean TENCENT_CHAT_ALLOWED_CHANNELS?"],
    [{ HTTPS_PROXY: "xhttp://proxy" }, "HTTPS_PROXY must be the address of an HTTP or SOCKS5 proxy"],
    [{ HTTPS_PROXY: "http://u%zz:p@proxy" }, "HTTPS_PROXY must be the address of an HTTP or SOCKS5 proxy"],
    [{ HTTPS_PROXY: "http://u:p%zz@proxy" }, "HTTPS_PROXY must be the address of an HTTP or SOCKS5 proxy"],
    [{ https_proxy: "http://" }, "https_proxy must be the address of an HTTP or SOCKS5 proxy"],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check"],
    [{ NODE_DEBUG: "undici" }, "NODE_DEBUG would print signed addresses"],
    [{ NODE_DEBUG: "tls, HTTP" }, "NODE_DEBUG would print"],
    [{ NODE_DEBUG: "*" }, "NODE_DEBUG would print"],
    [{ NODE_DEBUG: "fet*" }, "NODE_DEBUG would print"],
  ])("%j", (more, text) => {
    const { settings, problems } = read({ ...GOOD, ...more });
    expect(settings).toBeUndefined();
    for (const problem of problems) expect(problem).not.toContain(KEY);
    expect(problems).toEqual([expect.stringContaining(text)]);
  });

  test("does not arise from what is harmless", () => {
    expect(problemsOf({ NODE_DEBUG: "module,tls" })).toEqual([]);
    expect(problemsOf({ NODE_DEBUG: "" })).toEqual([]);
    expect(problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: "1" })).toEqual([]);
    expect(problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: "0", TENCENT_CHAT_ENDPOINT: "https://127.0.0.1:1" })).toEqual([]);
    expect(
      problemsOf({
        TENCENT: "x",
        PROD_TENCENT_CHAT_SECRET_KEY: "x",
        TENCENTCLOUD_ALLOWED_ACCOUNT_IDS: "x",
        TENCENT_SANDBOX_API_TOKEN: "x",
        MY_TENCENT_CHAT_X: "y",
        TENCENTCLOUD_REGION: "z",
        PERCENT_ALLOWED: "x",
        TENCENTCLOUD_SANDBOX: "x",
        TENCENT_CHATBOT_TOKEN: "x",
        TENCENTCHAT_READ_ONLY: "x",
        // What Kubernetes makes for a service named tencent-chat:
        TENCENT_CHAT_SERVICE_HOST: "10.0.0.1",
        TENCENT_CHAT_SERVICE_PORT: "443",
        TENCENT_CHAT_SERVICE_PORT_HTTPS: "443",
        TENCENT_CHAT_PORT: "tcp://10.0.0.1:443",
        TENCENT_CHAT_PORT_443_TCP: "tcp://10.0.0.1:443",
        TENCENT_CHAT_PORT_443_TCP_PROTO: "tcp",
        TENCENT_CHAT_PORT_443_TCP_PORT: "443",
        TENCENT_CHAT_PORT_443_TCP_ADDR: "10.0.0.1",
      }),
    ).toEqual([]);
  });

  test.each([
    ["/none", "(ENOENT: no such file or folder)."],
    [`/${KEY}`, "(ENOENT: no such file or folder)."],
  ])("never shows the path of a key file, which may be the key itself: %s", (path, end) => {
    const { problems } = read({ ...GOOD, ...withKeyFile(path) });
    expect(problems).toEqual([`The file of TENCENT_CHAT_SECRET_KEY_FILE cannot be read ${end}`]);
  });

  test("keeps a secret that was put into another setting out of every output", () => {
    const userSig = `eJ${"x".repeat(100)}`;
    for (const secret of [KEY, KEY.toUpperCase(), userSig, "f".repeat(64)]) {
      for (const name of ["TENCENT_CHAT_ALLOWED_CHANNELS", "TENCENT_CHAT_JOURNAL", "TENCENT_CHAT_LABEL"] as const) {
        const { settings, problems } = read({ ...GOOD, [name]: secret });
        expect(settings).toBeUndefined();
        expect(problems[0]).toMatch(`${name} must `);
        expect(problems.join()).not.toContain(secret);
      }
    }
  });

  test.each([
    ["TENCENT_CHAT_ALLOWED_CHANNELS", `@TOA#_${KEY}`],
    ["TENCENT_CHAT_JOURNAL", `/var/${KEY.toUpperCase()}`],
  ])("names %s where it holds the credential, which would be shown", (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([`${name} holds the credential: remove it from there.`]);
  });

  test("is explained at every call, for the operator", () => {
    const { explanation } = new SettingsError(["One.", "Two."]);
    expect(explanation).toMatchObject({ stage: "settings", fixedBy: "operator", attempts: 0, safeToResend: false });
    expect(explanation.cause).toBe("This server is not configured correctly. One. Two. Nothing was sent.");
  });
});

describe("the sandbox", () => {
  test("keeps the credentials secret that it ignores", () => {
    const env = { ...GOOD, TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_USERSIG: "a-sig-that-is-not-used" };
    const own = SANDBOX_ACCOUNT.credential;
    expect(read(env).settings?.secrets).toEqual([KEY, "a-sig-that-is-not-used", ...Object.values(own)]);
  });

  test("takes no short word for a credential, which would then be replaced in every answer", () => {
    const env = { ...GOOD, TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_SECRET_KEY: "test" };
    expect(read(env).settings?.secrets).toEqual(Object.values(SANDBOX_ACCOUNT.credential));
  });

  test("settings with problems still name the credentials that must not be shown", () => {
    const { settings, secrets } = read({ ...GOOD, TENCENT_CHAT_SDKAPPID: "x" });
    expect([settings, secrets]).toEqual([undefined, [KEY]]);
  });

  test.each([
    [{}, true],
    [{ TENCENT_CHAT_SANDBOX: "true" }, false],
    [{ TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_SDKAPPID: "5", TENCENT_CHAT_SECRET_KEY: KEY }, false],
  ])("needs no account: %j", (env, asked) => {
    const { settings, problems } = read(env, asked);
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({ isSandbox: true, sdkAppId: SANDBOX_SDKAPPID, endpoint: undefined });
    expect(settings?.credential).not.toEqual({ secretKey: KEY });
  });

  test("requested by an unknown word is the only problem reported", () => {
    expect(read({ TENCENT_CHAT_SANDBOX: "yes" }).problems).toEqual([
      "TENCENT_CHAT_SANDBOX must be one of true, false.",
    ]);
  });

  test("keeps the guard's settings checked", () => {
    expect(read({ TENCENT_CHAT_READ_ONLY: "maybe" }, true).settings).toBeUndefined();
  });
});

describe("a warning", () => {
  const outcomeWarnings = (more: Record<string, string>) => read({ ...GOOD, ...more }).warnings;

  test.each([
    [
      { TENCENT_CHAT_SECRET_KEY: "aKeyOfTheCloudConsole" },
      "TENCENT_CHAT_SECRET_KEY holds 21 characters; a secret key has 64 hexadecimal digits",
    ],
    [withKeyFile(credentialFile(KEY, 0o644)), "can be read by everybody on this machine"],
  ])("names what works and should be known: %j", (more, text) => {
    expect(outcomeWarnings(more)).toEqual([expect.stringContaining(text)]);
    expect(read({ ...GOOD, ...more }).settings).toBeDefined();
  });

  test("is absent otherwise", () => {
    expect(outcomeWarnings({})).toEqual([]);
    expect(outcomeWarnings(withKeyFile(credentialFile(KEY)))).toEqual([]);
    expect(outcomeWarnings(withKeyFile(credentialFile(KEY, 0o440)))).toEqual([]); // as containers mount secrets
    expect(outcomeWarnings({ TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_@TOA#dZDP,@TOA#_*，@TOA*、@TOA#_x" })).toEqual([]);
    expect(outcomeWarnings({ TENCENT_CHAT_JOURNAL: "/j" })).toEqual([]);
  });
});

test.runIf(process.platform !== "win32")("a key file that is none is refused, and not waited for", () => {
  const path = join(temporaryFolder(), "fifo");
  execFileSync("mkfifo", [path]);
  expect(problemsOf(withKeyFile(path))).toEqual([expect.stringContaining("(not a regular file)")]);
});

test("the application is named by its label, or by its SDKAppID and region", () => {
  const name = (more: Record<string, string>, sandbox = false) => {
    const { settings } = read({ ...GOOD, ...more }, sandbox);
    return settings && applicationName(settings);
  };
  expect(name({ TENCENT_CHAT_LABEL: "production" })).toBe("production");
  expect(name({})).toBe("SDKAppID 1400000321, tokyo");
  expect(name({ TENCENT_CHAT_ENDPOINT: "https://gateway.example/im" })).toBe("SDKAppID 1400000321, gateway.example");
  expect(name({}, true)).toBe("sandbox");
});

test("an argument that is not understood is a settings error, and the only thing reported", () => {
  for (const env of [{}, GOOD]) {
    const { settings, problems, warnings } = readSettings(env, ["--sanbox"]);
    expect([settings, problems, warnings]).toEqual([undefined, ["--sanbox"], []]);
  }
});
