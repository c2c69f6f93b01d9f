import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { noLog } from "../../src/log.ts";
import { createServer, type ServerParts } from "../../src/mcp/server.ts";
import { applicationName, readSettings, SettingsError } from "../../src/settings/settings.ts";
import { cleanUpLater } from "./clean-up.ts";
import { expectNoSecret } from "./secrets.ts";
import { contextOn, environmentOf } from "./service.ts";

/** A real MCP client, connected to the server in this process. It checks structured content against the schemas. */

/** What came back from a call. */
export interface Reply {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any part of it
  readonly structured: any;
}

export interface Connected {
  readonly client: Client;
  call(tool: string, args?: Record<string, unknown>): Promise<Reply>;
}

/** What a server is made of, from an environment. */
export function partsOf(endpoint: URL | undefined, env: Record<string, string>): ServerParts {
  const { settings, problems, readOnly } = readSettings(env);
  const context = settings && endpoint ? contextOn(endpoint, env) : undefined;
  return {
    version: "0",
    readOnly,
    isSandbox: false,
    confirms: settings && settings.rules.confirmEdits !== "never",
    application: settings && applicationName(settings),
    allowedChannels: settings?.rules.allowedChannels,
    log: noLog,
    shutdownSignal: new AbortController().signal,
    warmUp: () => {},
    openContext: async () => {
      if (!context) throw new SettingsError(problems);
      return context;
    },
  };
}

/** Connects a client to a server configured by the environment of an endpoint, or by a whole environment. */
export async function connect(endpoint: URL | undefined, more: Record<string, string> = {}): Promise<Connected> {
  return connectTo(partsOf(endpoint, endpoint ? environmentOf(endpoint, more) : more));
}

/** Connects a client to a server made of these parts. */
export async function connectTo(
  parts: ServerParts,
  client = new Client({ name: "test-client", version: "1" }),
): Promise<Connected> {
  const server = createServer(parts);
  const [here, there] = InMemoryTransport.createLinkedPair();
  await server.connect(there);
  await client.connect(here);
  cleanUpLater(async () => {
    await client.close();
    await server.close();
  });
  await client.listTools(); // from here on the client checks every structured result
  return {
    client,
    async call(tool, args = {}) {
      const result = await client.callTool({ name: tool, arguments: args });
      const [block] = result.content as { type: string; text: string }[];
      expectNoSecret(JSON.stringify(result));
      return { isError: result.isError === true, text: block?.text ?? "", structured: result.structuredContent };
    },
  };
}
