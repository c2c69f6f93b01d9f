import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { ElicitResultSchema, ErrorCode, type JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { ANSWER_TIMEOUT_MS } from "./confirm.ts";
import { type InstructionOptions, writeInstructions } from "./instructions.ts";
import { type Ask, legacyRevision } from "./legacy-revision.ts";
import { modernRevision } from "./modern-revision.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { CallParts, Notify } from "./tool-calls.ts";

/** The MCP server: lists the tools and answers calls, in either protocol revision, decided request by request. */

export interface ServerParts extends InstructionOptions, CallParts {
  readonly version: string;
}

/**
 * Creates the server. It uses the SDK's low-level one: that starts faster, its fallback handler serves both revisions,
 * and malformed calls get our messages instead of raw dumps.
 * @param inFlight takes in the answers that are being made
 */
export function createServer(parts: ServerParts, inFlight = new Set<Promise<object>>()): Server {
  // The application first: some hosts keep the first thirteen characters only.
  const title = `${parts.application ? `${parts.application} · ` : ""}Tencent Chat channels`;
  const info = { name: "tencent-chat-channel-mcp", title, version: parts.version };
  const instructions = writeInstructions(parts);
  const server = new Server(info, { capabilities: { tools: {} }, jsonSchemaValidator: NO_VALIDATOR });
  for (const method of ["initialize", "ping"]) server.removeRequestHandler(method);

  const notify: Notify = (notification) => void server.transport?.send(notification);
  let hasPinged = false;
  const ask: Ask = (params, signal) => {
    // SDK v1 numbers its requests from 0, and its clients cannot withdraw question 0: the ping takes that number.
    if (!hasPinged) server.ping().catch(() => {});
    hasPinged = true;
    // Its `elicitInput` checks the answer with ajv, which the build leaves out; `readAnswer` checks it.
    const request = { method: "elicitation/create" as const, params };
    return server.request(request, ElicitResultSchema, { signal, timeout: ANSWER_TIMEOUT_MS });
  };
  const legacy = legacyRevision(parts, { info, instructions }, notify, ask);
  const modern = modernRevision(parts, { info, instructions }, notify);
  server.fallbackRequestHandler = async (request, { signal, requestId }) => {
    const answer = isModern(request) ? modern(request, requestId, signal) : legacy(request, signal);
    inFlight.add(answer);
    try {
      return { ...(await answer) };
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
