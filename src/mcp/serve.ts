import type { Readable } from "node:stream";
import { config } from "zod/v4/core";
import { makeServer, type ServerParts } from "./server.ts";
import { StdioTransport } from "./stdio.ts";

/** One session over stdio, from the first line to the last answer. */

/** After the input ends, or a signal, calls in flight have so long, to leave within 1.5 seconds; clients kill after 2. */
const DRAIN_MS = 1_400;

/** Milliseconds after a list of tools was asked for. */
const WARM_UP_AFTER_MS = 50;

// zod would compile each schema at its first use, which costs the start more than plain parsing costs any call.
config({ jitless: true });

/** A session that runs. */
export interface Session {
  /** Takes no more calls, answers those in flight or cuts them, and closes what was opened. */
  end(): Promise<void>;
}

/**
 * Serves MCP until `end` is called.
 * @param write takes one whole line for the client
 */
export async function serve(parts: ServerParts, input: Readable, write: (line: string) => void): Promise<Session> {
  let opened: ReturnType<ServerParts["openHouse"]> | undefined;
  const openHouse = () => {
    opened ??= parts.openHouse();
    opened.catch(() => {
      opened = undefined; // what failed once may work at the next call
    });
    return opened;
  };
  // Loading the HTTP client takes longer than listing tools: it is done in the pause before the first call.
  const warmUp = async () => {
    const house = await openHouse().catch(() => undefined);
    await house?.warmUp();
  };
  let isWarming = false;
  const onListed = () => {
    if (!isWarming) setTimeout(warmUp, WARM_UP_AFTER_MS).unref();
    isWarming = true;
  };
  const server = makeServer({ ...parts, openHouse, onListed });
  const transport = new StdioTransport(input, write);
  await server.connect(transport);
  return {
    async end() {
      input.pause();
      const isIdle = await Promise.race([transport.idle().then(() => true), wait(DRAIN_MS).then(() => false)]);
      if (!isIdle) parts.log("warn", "cut", { after: `${DRAIN_MS} ms` });
      await server.close(); // what is cut notes its end in the journal before anything else happens
      const house = await opened?.catch(() => undefined);
      await house?.close();
    },
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
