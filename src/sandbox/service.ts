import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type StoredChannel, sampleChannels } from "./channels.ts";
import { answerCommand, head } from "./commands.ts";
import { type Fault, FaultScript } from "./faults.ts";
import { type Account, verifyQuery } from "./signature.ts";

/** The embedded service on 127.0.0.1: real HTTP, real signatures, the documents' channels. It never leaves this machine. */

/** Requests a second to one command (each of the three pages). */
const REQUESTS_PER_SECOND = 200;
/** Requests remembered for tests to look at. */
const MOST_REMEMBERED = 20_000;
/** So many refused signatures within a minute lock the account for a minute (the number is assumed). */
const REFUSALS_BEFORE_LOCK = 10;
const MINUTE_MS = 60_000;
const SIGNATURE_REFUSALS: ReadonlySet<number> = new Set([70003, 70009, 70013, 70014]);
const PATH = "/v4/official_account_open_http_svc/";

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly command: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** Milliseconds on a clock that never jumps. */
  readonly at: number;
}

export interface SandboxOptions extends Omit<Account, "admins"> {
  readonly admins?: readonly string[];
  /** 0 picks a free port. */
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Requests a second to one command before 60007. */
  readonly requestsPerSecond?: number;
}

export class Sandbox {
  readonly channels: Map<string, StoredChannel> = sampleChannels();
  readonly faults = new FaultScript();
  readonly requests: SeenRequest[] = [];
  /** Requests that were carried out, in that order. */
  readonly landed: Pick<SeenRequest, "command" | "body">[] = [];
  /** Connections that clients have made so far. */
  connections = 0;
  readonly #account: Account;
  readonly #now: () => number;
  readonly #perSecond: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #recent = new Map<string, number[]>();
  #refusedSignatures: number[] = [];

  private constructor(options: SandboxOptions) {
    this.#account = { admins: ["administrator", "admin"], ...options };
    this.#now = options.now ?? Date.now;
    this.#perSecond = options.requestsPerSecond ?? REQUESTS_PER_SECOND;
    this.#server = createServer((request, response) => void this.#receive(request, response));
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts listening. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const sandbox = new Sandbox(options);
    await new Promise<void>((resolve, reject) => {
      sandbox.#server.once("error", reject);
      sandbox.#server.listen(options.port ?? 0, "127.0.0.1", resolve);
    });
    return sandbox;
  }

  get endpoint(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  /** Connections that clients hold open now. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Stops listening and drops every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Lets the process end although this listens. */
  unref(): void {
    this.#server.unref();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.endpoint);
    const command = url.pathname.startsWith(PATH) ? url.pathname.slice(PATH.length) : "";
    let body = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
    } catch {
      return; // the client went away in the middle of its request
    }
    this.requests.push({ command, query: url.searchParams, body, at: performance.now() });
    for (const memory of [this.requests, this.landed]) if (memory.length > MOST_REMEMBERED) memory.shift();

    const fault = this.faults.take(command, body);
    const isCarriedOut = fault === undefined || fault.applied === true || isLate(fault);
    const carryOut = () => this.#answer(request.method, command, url.searchParams, body);
    const answer = isCarriedOut ? carryOut() : head(0, "");
    if (fault?.landsAfterMs !== undefined) setTimeout(carryOut, fault.landsAfterMs);
    await (fault ? this.#strike(fault, answer, response) : this.#send(response, answer));
  }

  #answer(method: string | undefined, command: string, query: URLSearchParams, body: string): object {
    if (method !== "POST" || command === "") return head(60009, "request resource error");
    const code = this.#verify(query);
    if (code !== 0) return head(code, "checked by the sandbox");
    if (this.#isTooFast(command)) return head(60007, "REST API call frequency exceeds the limit");
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      return head(60003, "the body is no JSON");
    }
    const answer = answerCommand(command, parsed, this.channels);
    if ("ErrorCode" in answer && answer.ErrorCode === 0) this.landed.push({ command, body });
    return answer;
  }

  #verify(query: URLSearchParams): number {
    const since = performance.now() - MINUTE_MS;
    this.#refusedSignatures = this.#refusedSignatures.filter((at) => at > since);
    if (this.#refusedSignatures.length >= REFUSALS_BEFORE_LOCK) return 70050;
    const code = verifyQuery(query, this.#account, Math.floor(this.#now() / 1000));
    if (SIGNATURE_REFUSALS.has(code)) this.#refusedSignatures.push(performance.now());
    return code;
  }

  #isTooFast(command: string): boolean {
    const now = performance.now();
    const recent = (this.#recent.get(command) ?? []).filter((at) => at > now - 1000);
    this.#recent.set(command, recent);
    if (recent.length >= this.#perSecond) return true;
    recent.push(now);
    return false;
  }

  async #strike({ meets }: Fault, answer: object, response: ServerResponse): Promise<void> {
    if (meets === "silence") return;
    if (meets === "reset") {
      response.socket?.resetAndDestroy();
      return;
    }
    if ("delayMs" in meets) {
      await new Promise((resolve) => setTimeout(resolve, meets.delayMs));
      this.#send(response, answer);
    } else if ("status" in meets) {
      response
        .writeHead(meets.status, { "content-type": "text/html", ...meets.headers })
        .end(meets.body ?? "<html>sandbox</html>");
    } else if ("code" in meets) {
      this.#send(response, head(meets.code, meets.info ?? "scripted"));
    } else if ("change" in meets) {
      this.#send(response, meets.change({ ...answer }));
    } else {
      response.writeHead(200, { "content-type": "application/json", ...meets.headers }).end(meets.raw);
    }
  }

  #send(response: ServerResponse, answer: unknown): void {
    const told = typeof answer === "object" && answer !== null ? { RequestId: randomUUID(), ...answer } : answer;
    response.writeHead(200, { "content-type": "application/json", date: new Date(this.#now()).toUTCString() });
    response.end(JSON.stringify(told));
  }
}

function isLate({ meets }: Fault): boolean {
  return typeof meets === "object" && "delayMs" in meets;
}
