import { expect, onTestFinished } from "vitest";
import { ExplainedError, type Explanation } from "../../src/channel/explanation.ts";
import { Secrets } from "../../src/chat-api/auth/secrets.ts";
import { Signer } from "../../src/chat-api/auth/user-sig.ts";
import { ChatApi } from "../../src/chat-api/chat-api.ts";
import { ChatClient } from "../../src/chat-api/client.ts";
import { NETWORK_REASONS, type NetworkReasonName } from "../../src/chat-api/errors/network-reasons.ts";
import { HttpClient } from "../../src/chat-api/http/http-client.ts";
import { COMMANDS, type SendResult } from "../../src/chat-api/request.ts";
import { Deadline } from "../../src/chat-api/retry/deadline.ts";
import { createContext, type ProcessInfo } from "../../src/context.ts";
import type { EditResult, FinishedEdit } from "../../src/edits/edit.ts";
import { noLog } from "../../src/log.ts";
import type { SandboxOptions } from "../../src/sandbox/sandbox.ts";
import type { KeyFiles } from "../../src/settings/account.ts";
import { readSettings } from "../../src/settings/settings.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { FaultySandbox } from "./faulty-sandbox.ts";
import { expectNoSecret, SECRET_KEY } from "./secrets.ts";

/** A sandbox of the test's own, with an application that is not the built-in one, and what the tools work with. */

export { SECRET_KEY };
export const SDKAPPID = 1400000321;
export const PENN = "@TOA#_test_for_penn";
export const DZDP = "@TOA#_@TOA#dZDP";
export const { get: GET, modifyChannel: MODIFY, modifySubscriber: SUBSCRIBER } = COMMANDS;
export const PROCESS_INFO: ProcessInfo = { version: "0", osUser: "tester", host: "test-host", pid: 1 };
/** Key files for settings that name none. */
export const NO_FILES: KeyFiles = {
  read: () => {
    throw Object.assign(new Error("no such file"), { code: "ENOENT" });
  },
  isOpenToOthers: () => false,
};

/** Starts a sandbox; when the test ends it is closed, and every scripted fault must have been used. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<FaultySandbox> {
  const sandbox = await FaultySandbox.start({ sdkAppId: SDKAPPID, secretKey: SECRET_KEY, ...options });
  onTestFinished(async () => {
    await sandbox.close();
    const { unused } = sandbox.faults;
    if (unused.length > 0)
      throw new Error(`${unused.length} faults were not used, first: ${JSON.stringify(unused[0])}`);
  });
  return sandbox;
}

/** The environment that leads a server to an endpoint. */
export function environmentOf(endpoint: URL, more: Record<string, string> = {}): Record<string, string> {
  return {
    TENCENT_CHAT_SDKAPPID: String(SDKAPPID),
    TENCENT_CHAT_SECRET_KEY: SECRET_KEY,
    TENCENT_CHAT_ENDPOINT: endpoint.href,
    TENCENT_CHAT_LABEL: "test",
    TENCENT_CHAT_LOG_LEVEL: "silent",
    ...more,
  };
}

/** What the tools work with, on an endpoint. */
export function contextOn(endpoint: URL, more: Record<string, string> = {}): ToolContext {
  const { settings, problems } = readSettings(environmentOf(endpoint, more), { sandbox: false }, NO_FILES);
  if (!settings) throw new Error(problems.join(" "));
  const context = createContext(settings, { endpoint, close: async () => {} }, PROCESS_INFO, noLog);
  onTestFinished(() => context.close());
  return context;
}

/** The same without a limit on requests a second, so that thousands of calls fit into seconds. */
export function unlimitedContext(sandbox: FaultySandbox): ToolContext {
  const secrets = new Secrets();
  const credential = { secretKey: SECRET_KEY };
  const signer = new Signer({ sdkAppId: SDKAPPID, identifier: "administrator", credential, secrets });
  const http = new HttpClient({ endpoint: sandbox.endpoint, userAgent: "test" });
  onTestFinished(() => http.close());
  const client = new ChatClient({ http, signer, secrets, perSecond: 100_000 });
  return { ...contextOn(sandbox.endpoint), api: new ChatApi(client) };
}

/** A call with `ms` milliseconds, released when the test ends. */
export function callFor(ms = 20_000): { deadline: Deadline; client: string } {
  const deadline = new Deadline(ms);
  onTestFinished(() => deadline.release());
  return { deadline, client: "a test" };
}

/** The value of a call that must be ok, with its attempts; throws the error of one that is not. */
export async function okValue<T extends object>(sent: Promise<SendResult<T>>): Promise<T & { attempts: number }> {
  const result = await sent;
  if (result.kind !== "ok") throw result.error;
  return { ...result.value, attempts: result.attempts };
}

/** An edit that must not ask for confirmation. */
export async function finished(edit: Promise<EditResult>): Promise<FinishedEdit> {
  const result = await edit;
  if ("question" in result) throw new Error(`it asks: ${result.question.message}`);
  return result;
}

/** The bodies that reached a command, parsed. */
export function bodiesOf(sandbox: FaultySandbox, command: string): unknown[] {
  return sandbox.requests.filter((request) => request.command === command).map(({ body }) => JSON.parse(body));
}

/** The error that a promise was rejected with, which must explain itself; no error may show a secret. */
export async function errorOf(promise: Promise<unknown>): Promise<ExplainedError> {
  return promise.then(
    () => {
      throw new Error("this should have failed");
    },
    (error: unknown) => {
      expectNoSecret(error);
      if (error instanceof ExplainedError) return error;
      throw error;
    },
  );
}

/** What an error of the network has in common with every other one of the same reason. */
export function because(reason: NetworkReasonName, more: Partial<Explanation> = {}): object {
  return { explanation: { cause: expect.stringContaining(NETWORK_REASONS[reason].cause), ...more } };
}
