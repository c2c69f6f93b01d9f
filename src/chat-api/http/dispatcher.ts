import type { Dispatcher } from "undici";
import { isLoopback } from "../regions.ts";

/** undici, set up for this service: connections that stay open between calls, and the company's proxy. */

/** Milliseconds to wait for a connection, or for a proxy to make one. A call's deadline may end earlier. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Milliseconds for each address of a host. Node gives up after 250, too early for a slow network. */
const ADDRESS_TIMEOUT_MS = 2_500;
/** People think between calls, so an idle connection stays open as long as the server allows, up to this. */
const KEEP_ALIVE_MS = 30_000;
/** Maximum connections: enough for answers that take a second at the highest rate. */
const MAX_CONNECTIONS = 256;

export interface DispatcherOptions {
  /** https, or http on loopback. */
  readonly endpoint: URL;
  /** The address of a proxy, with user and password in it if it wants them. Loopback never goes through it. */
  readonly proxy?: string | undefined;
}

/** Loads undici; connects to nothing. */
export async function createDispatcher({ proxy, endpoint }: DispatcherOptions): Promise<Dispatcher> {
  const options = {
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS, autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The caller keeps its own, total time: undici's timers are late and miss a slow trickle.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (!proxy || isLoopback(endpoint.hostname)) {
    // The pool alone: undici's index loads eight megabytes more.
    const { default: Pool } = await import("undici/lib/dispatcher/pool.js");
    return new Pool(endpoint.origin, options);
  }

  const { default: undici } = await import("undici"); // a CommonJS module: its exports are the default of an import()
  if (/^socks/i.test(proxy))
    return new undici.Socks5ProxyAgent(proxy, { connect: undici.buildConnector(options.connect) });
  // Only CONNECT goes through this pool. Its errors lose their code: when a proxy closes the socket, undici would
  // otherwise reconnect endlessly.
  class ProxyPool extends undici.Pool {
    override async connect(request: Dispatcher.ConnectOptions): Promise<never> {
      try {
        return (await super.connect({ ...request, headersTimeout: CONNECT_TIMEOUT_MS } as typeof request)) as never;
      } catch (error) {
        const code = codeOf(error as Error);
        throw new Error(code === "UND_ERR_SOCKET" ? "it closed the connection" : code);
      }
    }
  }
  return new undici.ProxyAgent({
    ...options,
    uri: proxy,
    requestTls: options.connect,
    clientFactory: (origin: URL, poolOptions: object) => new ProxyPool(origin, poolOptions),
  });
}

export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
