import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createContext, type ProcessInfo } from "../src/context.ts";
import { noLog } from "../src/log.ts";
import { readSettings } from "../src/settings/settings.ts";
import { cleanUpLater } from "./support/clean-up.ts";
import { temporaryFolder } from "./support/folders.ts";
import { callFor, environmentOf, GET, MODIFY, okValue, PENN, SECRET_KEY, startSandbox } from "./support/service.ts";

const PROCESS: ProcessInfo = { version: "0", osUser: "test", host: "test", pid: 1 };

async function open() {
  const folder = join(temporaryFolder(), "secrets");
  const path = join(folder, "key");
  mkdirSync(folder);
  writeFileSync(path, SECRET_KEY, { mode: 0o600 });
  const sandbox = await startSandbox();
  const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_SECRET_KEY: "", TENCENT_CHAT_SECRET_KEY_FILE: path });
  const { settings } = readSettings(env);
  if (!settings) throw new Error("no settings");
  const service = { endpoint: sandbox.endpoint, close: async () => {} };
  const context = createContext(settings, service, PROCESS, noLog);
  cleanUpLater(() => context.close());
  const call = (tool: string, args: object) => context.call(tool, args, callFor());
  const read = () => call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
  const signatures = () => new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size;
  return { sandbox, context, folder, path, call, read, signatures };
}

const OTHER_KEY = "0".repeat(64);

test.each(["e", "null", "changeme", "{{KEY}}", SECRET_KEY.slice(0, 32), "ServiceUnavailableError"])(
  "a key file that holds %j for a moment changes nothing",
  async (text) => {
    const { context, path, read, signatures } = await open();
    await read();
    writeFileSync(path, text);
    expect(await read()).not.toHaveProperty("error");
    expect(context.secrets.redact("The new null changeme {{KEY}}")).toBe("The new null changeme {{KEY}}");
    expect(signatures()).toBe(1);
  },
);

test("a new key in the file is used and guarded from the next call on, also while its predecessor is refused", async () => {
  const { sandbox, path, call, read, signatures } = await open();
  await read();
  sandbox.faults.add({ response: { code: 70009 } });
  await expect(read()).rejects.toThrow("The UserSig could not be verified");
  await expect(read()).rejects.toThrow("seconds left");
  writeFileSync(path, OTHER_KEY);
  for (const args of [
    { Official_Account: PENN, CustomString: `x ${OTHER_KEY}` },
    { Official_Account: PENN, CustomString: SECRET_KEY },
  ])
    await expect(call(MODIFY, args)).rejects.toThrow("An argument holds the secret key");
  expect([sandbox.requests.length, signatures()]).toEqual([2, 1]);
  await expect(read()).rejects.toThrow("The UserSig could not be verified"); // the sandbox knows the old key only
  expect([sandbox.requests.length, signatures()]).toEqual([3, 2]);
  await expect(read()).rejects.toThrow("seconds left");
});

test("a key file whose folder became a file does not stop a call: the key in memory is good", async () => {
  const { folder, read } = await open();
  await read();
  renameSync(folder, `${folder}-old`);
  writeFileSync(folder, "");
  expect(await read()).not.toHaveProperty("error");
});

test("a transient code of the one channel that was asked for is read again, as one of the whole answer is", async () => {
  const { sandbox, context } = await open();
  const change = (answer: Record<string, unknown>) => ({
    ...answer,
    OfficialAccountInfoList: [{ Official_Account: PENN, ErrorCode: 20005, ErrorInfo: "busy" }],
  });
  sandbox.faults.add({ applied: true, response: { change } });
  expect((await okValue(context.api.getChannel(PENN, callFor().deadline))).Name).toBeDefined();
  expect(sandbox.requests).toHaveLength(2);
});
