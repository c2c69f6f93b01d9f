import { ChatApi } from "./chat-api/chat-api.ts";
import { Connection } from "./chat-api/connection.ts";
import { Sender } from "./chat-api/sender.ts";
import { Signer } from "./chat-api/user-sig.ts";
import { Journal } from "./guard/journal.ts";
import { Policy } from "./guard/policy.ts";
import type { Log } from "./log.ts";
import type { Settings } from "./settings/settings.ts";
import type { House } from "./tools/tool.ts";
import { ChannelQueue } from "./writes/channel-queue.ts";

/** Where the service is, and how to leave it. */
export interface Service {
  readonly endpoint: URL;
  close(): Promise<void>;
}

/** Makes what the tools work with. The only place where the parts are put together. */
export function furnish(settings: Settings, service: Service, version: string, log: Log): House {
  const signer = new Signer(settings);
  const connection = new Connection({
    endpoint: service.endpoint,
    proxy: settings.proxy,
    userAgent: `tencent-chat-channel-mcp/${version}`,
  });
  const sender = new Sender({
    connection,
    signer,
    perSecond: settings.requestsPerSecond,
    note: (event, details) => log("info", event, details),
  });
  return {
    api: new ChatApi(sender),
    policy: new Policy(settings.rules, (text) => signer.appearsIn(text)),
    journal: new Journal(settings.journal, settings.sdkAppId, (text) => signer.scrub(text)),
    scrub: (text) => signer.scrub(text),
    queue: new ChannelQueue(),
    timeoutMs: settings.timeoutMs,
    isSandbox: settings.isSandbox,
    warmUp: () => connection.warmUp(),
    async close() {
      await connection.close();
      await service.close();
    },
  };
}
