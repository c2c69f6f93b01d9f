import { createSecureContext } from "node:tls";
import { Secrets } from "./chat-api/auth/secrets.ts";
import { type CredentialFile, Signer } from "./chat-api/auth/user-sig.ts";
import { ChatApi } from "./chat-api/chat-api.ts";
import { ChatClient } from "./chat-api/client.ts";
import { HttpClient } from "./chat-api/http/http-client.ts";
import { EditLocks } from "./edits/edit-lock.ts";
import { Journal } from "./guard/journal.ts";
import { Policy } from "./guard/policy.ts";
import type { Log } from "./log.ts";
import { type CredentialFiles, problemOfCredential, textOfCredentialFile } from "./settings/account.ts";
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
export function createContext(
  settings: Settings,
  service: Service,
  info: ProcessInfo,
  log: Log,
  files?: CredentialFiles,
): ToolContext {
  const { sdkAppId, identifier, label } = settings;
  const secrets = new Secrets();
  for (const secret of settings.secrets) secrets.add(secret);
  const warn = (warning: string) => log("warn", "settings", { warning });
  const signer = new Signer({ ...settings, secrets, file: files && credentialFile(settings, files), warn });
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
    call: (name, args, call) => callTool(toolNamed(name), args, context, call),
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

/** The file that the credential came from, if any. */
function credentialFile(
  { credential, credentialFile: path }: Settings,
  files: CredentialFiles,
): CredentialFile | undefined {
  if (path === undefined) return undefined;
  return {
    version: () => files.version(path),
    read() {
      try {
        const text = textOfCredentialFile(files.read(path));
        const isKey = "secretKey" in credential;
        // A file that is being replaced, or a template that was not filled in: what is in memory stays.
        const name = isKey ? "TENCENT_CHAT_SECRET_KEY_FILE" : "TENCENT_CHAT_USERSIG_FILE";
        if (problemOfCredential(name, text) !== undefined) return undefined;
        return isKey ? { secretKey: text } : { userSig: text };
      } catch {
        return undefined; // it may be about to be replaced
      }
    },
  };
}
