import { once } from "node:events";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Result } from "@modelcontextprotocol/sdk/types.js";
import { config } from "zod/v4/core";
import type { ToolContext } from "../tools/tool.ts";
import { createServer, type ServerParts } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** One session over stdio, from the first line to the last answer. */

// zod would compile each schema at its first use, which costs the start more than plain parsing costs any call.
config({ jitless: true });

export interface Session {
  /** Takes no more calls, waits for those in flight until `signal` is aborted, and closes what was opened. */
  end(signal: AbortSignal): Promise<void>;
}

/** Milliseconds after the tools were listed until the process warms up: the answer goes out first. */
const WARM_UP_AFTER_MS = 50;

/**
 * Serves MCP until `end` is called.
 * @param write takes one whole line for the client
 */
export async function startSession(
  parts: Omit<ServerParts, "shutdownSignal" | "warmUp">,
  input: Readable,
  write: (line: string) => void,
): Promise<Session> {
  const { log } = parts;
  let opened: Promise<ToolContext> | undefined;
  const openContext = () => {
    opened ??= parts.openContext();
    return opened;
  };
  const warmUp = () => {
    const load = async () => (await openContext()).warmUp();
    setTimeout(() => load().catch(() => {}), WARM_UP_AFTER_MS).unref(); // a call meets the same error, and tells it
  };
  const shutdown = new AbortController();
  const inFlight = new Set<Promise<Result>>();
  const server = createServer({ ...parts, openContext, warmUp, shutdownSignal: shutdown.signal }, inFlight);
  const transport = new StdioTransport(input, write);
  await server.connect(transport);
  return {
    async end(signal) {
      transport.stopReading();
      shutdown.abort();
      await setImmediate(); // what was read last begins
      await Promise.race([Promise.allSettled(inFlight), signal.aborted ? undefined : once(signal, "abort")]);
      await setImmediate(); // and is answered
      if (signal.aborted) log("warn", "aborted", { reason: "calls were still in flight" });
      await server.close(); // calls that are cancelled record their outcome in the journal before anything else happens
      const context = await opened?.catch(() => undefined);
      await context?.close();
    },
  };
}
