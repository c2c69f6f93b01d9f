import type { Dispatcher } from "undici";
import { malformed, type NetworkFailure, networkFailure } from "../errors/failure.ts";
import type { NotSentReason } from "../errors/network-reasons.ts";
import type { Deadline } from "../retry/deadline.ts";
import {
  type ClientOptions,
  codeOf,
  type DispatcherFactory,
  loadDispatcherFactory,
  PROXY_FAILED,
} from "./dispatchers.ts";

/** POSTs over undici: each ends as not sent, as sent without a valid answer, or with an answer. */

/** Maximum bytes of an answer; the largest valid one is about 1.4 MB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
/** Maximum idle connections that are kept. */
const MAX_IDLE = 256;

/** An answer as it arrived; nothing about it has been checked yet. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What to post: the path of a command with its signed query, and its JSON body. */
export interface Post {
  readonly path: string;
  readonly body: string;
}

/** One connection for one borrower, who sends one request after another over it. */
export type Connection = Dispatcher;

/** Posts JSON to one host. Nothing is loaded or connected before the first connection is borrowed. */
export class HttpClient {
  readonly #options: ClientOptions;
  readonly #pathPrefix: string;
  #factory: Promise<DispatcherFactory> | undefined;
  /** Connections that are free, the last used at the end. */
  readonly #idle: Connection[] = [];
  readonly #borrowed = new Set<Connection>();
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#pathPrefix = options.endpoint.pathname.replace(/\/$/, "");
  }

  /** Borrows the connection that was used last, or a new one. Give it back with `release`. */
  async borrow(kind: "any" | "new" = "any"): Promise<Connection> {
    this.#factory ??= loadDispatcherFactory(this.#options);
    const create = await this.#factory;
    const connection = (kind === "any" ? this.#idle.pop() : undefined) ?? create();
    this.#borrowed.add(connection);
    return connection;
  }

  /** Takes a connection back, for the next borrower. */
  release(connection: Connection): void {
    this.#borrowed.delete(connection);
    this.#idle.push(connection);
    if (this.#isClosed || this.#idle.length > MAX_IDLE) void this.#idle.shift()?.destroy();
  }

  /**
   * Sends one POST and returns the whole answer, whatever its status, or why there is none.
   * @param timeoutMs milliseconds from sending to the end of the answer
   */
  post(
    connection: Connection,
    request: Post,
    deadline: Deadline,
    timeoutMs: number,
  ): Promise<HttpResponse | NetworkFailure> {
    const { endpoint, userAgent } = this.#options;
    return new PendingRequest(deadline, timeoutMs).run(connection, {
      origin: endpoint.origin,
      path: `${this.#pathPrefix}${request.path}`,
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "identity", "user-agent": userAgent },
      body: request.body,
    });
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#idle.splice(0), ...this.#borrowed];
    this.#borrowed.clear();
    await Promise.all(all.map((connection) => connection.destroy()));
  }
}

/** One request on its way: settles once, by its answer, its failure or its time. */
class PendingRequest {
  readonly #deadline: Deadline;
  readonly #timeoutMs: number;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settled = false;
  #receivedBytes = 0;
  #hasStarted = false;
  #status = 0;
  #headers: HttpResponse["headers"] = {};

  constructor(deadline: Deadline, timeoutMs: number) {
    this.#deadline = deadline;
    this.#timeoutMs = timeoutMs;
  }

  run(connection: Connection, request: Dispatcher.DispatchOptions): Promise<HttpResponse | NetworkFailure> {
    return new Promise((resolve) => {
      let removeListener = () => {};
      const settle = (result: HttpResponse | NetworkFailure) => {
        if (this.#settled) return;
        this.#settled = true;
        removeListener();
        clearTimeout(this.#timer);
        resolve(result);
      };
      const fail = (failure: NetworkFailure) => {
        settle(failure);
        this.#controller?.abort(new Error(failure.reason));
      };
      // undici ignores an abort signal while a request is queued or connecting, so the deadline is raced here.
      removeListener = this.#deadline.onEnd((end) => fail(this.#failureAt(end)));
      if (this.#settled) return;
      connection.dispatch(request, {
        onRequestStart: (controller) => {
          if (this.#settled) return controller.abort(new Error("no longer wanted"));
          this.#controller = controller;
          this.#timer = setTimeout(() => fail(networkFailure("noAnswer")), this.#timeoutMs);
        },
        onResponseStart: (_controller, status, headers) => {
          this.#hasStarted = true;
          this.#status = status;
          this.#headers = headers;
        },
        onResponseData: (_controller, chunk) => {
          this.#receivedBytes += chunk.length;
          if (this.#receivedBytes > MAX_ANSWER_BYTES) fail(networkFailure("answerTooLarge"));
          else this.#chunks.push(chunk);
        },
        onResponseEnd: () => {
          const [first, ...more] = this.#chunks;
          const body = first && more.length === 0 ? first : Buffer.concat(this.#chunks);
          settle({ status: this.#status, headers: this.#headers, body });
        },
        onResponseError: (_controller, error) =>
          fail(this.#controller ? failureAfterSending(error, !this.#hasStarted) : failureBeforeSending(error)),
      });
    });
  }

  #failureAt(end: "timeout" | "cancelled"): NetworkFailure {
    if (this.#controller) return networkFailure(end === "cancelled" ? "cancelledAfterSending" : "noAnswer");
    return end === "cancelled"
      ? networkFailure("cancelledBeforeSending")
      : networkFailure("unreachable", "no connection in time");
  }
}

// Error codes of Node and undici for what fails before a request is sent; any other one there means "unreachable".
const NOT_SENT_CODES: Readonly<Record<string, NotSentReason>> = {
  ECONNREFUSED: "connectionRefused",
  ENOTFOUND: "hostNotFound",
  EAI_AGAIN: "hostNotFound",
  EPROTO: "tlsFailed",
};

function failureBeforeSending(error: Error): NetworkFailure {
  const cause = "errors" in error && Array.isArray(error.errors) ? (error.errors[0] as Error) : error;
  const code = codeOf(cause);
  // undici reports the proxy's status in a message and nowhere else.
  const proxyStatus = /^Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  if (proxyStatus) {
    return networkFailure(/^4/.test(proxyStatus) ? "proxyRefused" : "proxyFailed", `HTTP ${proxyStatus}`);
  }
  if (code === PROXY_FAILED) return networkFailure("proxyFailed", cause.message);
  if (/CERT|SSL|TLS|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|UNABLE_TO/.test(code))
    return networkFailure("tlsFailed", code);
  return networkFailure(NOT_SENT_CODES[code] ?? "unreachable", code);
}

function failureAfterSending(error: Error, isStaleConnection: boolean): NetworkFailure {
  const code = codeOf(error);
  // Codes of the HTTP parser and of undici's own checks: the peer answered, but not in readable HTTP.
  if (error.name === "HTTPParserError" || /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH|RESPONSE))/.test(code)) {
    return malformed(["not valid HTTP", code].filter(Boolean).join(", "));
  }
  return { ...networkFailure("connectionLost", code), isStaleConnection };
}
