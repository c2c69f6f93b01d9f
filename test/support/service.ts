import { onTestFinished } from "vitest";
import { expectNoSecret, SECRET_KEY } from "./secrets.ts";

export { SECRET_KEY };

import { ChatApi } from "../../src/chat-api/chat-api.ts";
import { Connection } from "../../src/chat-api/connection.ts";
import { Deadline } from "../../src/chat-api/deadline.ts";
import { Sender } from "../../src/chat-api/sender.ts";
import { Signer } from "../../src/chat-api/user-sig.ts";
import { furnish } from "../../src/house.ts";
import type { Log } from "../../src/log.ts";
import { Sandbox, type SandboxOptions } from "../../src/sandbox/service.ts";
import { readSettings } from "../../src/settings/settings.ts";
import type { House } from "../../src/tools/tool.ts";

/** A sandbox of the test's own, with an application that is not the built-in one, and what the tools work with. */

export const SDKAPPID = 1400000321;
export const PENN = "@TOA#_test_for_penn";
export const DZDP = "@TOA#_@TOA#dZDP";
export const GET = "get_official_account_info";
export const MODIFY = "modify_official_account_base_info";
export const SUBSCRIBER = "modify_subscriber_info";

/** Starts a sandbox; when the test ends it is closed, and every scripted fault must have been met. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await Sandbox.start({ sdkAppId: SDKAPPID, secretKey: SECRET_KEY, ...options });
  onTestFinished(async () => {
    await sandbox.close();
    const { left } = sandbox.faults.account();
    if (left.length > 0) throw new Error(`${left.length} faults were never met, the first: ${JSON.stringify(left[0])}`);
  });
  return sandbox;
}

/** The environment that leads a server to an endpoint. */
export function environmentOf(endpoint: URL, more: Record<string, string> = {}): Record<string, string> {
  return {
    TENCENT_CHAT_SDKAPPID: String(SDKAPPID),
    TENCENT_CHAT_SECRET_KEY: SECRET_KEY,
    TENCENT_CHAT_ENDPOINT: endpoint.href,
    TENCENT_CHAT_LOG_LEVEL: "silent",
    ...more,
  };
}

export const noLog: Log = () => {};

/** What the tools work with, on an endpoint. */
export function houseOn(endpoint: URL, more: Record<string, string> = {}): House {
  const { settings, faults } = readSettings(environmentOf(endpoint, more), false, () => "");
  if (!settings) throw new Error(faults.join(" "));
  const house = furnish(settings, { endpoint, close: async () => {} }, "0", noLog);
  onTestFinished(() => house.close());
  return house;
}

/** The same without a limit on requests a second, so that thousands of calls fit into seconds. */
export function unpacedHouse(sandbox: Sandbox): House {
  const signer = new Signer({ sdkAppId: SDKAPPID, identifier: "administrator", credential: { secretKey: SECRET_KEY } });
  const connection = new Connection({ endpoint: sandbox.endpoint, userAgent: "test" });
  onTestFinished(() => connection.close());
  const sender = new Sender({ connection, signer, perSecond: 100_000 });
  return { ...houseOn(sandbox.endpoint), api: new ChatApi(sender) };
}

/** A call with so many milliseconds, released when the test ends. */
export function callFor(ms = 10_000): { deadline: Deadline; client: string } {
  const deadline = new Deadline(ms);
  onTestFinished(() => deadline.release());
  return { deadline, client: "a test" };
}

/** The bodies that reached a command, parsed. */
export function bodiesOf(sandbox: Sandbox, command: string): unknown[] {
  return sandbox.requests.filter((request) => request.command === command).map(({ body }) => JSON.parse(body));
}

/** What a promise was rejected with; no failure may show a secret. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("this should have failed");
    },
    (failure: unknown) => {
      expectNoSecret(failure);
      return failure;
    },
  );
}
