import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CancelledNotificationSchema, type JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { type InstructionOptions, writeInstructions } from "./instructions.ts";
import { LegacyRevision } from "./legacy-revision.ts";
import type { ModernRevision } from "./modern-revision.ts";
import type { CallParts, Notify } from "./tool-calls.ts";

/** The MCP server: lists the tools and answers calls, in either protocol revision, decided request by request. */

/** What the server is made of. */
export interface ServerParts extends InstructionOptions, CallParts {
  readonly version: string;
}

/**
 * Creates the server. It uses the SDK's low-level one: that starts faster, its defaultText handler serves both revisions,
 * and malformed calls get our messages instead of raw dumps.
 */
export function createServer(parts: ServerParts): Server {
  const title = `Tencent Cloud Chat channels${parts.application ? ` (${parts.application})` : ""}`;
  const info = { name: "tencent-chat-channel-mcp", title, version: parts.version };
  const instructions = writeInstructions(parts);
  const server = new Server(info, { capabilities: { tools: {} }, instructions, jsonSchemaValidator: NO_VALIDATOR });
  handleRequestZero(server);
  server.removeRequestHandler("ping"); // the newer revision has none

  const notify: Notify = (notification) => void server.transport?.send(notification);
  let list: Promise<{ tools: object[] }> | undefined;
  const listTools = () => {
    list ??= import("./declarations.ts").then(({ declareTools }) => ({ tools: declareTools(parts.readOnly) }));
    return list;
  };
  const legacy = new LegacyRevision(server, parts, notify, listTools);
  let modern: Promise<ModernRevision> | undefined; // loaded for the first client that speaks it
  const openModern = () => {
    modern ??= import("./modern-revision.ts").then(
      ({ ModernRevision }) => new ModernRevision(parts, { info, instructions }, notify, listTools),
    );
    return modern;
  };

  server.fallbackRequestHandler = async (request, { signal, requestId }) => ({
    ...(isModern(request)
      ? await (await openModern()).answer(request, requestId, signal)
      : await legacy.answer(request, signal)),
  });
  server.onerror = (error) => parts.log("debug", "protocol", { error: error.message.split(":", 1)[0] });
  return server;
}

/** True if the request carries a protocol version in _meta, supported or not, or is server/discover. */
function isModern({ method, params }: JSONRPCRequest): boolean {
  const meta = params?._meta as Readonly<Record<string, unknown>> | undefined;
  return meta?.["io.modelcontextprotocol/protocolVersion"] !== undefined || method === "server/discover";
}

/** The SDK would check the answers of `elicitInput` with ajv; this server asks by `request` and checks them itself. */
const NO_VALIDATOR = {
  getValidator(): never {
    throw new Error("the SDK's validator is not used");
  },
};

/**
 * SDK v1 takes request ID 0 for none: it drops its cancellation, and it numbers its own requests from 0, so that its
 * first question could not be withdrawn.
 */
function handleRequestZero(server: Server): void {
  server["_requestMessageId"] = 1;
  server.setNotificationHandler(CancelledNotificationSchema, ({ params }) => {
    if (params.requestId === undefined) return;
    server["_requestHandlerAbortControllers"].get(params.requestId)?.abort(params.reason);
  });
}
