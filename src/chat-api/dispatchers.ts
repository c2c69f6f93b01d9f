import { setFlagsFromString } from "node:v8";
import type { Dispatcher } from "undici";
import { passOverContinue } from "./continue.ts";
import { isLoopback } from "./hosts.ts";

/** undici, set up for this service: where connections are kept, where they are fresh, and the company's proxy. */

/** Milliseconds to wait for a connection, or for a proxy to make one. A call's deadline may end earlier. */
const CONNECT_MS = 10_000;

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
  const connector = buildConnector({ timeout: CONNECT_MS });
  const connect: typeof connector = (options, callback) =>
    connector(options, (...made) => {
      if (made[1]) passOverContinue(made[1]);
      callback(...made);
    });
  const keeping = { connections: 256, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 30_000, connect };
  const closing = { connections: 256, pipelining: 0, connect };
  const { proxy, endpoint } = route;
  if (!proxy || isLoopback(endpoint.hostname)) return { kept: new Agent(keeping), fresh: new Agent(closing) };

  // When a proxy closes the socket on CONNECT, undici connects again for ever unless the error has another code.
  class PatientPool extends Pool {
    override async connect(options: Dispatcher.ConnectOptions): Promise<never> {
      try {
        return (await super.connect({ ...options, headersTimeout: CONNECT_MS } as typeof options)) as never;
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
