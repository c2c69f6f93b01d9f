import {
  type CallToolResult,
  ErrorCode,
  type JSONRPCRequest,
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import type { ConfirmationRequest } from "../edits/edit.ts";
import {
  CANNOT_ASK,
  cannotAskOutcome,
  declinedOutcome,
  describeCaller,
  elicitationParams,
  readAnswer,
} from "./confirm.ts";
import { ProtocolError } from "./protocol-error.ts";
import { toResult } from "./result.ts";
import { type CallParts, listTools, type Notify, RunningCall, type ServerFacts } from "./tool-calls.ts";

export type Ask = (params: ReturnType<typeof elicitationParams>, signal: AbortSignal) => Promise<unknown>;

/**
 * MCP 2025-11-25 and older: the client says once what it is and what it can do, and a question is a request to it.
 * Returns what answers its requests.
 */
export function legacyRevision(parts: CallParts, server: ServerFacts, notify: Notify, ask: Ask) {
  /** What the last `initialize` said. */
  let client = describeCaller(undefined, undefined);

  function initialize({ params }: JSONRPCRequest): object {
    const { protocolVersion, capabilities, clientInfo } = params ?? {};
    if (typeof protocolVersion !== "string") {
      throw new ProtocolError(
        ErrorCode.InvalidParams,
        "initialize needs params with protocolVersion, capabilities and clientInfo.",
      );
    }
    client = describeCaller(clientInfo, capabilities);
    const { info, instructions } = server;
    const isSupported = SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion);
    return {
      protocolVersion: isSupported ? protocolVersion : LATEST_PROTOCOL_VERSION,
      capabilities: { tools: {} },
      serverInfo: info,
      instructions,
    };
  }

  async function callTool(request: JSONRPCRequest, signal: AbortSignal): Promise<CallToolResult> {
    const { name, canAsk } = client;
    const call = new RunningCall(parts, request, signal, name, notify);
    try {
      let confirmed: string | undefined;
      for (;;) {
        const { outcome, context } = await call.run(confirmed);
        if (!("confirmationRequest" in outcome)) return toResult(outcome, context);
        const { confirmationRequest: request } = outcome;
        const no = canAsk ? await askFor(request, call) : CANNOT_ASK;
        call.logDecision(no);
        if (!canAsk) return toResult(cannotAskOutcome(request, name), context);
        if (no) return toResult(declinedOutcome(request, no), context);
        confirmed = request.fingerprint;
      }
    } finally {
      call.finish();
    }
  }

  /** Asks the person through the client. Returns why there is no yes, or undefined. */
  async function askFor(confirmation: ConfirmationRequest, call: RunningCall): Promise<string | undefined> {
    const signal = AbortSignal.any([call.signal, parts.shutdownSignal]);
    call.waitingFor = "the person to confirm the edit";
    try {
      return readAnswer(await ask(elicitationParams(confirmation), signal));
    } catch {
      if (signal.aborted) return "The call ended before the confirmation was answered.";
      return "The client did not answer the confirmation, or answered with an error.";
    } finally {
      call.waitingFor = undefined;
    }
  }

  /** @throws ProtocolError for what JSON-RPC answers with an error */
  return async (request: JSONRPCRequest, signal: AbortSignal): Promise<object> => {
    switch (request.method) {
      case "initialize":
        return initialize(request);
      case "ping":
        return {};
      case "tools/list":
        return listTools(parts);
      case "tools/call":
        return callTool(request, signal);
      default:
        throw new ProtocolError(ErrorCode.MethodNotFound, "Method not found");
    }
  };
}
