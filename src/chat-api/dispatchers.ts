import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import { isLoopback } from "./hosts.ts";

/** undici, set up for this service: where connections are kept, where they are fresh, and the company's proxy. */

/** Milliseconds to wait for a connection, or for a proxy to make one. A call's deadline may end earlier. */
const CONNECT_MS = 10_000;
const CONTINUE = Buffer.from("HTTP/1.1 100");

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

/**
 * Makes a socket drop `100 Continue`: any server may send it before its answer, and undici takes it for an error where
 * it was not asked for.
 */
function passOverContinue(socket: Socket): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size);
    if (!chunk?.subarray(0, 12).equals(CONTINUE)) return chunk;
    const end = chunk.indexOf("\r\n\r\n");
    return end < 0 || end + 4 === chunk.length ? null : chunk.subarray(end + 4);
  };
}

/** The code that Node or undici put on an error, or an empty text. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
