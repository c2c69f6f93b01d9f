import { setFlagsFromString } from "node:v8";
import type { Dispatcher } from "undici";
import { passOverContinue } from "./continue.ts";
import { isLoopback } from "./hosts.ts";

/** undici, set up for this service: where connections are kept, where they are fresh, and the company's proxy. */

/** Milliseconds to wait for a connection, or for a proxy to make one. A call's deadline may end earlier. */
const CONNECT_MS = 10_000;

/** The code of every error before the proxy has made a connection; its message says what it was. */
export const PROXY_FAILED = "PROXY_FAILED";

/** How to reach the service. */
export interface Route {
  /** https, or http on loopback. A path before the API's own is kept. */
  readonly endpoint: URL;
  /** From HTTPS_PROXY and NO_PROXY. Loopback never goes through it. */
  readonly proxy?: { readonly url: string; readonly except: string } | undefined;
  readonly userAgent: string;
}

/** Two ways to the same host. */
export interface Dispatchers {
  /** Keeps connections for the next read. */
  readonly kept: Dispatcher;
  /** A new connection for each request: one that the server may be closing could lose a write. */
  readonly fresh: Dispatcher;
}

/** Loads undici and makes the two ways; connects to nothing. */
export async function makeDispatchers(route: Route): Promise<Dispatchers> {
  // undici's HTTP parser is WebAssembly. Optimizing it would take 90 ms of a core after the first answer, and a process
  // that wants to leave would wait for it; compiled plainly, it is quick enough for any answer.
  for (const flag of ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering"]) setFlagsFromString(flag);
  const { Agent, EnvHttpProxyAgent, Pool, buildConnector } = await import("undici");
  const factory = (origin: string | URL, options: object) => {
    const { connect } = options as { connect: ReturnType<typeof buildConnector> };
    return new Pool(origin, {
      ...options,
      connect: (where, callback) =>
        connect(where, (...made) => {
          if (made[1]) passOverContinue(made[1]);
          callback(...made);
        }),
    });
  };
  const common = { connections: 256, connect: buildConnector({ timeout: CONNECT_MS }), factory };
  const keeping = { ...common, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 30_000 };
  const closing = { ...common, pipelining: 0 };
  const { proxy, endpoint } = route;
  if (!proxy || isLoopback(endpoint.hostname)) return { kept: new Agent(keeping), fresh: new Agent(closing) };

  // Only CONNECT goes through this pool, so what fails here is the proxy. It needs a code of its own: when a proxy
  // closes the socket, undici would otherwise connect again for ever.
  class ProxyPool extends Pool {
    override async connect(options: Dispatcher.ConnectOptions): Promise<never> {
      try {
        return (await super.connect({ ...options, headersTimeout: CONNECT_MS } as typeof options)) as never;
      } catch (error) {
        const code = codeOf(error as Error);
        const detail = code === "UND_ERR_SOCKET" ? "it closed the connection" : code;
        throw Object.assign(new Error(detail), { code: PROXY_FAILED });
      }
    }
  }
  const through = {
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.except,
    clientFactory: (origin: URL, options: object) => new ProxyPool(origin, options),
  };
  return {
    kept: new EnvHttpProxyAgent({ ...keeping, ...through }),
    fresh: new EnvHttpProxyAgent({ ...closing, ...through }),
  };
}

/** The code that Node or undici put on an error, or an empty text. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
