import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { ErrorCode, type JSONRPCRequest, type Result } from "@modelcontextprotocol/sdk/types.js";
import { type InstructionOptions, writeInstructions } from "./instructions.ts";
import { legacyRevision } from "./legacy-revision.ts";
import { modernRevision } from "./modern-revision.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { CallParts } from "./tool-calls.ts";

/** The MCP server: lists the tools and answers calls, in either protocol revision, decided request by request. */

export interface ServerParts extends InstructionOptions, CallParts {
  readonly version: string;
}

/**
 * Creates the server. It uses the SDK's low-level one: that starts faster, its fallback handler serves both revisions,
 * and malformed calls get our messages instead of raw dumps.
 * @param inFlight takes in the answers that are being made
 */
export function createServer(parts: ServerParts, inFlight = new Set<Promise<Result>>()): Server {
  // The application first: some hosts keep the first thirteen characters only.
  const title = `${parts.application ? `${parts.application} · ` : ""}Tencent Chat channels`;
  const info = { name: "tencent-chat-channel-mcp", title, version: parts.version };
  const instructions = writeInstructions(parts);
  const server = new Server(info, { capabilities: { tools: {} }, jsonSchemaValidator: NO_VALIDATOR });
  for (const method of ["initialize", "ping"]) server.removeRequestHandler(method);

  const legacy = legacyRevision(parts, { info, instructions });
  const modern = modernRevision(parts, { info, instructions });
  server.fallbackRequestHandler = async (request, extra) => {
    const answer = (isModern(request) ? modern : legacy)(request, extra);
    inFlight.add(answer);
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      // Its message may hold anything, so it goes to the log only.
      parts.log("error", "internal error", { error });
      throw new ProtocolError(ErrorCode.InternalError, "Internal error of this server; the log on stderr says more.");
    } finally {
      inFlight.delete(answer);
    }
  };
  server.onerror = (error) => parts.log("debug", "protocol", { error: error.message.split(":", 1)[0] });
  return server;
}

/** True if the request carries a protocol version in _meta, supported or not, or is server/discover. */
function isModern({ method, params }: JSONRPCRequest): boolean {
  const meta = params?._meta as Readonly<Record<string, unknown>> | undefined;
  return meta?.["io.modelcontextprotocol/protocolVersion"] !== undefined || method === "server/discover";
}

const NO_VALIDATOR = {
  getValidator(): never {
    throw new Error("the SDK's validator is not used");
  },
};
