import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { onTestFinished } from "vitest";
import { makeServer, type ServerParts } from "../../src/mcp/server.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { SettingsRefusal } from "../../src/settings/settings-refusal.ts";
import { expectNoSecret } from "./secrets.ts";
import { environmentOf, houseOn, noLog } from "./service.ts";

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

/** Connects a client to a server set up by the environment of an endpoint, or by a whole environment. */
export async function connect(endpoint: URL | undefined, more: Record<string, string> = {}): Promise<Connected> {
  const env = endpoint ? environmentOf(endpoint, more) : more;
  const { settings, faults, readOnly } = readSettings(env, false, () => "");
  const house = settings && endpoint ? houseOn(endpoint, more) : undefined;
  const openHouse = async () => {
    if (!house) throw new SettingsRefusal(faults);
    return house;
  };
  return connectTo({ version: "0", readOnly, isSandbox: false, log: noLog, openHouse });
}

/** Connects a client to a server made of these parts. */
export async function connectTo(parts: ServerParts): Promise<Connected> {
  const server = makeServer(parts);
  const [here, there] = InMemoryTransport.createLinkedPair();
  await server.connect(there);
  const client = new Client({ name: "test-client", version: "1" });
  await client.connect(here);
  onTestFinished(async () => {
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
