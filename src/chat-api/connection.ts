import type { Dispatcher } from "undici";
import type { Deadline } from "./deadline.ts";
import { codeOf, type Dispatchers, makeDispatchers, PROXY_FAILED, type Route } from "./dispatchers.ts";
import { NotSent, NoValidAnswer } from "./network-failure.ts";
import type { NotSentReason } from "./network-reasons.ts";

/** One POST over undici, told apart into not sent, sent without a valid answer, and answered. */

/** The most bytes of an answer that are taken in; the largest honest answer is about 1.4 MB. */
export const MOST_ANSWER_BYTES = 2 * 1024 * 1024;

/** An answer as it came: nothing about it is believed yet. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What to post: the path of a command, its signed query, its JSON body. */
export interface Post {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** Posts JSON to one host. Nothing is loaded or connected before the first post or warmUp. */
export class Connection {
  readonly #route: Route;
  #dispatchers: Promise<Dispatchers> | undefined;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Loads the HTTP client, so that the first post need not wait for it. Connects to nothing. */
  warmUp(): Promise<Dispatchers> {
    this.#dispatchers ??= makeDispatchers(this.#route);
    return this.#dispatchers;
  }

  /**
   * Sends one POST and gives back the whole answer, whatever its status.
   *
   * @param fresh true to use a connection that was never used before
   * @param mayStart asked in the moment before the first byte; false keeps it back
   * @throws NotSent when no byte of it left
   * @throws NoValidAnswer when it left and no whole answer came back
   */
  async post(request: Post, fresh: boolean, mayStart: () => boolean, deadline: Deadline): Promise<RawAnswer> {
    const { kept, fresh: unused } = await this.warmUp();
    const { endpoint, userAgent } = this.#route;
    const prefix = endpoint.pathname.replace(/\/$/, "");
    const options: Dispatcher.DispatchOptions = {
      origin: endpoint.origin,
      path: `${prefix}${request.path}?${request.query}`,
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "identity", "user-agent": userAgent },
      body: request.body,
      // The deadline watches over everything; undici's own timers are late and miss a slow trickle.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    return new Exchange(deadline, mayStart).run(fresh ? unused : kept, options);
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    if (!this.#dispatchers) return;
    const { kept, fresh } = await this.#dispatchers;
    await Promise.all([kept.destroy(), fresh.destroy()]);
  }
}

/** One request on its way: settles once, by its answer, its failure or its deadline. */
class Exchange {
  readonly #deadline: Deadline;
  readonly #mayStart: () => boolean;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #received = 0;
  #status = 0;
  #headers: RawAnswer["headers"] = {};

  constructor(deadline: Deadline, mayStart: () => boolean) {
    this.#deadline = deadline;
    this.#mayStart = mayStart;
  }

  run(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        if (this.#settled) return;
        this.#settled = true;
        stopListening();
        finish();
      };
      const fail = (failure: Error) => {
        settle(() => reject(failure));
        this.#controller?.abort(failure);
      };
      // undici looks at no signal while a request is queued or connecting, so the end is raced here.
      let stopListening = () => {};
      stopListening = this.#deadline.onEnd((end) => fail(this.#ended(end)));
      if (this.#settled) return;
      dispatcher.dispatch(request, {
        onRequestStart: (controller) => {
          if (this.#settled) return controller.abort(new Error("no longer wanted"));
          if (!this.#mayStart()) {
            settle(() => reject(new NotSent("keptBack")));
            return controller.abort(new Error("kept back"));
          }
          this.#controller = controller;
        },
        onResponseStart: (_controller, status, headers) => {
          this.#status = status;
          this.#headers = headers;
        },
        onResponseData: (_controller, chunk) => {
          this.#received += chunk.length;
          if (this.#received > MOST_ANSWER_BYTES) fail(new NoValidAnswer("answerTooLarge"));
          else this.#chunks.push(chunk);
        },
        onResponseEnd: () => {
          const body = Buffer.concat(this.#chunks);
          settle(() => resolve({ status: this.#status, headers: this.#headers, body }));
        },
        onResponseError: (_controller, error) => fail(this.#controller ? lost(error) : neverSent(error)),
      });
    });
  }

  #ended(end: "timeout" | "cancelled"): Error {
    if (this.#controller) return new NoValidAnswer(end === "cancelled" ? "cancelledAfterSending" : "noAnswer");
    return new NotSent(
      end === "cancelled" ? "cancelledBeforeSending" : "unreachable",
      end === "timeout" ? "no connection in time" : "",
    );
  }
}

// Error codes of Node and undici for what fails before a request leaves; anything else there is "unreachable".
const NEVER_SENT: Readonly<Record<string, NotSentReason>> = {
  ECONNREFUSED: "connectionRefused",
  ENOTFOUND: "hostNotFound",
  EAI_AGAIN: "hostNotFound",
  EPROTO: "tlsFailed",
};

function neverSent(error: Error): NotSent {
  const cause = "errors" in error && Array.isArray(error.errors) ? (error.errors[0] as Error) : error;
  const code = codeOf(cause);
  // undici puts the proxy's status into a message and nowhere else.
  const proxyStatus = /^Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  if (proxyStatus) return new NotSent(/^4/.test(proxyStatus) ? "proxyRefused" : "proxyFailed", `HTTP ${proxyStatus}`);
  if (code === PROXY_FAILED) return new NotSent("proxyFailed", cause.message);
  if (/CERT|SSL|TLS|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|UNABLE_TO/.test(code))
    return new NotSent("tlsFailed", code);
  return new NotSent(NEVER_SENT[code] ?? "unreachable", code);
}

function lost(error: Error): NoValidAnswer {
  const code = codeOf(error);
  // Codes of the HTTP parser and of undici's own checks: the peer spoke, but not HTTP that can be read.
  if (error.name === "HTTPParserError" || /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH|RESPONSE))/.test(code)) {
    return new NoValidAnswer("answerMalformed", ["not valid HTTP", code].filter(Boolean).join(", "));
  }
  return new NoValidAnswer("connectionLost", code);
}
