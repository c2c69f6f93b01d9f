import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { CallToolResult, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { ExplainedError } from "../channel/explanation.ts";
import { Deadline } from "../chat-api/deadline.ts";
import type { Log } from "../log.ts";
import type { House, Told, Tool } from "../tools/tool.ts";
import { instructions } from "./instructions.ts";

/** The MCP server: lists the tools, and takes a call from its arguments to its result. */

/** JSON-RPC's code for parameters that make no sense. */
const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;

/** What the server is made of. */
export interface ServerParts {
  readonly version: string;
  /** True if the modify tools are neither listed nor run. */
  readonly readOnly: boolean;
  /** True if no real service is behind the tools. */
  readonly isSandbox: boolean;
  /** Opened at the first call. Throws an ExplainedError where the settings do not allow any. */
  readonly openHouse: () => Promise<House>;
  readonly log: Log;
  /** Called when a client has asked for the tools: it will soon call one. */
  readonly onListed?: () => void;
}

/** Thrown for what JSON-RPC itself answers with an error; its message reaches the client word for word. */
class ProtocolError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Makes the server. The SDK's low-level one is used: it starts faster, and its fallback handler leaves the words for
 * malformed calls to us, where its own are raw dumps.
 */
export function makeServer(parts: ServerParts): Server {
  const info = { name: "tencent-chat-channel-mcp", title: "Tencent Cloud Chat channels", version: parts.version };
  const server = new Server(info, {
    capabilities: { tools: {} },
    instructions: instructions(parts.readOnly, parts.isSandbox),
  });
  const client = () => server.getClientVersion()?.name ?? "unknown";
  let list: Promise<object> | undefined;

  server.fallbackRequestHandler = async (request, { signal }) => {
    switch (request.method) {
      case "tools/list":
        list ??= listTools(parts.readOnly);
        parts.onListed?.();
        return (await list) as Record<string, unknown>;
      case "tools/call":
        return callTool(parts, client(), request, signal);
      default:
        throw new ProtocolError(METHOD_NOT_FOUND, "Method not found");
    }
  };
  server.onerror = (error) => parts.log("debug", "protocol", { error: error.message });
  return server;
}

async function listTools(readOnly: boolean): Promise<object> {
  const { declareTools } = await import("./declarations.ts");
  return { tools: declareTools(readOnly) };
}

async function callTool(
  parts: ServerParts,
  client: string,
  { params }: JSONRPCRequest,
  signal: AbortSignal,
): Promise<CallToolResult> {
  const { TOOLS } = await import("../tools/index.ts");
  const { toResult, OwnFault } = await import("./result.ts");
  const tool = TOOLS.find(({ name }) => name === params?.name);
  if (!tool) {
    const on = TOOLS.filter(({ writes }) => !(writes && parts.readOnly)).map(({ name }) => name);
    throw new ProtocolError(INVALID_PARAMS, `Unknown tool: this server has ${on.join(", ")}.`);
  }
  const args = params?.arguments ?? {};
  if (typeof args !== "object" || Array.isArray(args)) {
    throw new ProtocolError(INVALID_PARAMS, "The arguments of a tool call must be an object.");
  }

  let house: House | undefined;
  const startedAt = performance.now();
  let told: Told;
  try {
    house = await parts.openHouse();
    told = await runWithin(house, tool, args, client, signal);
  } catch (failure) {
    if (failure instanceof ExplainedError) told = { content: {}, failure };
    else {
      parts.log("error", "own fault", { tool: tool.name, error: (failure as Error)?.stack ?? "unknown" });
      told = { content: {}, failure: new OwnFault(tool.writes) };
    }
  }
  const { failure } = told;
  parts.log("info", "call", {
    tool: tool.name,
    ms: Math.round(performance.now() - startedAt),
    ...(failure ? { failed: failure.explanation.stage, code: failure.head.ErrorCode } : {}),
    ...(signal.aborted && { cancelled: true }),
  });
  return toResult(tool, told, house);
}

/** Policy, then the run with its checked input: all of it inside one deadline that the client can cancel. */
async function runWithin(house: House, tool: Tool, args: object, client: string, signal: AbortSignal): Promise<Told> {
  if (tool.writes) house.policy.refuseInReadOnly(tool.name);
  house.policy.refuseSecrets(args);
  const deadline = new Deadline(house.timeoutMs);
  const cancel = () => deadline.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await tool.run(args, house, { deadline, client });
  } finally {
    signal.removeEventListener("abort", cancel);
    deadline.release();
  }
}
