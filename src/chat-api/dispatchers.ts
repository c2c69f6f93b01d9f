import type { Dispatcher } from "undici";
import { isLoopback } from "./hosts.ts";

/** undici, set up for this service: where connections are kept, where they are fresh, and the company's proxy. */

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
  const { Agent, EnvHttpProxyAgent, Pool } = await import("undici");
  const connect = { timeout: 10_000 };
  const keeping = { connections: 256, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 30_000, connect };
  const closing = { connections: 256, pipelining: 0, connect };
  const { proxy, endpoint } = route;
  if (!proxy || isLoopback(endpoint.hostname)) return { kept: new Agent(keeping), fresh: new Agent(closing) };

  // When a proxy closes the socket on CONNECT, undici connects again for ever unless the error has another code.
  class PatientPool extends Pool {
    override async connect(options: Dispatcher.ConnectOptions): Promise<never> {
      try {
        return (await super.connect({ ...options, headersTimeout: 10_000 } as typeof options)) as never;
      } catch (error) {
        if (codeOf(error as Error) !== "UND_ERR_SOCKET") throw error;
        throw Object.assign(new Error("the proxy hung up"), { code: "PROXY_HUNG_UP" });
      }
    }
  }
  const through = {
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.except,
    clientFactory: (origin: URL, options: object) => new PatientPool(origin, options),
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
