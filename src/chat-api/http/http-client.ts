import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { Deadline, DeadlineEnd } from "../../call/deadline.ts";
import { malformed, type NetworkFailure, networkFailure } from "../errors/failure.ts";
import type { NetworkReasonName } from "../errors/network-reasons.ts";
import { codeOf, createDispatcher, type DispatcherOptions } from "./dispatcher.ts";

/** POSTs over undici: each ends as not sent, as sent without a valid answer, or with an answer. */

/** Maximum bytes of an answer; the largest valid one is about 1.4 MB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Posts JSON to one host. A connection is taken from the pool when a request is sent. */
export class HttpClient {
  readonly #options: DispatcherOptions & { readonly userAgent: string };
  #dispatcher: Promise<Dispatcher> | undefined;

  /** @param options.endpoint a path before the API's own is kept */
  constructor(options: DispatcherOptions & { readonly userAgent: string }) {
    this.#options = options;
  }

  /** Loads undici and makes the pool, once; connects to nothing. */
  load(): Promise<Dispatcher> {
    this.#dispatcher ??= createDispatcher(this.#options);
    return this.#dispatcher;
  }

  /**
   * Sends one POST and returns the whole answer, whatever its status, or why there is none.
   * @param path of a command, with its signed query
   * @param timeoutMs milliseconds from sending to the end of the answer
   */
  async post(
    path: string,
    body: string,
    deadline: Deadline,
    timeoutMs: number,
  ): Promise<HttpResponse | NetworkFailure> {
    const dispatcher = await this.load();
    if (deadline.ended) return failureAtEnd(deadline.ended, false);
    const { endpoint, proxy, userAgent } = this.#options;
    const request: Dispatcher.DispatchOptions = {
      origin: endpoint.origin,
      path: `${endpoint.pathname.replace(/\/$/, "")}${path}`,
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "identity", "user-agent": userAgent },
      body,
    };
    const result = await new Promise<HttpResponse | NetworkFailure>((resolve) => {
      const chunks: Buffer[] = [];
      let receivedBytes = 0;
      let received: Pick<HttpResponse, "status" | "headers"> = { status: 0, headers: {} };
      let controller: Dispatcher.DispatchController | undefined;
      let timer: NodeJS.Timeout | undefined;
      // What fails after the answer, or a second time, changes nothing: a promise settles once.
      const fail = (failure: NetworkFailure) => {
        clearTimeout(timer);
        resolve(failure);
        controller?.abort(new Error(failure.reason));
      };
      // undici ignores an abort signal while a request is queued or connecting, so the deadline is raced here.
      void deadline.end.then((end) => fail(failureAtEnd(end, controller !== undefined)));
      dispatcher.dispatch(request, {
        onRequestStart(started) {
          // Aborting here would destroy a connection that is well; an exception ends this request alone.
          if (deadline.ended) throw new Error("no longer wanted");
          controller = started;
          timer = setTimeout(() => fail(networkFailure("timedOut")), timeoutMs);
        },
        onResponseStart(_controller, status, headers) {
          received = { status, headers };
        },
        onResponseData(_controller, chunk) {
          receivedBytes += chunk.length;
          if (receivedBytes > MAX_ANSWER_BYTES) fail(malformed("larger than any that is documented"));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          clearTimeout(timer);
          resolve({ ...received, body: Buffer.concat(chunks) });
        },
        onResponseError: (_controller, error) =>
          fail(controller ? failureAfterSending(error) : failureBeforeSending(error, proxy !== undefined)),
      });
    });
    if ("status" in result) {
      // The connection is free again a turn of the event loop later; the next request would open another one.
      await setImmediate();
      await setImmediate();
    }
    return result;
  }

  async close(): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }
}

function failureAtEnd(end: DeadlineEnd, wasSent: boolean): NetworkFailure {
  if (wasSent) return networkFailure(end === "cancelled" ? "cancelledAfterSending" : "timedOut");
  return end === "cancelled"
    ? networkFailure("cancelledBeforeSending")
    : networkFailure("unreachable", "no connection in time");
}

// Error codes of Node and undici for what fails before a request is sent; any other one there means "unreachable".
const NOT_SENT_CODES: Readonly<Record<string, NetworkReasonName>> = {
  ECONNREFUSED: "connectionRefused",
  ENOTFOUND: "hostNotFound",
  EAI_AGAIN: "hostNotFound",
  EPROTO: "tlsFailed",
};

function failureBeforeSending(error: Error, isProxied: boolean): NetworkFailure {
  const cause = "errors" in error && Array.isArray(error.errors) ? (error.errors[0] as Error) : error;
  const code = codeOf(cause);
  if (/CERT|SSL|TLS|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|UNABLE_TO/.test(code))
    return networkFailure("tlsFailed", code);
  if (!isProxied) return networkFailure(NOT_SENT_CODES[code] ?? "unreachable", code);
  // undici reports the proxy's status in a message and nowhere else.
  const status = /^Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  const isRefusal = status?.startsWith("4") || /SOCKS5_.*(AUTH_|REPLY_2$)/.test(code);
  return networkFailure(isRefusal ? "proxyRefused" : "proxyFailed", status ? `HTTP ${status}` : code || cause.message);
}

function failureAfterSending(error: Error): NetworkFailure {
  const code = codeOf(error);
  // Codes of the HTTP parser and of undici's own checks: the peer answered, but not in readable HTTP.
  if (error.name === "HTTPParserError" || /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH|RESPONSE))/.test(code)) {
    return malformed(["not valid HTTP", code].filter(Boolean).join(", "));
  }
  return networkFailure("connectionLost", code);
}
