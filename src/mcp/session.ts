import type { Readable } from "node:stream";
import { config } from "zod/v4/core";
import { createServer, type ServerParts } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** One session over stdio, from the first line to the last answer. */

// zod would compile each schema at its first use, which costs the start more than plain parsing costs any call.
config({ jitless: true });

/** A running session. */
export interface Session {
  /** Takes no more calls, answers those in flight or cancels them after `drainMs`, and closes what was opened. */
  end(drainMs: number): Promise<void>;
}

/**
 * Serves MCP until `end` is called.
 * @param write takes one whole line for the client
 */
export async function startSession(
  parts: Omit<ServerParts, "shutdownSignal">,
  input: Readable,
  write: (line: string) => void,
): Promise<Session> {
  const { openContext, log } = parts;
  let opened: ReturnType<typeof openContext> | undefined;
  const openOnce = () => {
    opened ??= openContext();
    opened.catch(() => {
      opened = undefined; // what failed once may work at the next call
    });
    return opened;
  };
  const shutdown = new AbortController();
  const server = createServer({ ...parts, openContext: openOnce, shutdownSignal: shutdown.signal });
  const transport = new StdioTransport(input, write);
  await server.connect(transport);
  return {
    async end(drainMs) {
      transport.stopReading();
      shutdown.abort();
      const isIdle = await Promise.race([transport.idle().then(() => true), wait(drainMs).then(() => false)]);
      if (!isIdle) log("warn", "cut", { after: `${drainMs} ms` });
      await server.close(); // calls that are cancelled record their outcome in the journal before anything else happens
      const context = await opened?.catch(() => undefined);
      await context?.close();
    },
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
