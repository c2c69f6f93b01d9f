import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { API_PATH } from "../channel/commands.ts";
import { type StoredChannel, sampleChannels } from "./channels.ts";
import { answerCommand, envelope } from "./commands.ts";
import { type SandboxAccount, verifyQuery } from "./verify-signature.ts";

/** The embedded service on 127.0.0.1: real HTTP, real signatures, the documentation's sample channels. */

export interface SandboxOptions extends SandboxAccount {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface SandboxRequest {
  readonly method: string;
  readonly command: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export class Sandbox {
  readonly channels: Map<string, StoredChannel> = sampleChannels();
  protected readonly server: Server;
  readonly #account: SandboxAccount;
  readonly #now: () => number;

  protected constructor(options: SandboxOptions) {
    this.#account = options;
    this.#now = options.now ?? Date.now;
    this.server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(options: SandboxOptions): Promise<Sandbox> {
    const sandbox = new Sandbox(options);
    await sandbox.listen();
    return sandbox;
  }

  protected async listen(): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
  }

  get endpoint(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  /** Lets the process end although this listens. */
  unref(): void {
    this.server.unref();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = `${this.endpoint.origin}${request.url}`;
    const url = URL.canParse(address) ? new URL(address) : this.endpoint;
    const command = url.pathname.startsWith(API_PATH) ? url.pathname.slice(API_PATH.length) : "";
    let body = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
    } catch {
      return; // the client closed the connection in the middle of its request
    }
    await this.respond({ method: request.method ?? "", command, query: url.searchParams, body }, response);
  }

  /** Answers one request. Tests override it to script faults. */
  protected async respond(request: SandboxRequest, response: ServerResponse): Promise<void> {
    this.send(response, this.carryOut(request));
  }

  protected carryOut({ method, command, query, body }: SandboxRequest): object {
    if (method !== "POST" || command === "") return envelope(60009, "request resource error");
    const code = verifyQuery(query, this.#account, Math.floor(this.#now() / 1000));
    if (code !== 0) return envelope(code, "checked by the sandbox");
    try {
      return answerCommand(command, JSON.parse(body), this.channels);
    } catch {
      return envelope(20001, "invalid request"); // one that this server never sends
    }
  }

  protected send(response: ServerResponse, answer: unknown): void {
    const whole = typeof answer === "object" && answer !== null ? { RequestId: randomUUID(), ...answer } : answer;
    response.writeHead(200, { "content-type": "application/json", date: new Date(this.#now()).toUTCString() });
    response.end(JSON.stringify(whole));
  }
}
