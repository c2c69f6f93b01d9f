import type { Dispatcher } from "undici";
import { malformed, type NetworkFailure, networkFailure } from "../errors/failure.ts";
import type { NotSentReason } from "../errors/network-reasons.ts";
import type { Deadline, DeadlineEnd } from "../retry/deadline.ts";
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
  /** Connections whose last request ended before it was sent. */
  readonly #unconnected = new WeakSet<Connection>();
  /** Connections that have answered: only these can have been closed while they were idle. */
  readonly #used = new WeakSet<Connection>();
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#pathPrefix = options.endpoint.pathname.replace(/\/$/, "");
  }

  /** Borrows the connection that was used last, or a new one. Give it back with `release` or `discard`. */
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
    if (this.#isClosed || this.#unconnected.has(connection)) return void connection.destroy();
    this.#idle.push(connection);
    if (this.#idle.length > MAX_IDLE) void this.#idle.shift()?.destroy();
  }

  /** Closes a connection instead of keeping it for the next borrower. */
  discard(connection: Connection): void {
    this.#borrowed.delete(connection);
    void connection.destroy();
  }

  /**
   * Sends one POST and returns the whole answer, whatever its status, or why there is none.
   * @param timeoutMs milliseconds from sending to the end of the answer
   */
  post(
    connection: Connection,
    { path, body }: Post,
    deadline: Deadline,
    timeoutMs: number,
  ): Promise<HttpResponse | NetworkFailure> {
    const { endpoint, userAgent } = this.#options;
    const request: Dispatcher.DispatchOptions = {
      origin: endpoint.origin,
      path: `${this.#pathPrefix}${path}`,
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "identity", "user-agent": userAgent },
      body,
    };
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let receivedBytes = 0;
      let received: Pick<HttpResponse, "status" | "headers"> | undefined;
      let controller: Dispatcher.DispatchController | undefined;
      let timer: NodeJS.Timeout | undefined;
      let isSettled = false;
      let removeListener = () => {};
      const settle = (result: HttpResponse | NetworkFailure) => {
        if (isSettled) return;
        isSettled = true;
        removeListener();
        clearTimeout(timer);
        // What could not connect may go on trying; the next borrower must not wait for it.
        if (controller) this.#unconnected.delete(connection);
        else this.#unconnected.add(connection);
        resolve(result);
      };
      const fail = (failure: NetworkFailure) => {
        settle(failure);
        controller?.abort(new Error(failure.reason));
      };
      // undici ignores an abort signal while a request is queued or connecting, so the deadline is raced here.
      removeListener = deadline.onEnd((end) => fail(failureAtEnd(end, controller !== undefined)));
      if (isSettled) return;
      connection.dispatch(request, {
        onRequestStart(started) {
          if (isSettled) return started.abort(new Error("no longer wanted"));
          controller = started;
          timer = setTimeout(() => fail(networkFailure("noAnswer")), timeoutMs);
        },
        onResponseStart(_controller, status, headers) {
          received = { status, headers };
        },
        onResponseData(_controller, chunk) {
          receivedBytes += chunk.length;
          if (receivedBytes > MAX_ANSWER_BYTES) fail(networkFailure("answerTooLarge"));
          else chunks.push(chunk);
        },
        onResponseEnd: () => {
          this.#used.add(connection);
          const [first, ...more] = chunks;
          settle({
            status: 0,
            headers: {},
            ...received,
            body: first && more.length === 0 ? first : Buffer.concat(chunks),
          });
        },
        onResponseError: (_controller, error) =>
          fail(
            controller
              ? failureAfterSending(error, received === undefined && this.#used.has(connection))
              : failureBeforeSending(error),
          ),
      });
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

function failureAtEnd(end: DeadlineEnd, wasSent: boolean): NetworkFailure {
  if (wasSent) return networkFailure(end === "cancelled" ? "cancelledAfterSending" : "noAnswer");
  return end === "cancelled"
    ? networkFailure("cancelledBeforeSending")
    : networkFailure("unreachable", "no connection in time");
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
