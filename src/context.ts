import { createSecureContext } from "node:tls";
import { Secrets } from "./chat-api/auth/secrets.ts";
import { Signer } from "./chat-api/auth/user-sig.ts";
import { ChatApi } from "./chat-api/chat-api.ts";
import { ChatClient } from "./chat-api/client.ts";
import { HttpClient } from "./chat-api/http/http-client.ts";
import { EditLocks } from "./edits/edit-lock.ts";
import { Journal } from "./guard/journal.ts";
import { Policy } from "./guard/policy.ts";
import type { Log } from "./log.ts";
import { applicationName, type Settings } from "./settings/settings.ts";
import { callTool, toolNamed } from "./tools/call-tool.ts";
import { GivenUndos } from "./tools/given-undos.ts";
import type { ToolContext } from "./tools/tool.ts";

/** The service's base URL, and how to stop an embedded one. */
export interface Service {
  readonly endpoint: URL;
  close(): Promise<void>;
}

/** Facts about this process, for the journal and the User-Agent header. */
export interface ProcessInfo {
  readonly version: string;
  readonly osUser: string;
  readonly host: string;
  readonly pid: number;
}

/** Makes what the tools work with. The only place where the parts are put together. */
export function createContext(settings: Settings, service: Service, info: ProcessInfo, log: Log): ToolContext {
  const { sdkAppId, identifier, label } = settings;
  const secrets = new Secrets(settings.secrets);
  const warn = (warning: string) => log("warn", "settings", { warning });
  const signer = new Signer({ ...settings, secrets, warn });
  const { endpoint } = service;
  const userAgent = `tencent-chat-channel-mcp/${info.version}`;
  const http = new HttpClient({ endpoint, proxy: settings.proxy, userAgent });
  const client = new ChatClient({
    http,
    signer,
    secrets,
    perSecond: settings.requestsPerSecond,
    logEvent: (event, details) => log("info", event, details),
  });
  const { osUser, host, pid } = info;
  const identity = { sdkAppId, label, admin: identifier, osUser, host, pid };
  const holdsSecret = (text: string) => secrets.appearIn(text);
  const journal = new Journal(settings.journal, identity, (line) => secrets.redactDeep(line));
  const context: ToolContext = {
    api: new ChatApi(client),
    policy: new Policy(settings.rules, holdsSecret),
    journal,
    locks: new EditLocks(),
    sdkAppId,
    application: applicationName(settings),
    secrets,
    timeoutMs: settings.timeoutMs,
    isSandbox: settings.isSandbox,
    givenUndos: new GivenUndos(journal),
    call(name, args, call) {
      signer.refresh(); // first of all: a new credential must not be among the arguments
      return callTool(toolNamed(name), args, context, call);
    },
    async warmUp() {
      await http.load();
      if (endpoint.protocol === "https:") createSecureContext(); // Node reads its root certificates at the first use
    },
    async close() {
      await http.close();
      await service.close();
    },
  };
  return context;
}
