import { PassThrough } from "node:stream";
import { noLog } from "../../src/log.ts";
import { type Session, startSession } from "../../src/mcp/session.ts";
import { cleanUpLater } from "./clean-up.ts";
import { partsOf } from "./client.ts";
import { waitUntil } from "./clock.ts";
import { expectNoSecret } from "./secrets.ts";
import { environmentOf } from "./service.ts";

/** A session whose messages a test writes and reads itself, without an SDK in between. */

/** A message from the server: an answer, a notification, or a request of its own. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at any part of it
export type Message = Record<string, any>;

const META = "io.modelcontextprotocol/";

export class Wire {
  readonly messages: Message[] = [];
  readonly #input = new PassThrough();
  #session: Session | undefined;

  /** Opens a session on an endpoint. */
  static async open(endpoint: URL, env: Record<string, string> = {}, log = noLog): Promise<Wire> {
    const wire = new Wire();
    const parts = { ...partsOf(endpoint, environmentOf(endpoint, env)), log };
    wire.#session = await startSession(parts, wire.#input, (line) => {
      expectNoSecret(line);
      wire.messages.push(JSON.parse(line));
    });
    cleanUpLater(() => wire.end());
    return wire;
  }

  /** The handshake of 2025-11-25 and older. */
  async initialize(capabilities: object = {}, protocolVersion = "2025-11-25"): Promise<Message> {
    const clientInfo = { name: "a client", version: "1" };
    const answer = await this.request("init", "initialize", { protocolVersion, capabilities, clientInfo });
    this.send({ method: "notifications/initialized" });
    return answer;
  }

  send(message: object): void {
    this.#input.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  /** Sends a request and waits for its answer. */
  request(id: number | string, method: string, params: object = {}): Promise<Message> {
    this.send({ id, method, params });
    return this.next((message) => message.id === id && message.method === undefined);
  }

  /** Waits for the last message that fits. */
  async next(fits: (message: Message) => boolean): Promise<Message> {
    await waitUntil(() => this.messages.some(fits));
    return this.messages.findLast(fits) as Message;
  }

  /** Ends the input, as a client does that leaves. */
  async end(): Promise<void> {
    await this.#session?.end(AbortSignal.timeout(1_400));
  }
}

/** Parameters of a request of 2026-07-28. */
export function modern(params: object = {}, capabilities: object = {}, version: unknown = "2026-07-28"): object {
  return {
    ...params,
    _meta: {
      [`${META}protocolVersion`]: version,
      [`${META}clientCapabilities`]: capabilities,
      [`${META}clientInfo`]: { name: "a newer client", version: "1" },
    },
  };
}
