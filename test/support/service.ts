import { expect } from "vitest";
import { Deadline } from "../../src/call/deadline.ts";
import { type Envelope, ExplainedError, type Explanation } from "../../src/call/explained-error.ts";
import { COMMANDS } from "../../src/channel/commands.ts";
import { Secrets } from "../../src/chat-api/auth/secrets.ts";
import { Signer } from "../../src/chat-api/auth/user-sig.ts";
import { ChatApi } from "../../src/chat-api/chat-api.ts";
import { ChatClient } from "../../src/chat-api/client.ts";
import type { NetworkReasonName } from "../../src/chat-api/errors/network-reasons.ts";
import { HttpClient } from "../../src/chat-api/http/http-client.ts";
import type { Reply } from "../../src/chat-api/reply.ts";
import { createContext, type ProcessInfo } from "../../src/context.ts";
import type { CallResult, FinishedCall } from "../../src/edits/edit.ts";
import type { Receipt } from "../../src/edits/receipt.ts";
import { explain } from "../../src/explanations/explain.ts";
import { NETWORK_CAUSES } from "../../src/explanations/network-causes.ts";
import { noLog } from "../../src/log.ts";
import type { SandboxOptions } from "../../src/sandbox/sandbox.ts";
import { readSettings } from "../../src/settings/settings.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { cleanUpLater } from "./clean-up.ts";
import { FaultySandbox } from "./faulty-sandbox.ts";
import { expectNoSecret, SECRET_KEY } from "./secrets.ts";

/** A sandbox of the test's own, with an application that is not the built-in one, and what the tools work with. */

export { SECRET_KEY };
export const SDKAPPID = 1400000321;
export const PENN = "@TOA#_test_for_penn";
export const DZDP = "@TOA#_@TOA#dZDP";
/** Nobody listens here. A port that was closed a moment ago may be another test's by now. */
export const NOBODY = new URL("http://127.0.0.1:9");
export const { get: GET, modifyChannel: MODIFY, modifySubscriber: SUBSCRIBER } = COMMANDS;
export const PROCESS_INFO: ProcessInfo = { version: "0", osUser: "tester", host: "test-host", pid: 1 };
/** Starts a sandbox; when the test ends it is closed, and every scripted fault must have been used. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<FaultySandbox> {
  const sandbox = await FaultySandbox.start({
    sdkAppId: SDKAPPID,
    secretKey: SECRET_KEY,
    admins: ["administrator"],
    ...options,
  });
  cleanUpLater(async () => {
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
  const { settings, problems } = readSettings(environmentOf(endpoint, more));
  if (!settings) throw new Error(problems.join(" "));
  const context = createContext(settings, { endpoint, close: async () => {} }, PROCESS_INFO, noLog);
  cleanUpLater(() => context.close());
  return context;
}

/** The same without a limit on requests a second, so that thousands of calls fit into seconds. */
export function unlimitedContext(sandbox: FaultySandbox): ToolContext {
  const secrets = new Secrets();
  const credential = { secretKey: SECRET_KEY };
  const signer = new Signer({ sdkAppId: SDKAPPID, identifier: "administrator", credential, secrets });
  const http = new HttpClient({ endpoint: sandbox.endpoint, userAgent: "test" });
  cleanUpLater(() => http.close());
  const client = new ChatClient({ http, signer, secrets, perSecond: 100_000 });
  return { ...contextOn(sandbox.endpoint), api: new ChatApi(client) };
}

/** A call with `ms` milliseconds, released when the test ends. */
export function callFor(ms = 20_000): { deadline: Deadline; client: string } {
  const deadline = new Deadline(ms);
  cleanUpLater(() => deadline.release());
  return { deadline, client: "a test" };
}

/** The value of a call that must be ok, with its attempts; throws the error of one that is not. */
export async function okValue<T extends object>(sent: Promise<Reply<T>>): Promise<T & { attempts: number }> {
  const result = await sent;
  const { attempts } = result;
  if (result.kind !== "ok") throw explain(result.failure, { sdkAppId: SDKAPPID, channelIds: [], attempts });
  return { ...result.value, attempts };
}

/** An edit that has ended, with the service's envelope apart from the receipt. */
export interface EndedEdit extends Omit<FinishedCall, "content"> {
  readonly envelope: Envelope;
  readonly receipt: Receipt;
}

/** An edit that must not ask for confirmation. */
export async function finished(edit: Promise<CallResult>): Promise<EndedEdit> {
  const result = await edit;
  if ("confirmationRequest" in result) throw new Error(`it asks: ${result.confirmationRequest.message}`);
  const { content, ...more } = result;
  const { receipt, ...envelope } = content;
  if (!receipt) throw new Error("an edit has a receipt");
  return { envelope, receipt, ...more };
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
  return { explanation: { cause: expect.stringContaining(NETWORK_CAUSES[reason].cause), ...more } };
}
