import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createContext, type ProcessInfo } from "../src/context.ts";
import { noLog } from "../src/log.ts";
import { readSettings } from "../src/settings/settings.ts";
import { cleanUpLater } from "./support/clean-up.ts";
import { temporaryFolder } from "./support/folders.ts";
import { callFor, environmentOf, okValue, PENN, SECRET_KEY, startSandbox } from "./support/service.ts";

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
  const read = async () => (await okValue(context.api.getChannel(PENN, callFor().deadline))).Name;
  return { sandbox, context, folder, path, read };
}

test.each(["e", "null", "changeme", "{{KEY}}"])(
  "a key file that holds %j for a moment changes nothing",
  async (text) => {
    const { sandbox, context, path, read } = await open();
    await read();
    writeFileSync(path, text);
    expect(await read()).toBeDefined();
    expect(context.secrets.redact("The new null changeme {{KEY}}")).toBe("The new null changeme {{KEY}}");
    expect(new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size).toBe(1);
  },
);

test("a key file whose folder became a file does not stop a call: the key in memory is good", async () => {
  const { folder, read } = await open();
  await read();
  renameSync(folder, `${folder}-old`);
  writeFileSync(folder, "");
  expect(await read()).toBeDefined();
});

test("a transient code of the one channel that was asked for is read again, as one of the whole answer is", async () => {
  const { sandbox, read } = await open();
  const change = (answer: Record<string, unknown>) => ({
    ...answer,
    OfficialAccountInfoList: [{ Official_Account: PENN, ErrorCode: 20005, ErrorInfo: "busy" }],
  });
  sandbox.faults.add({ applied: true, response: { change } });
  expect(await read()).toBeDefined();
  expect(sandbox.requests).toHaveLength(2);
});
