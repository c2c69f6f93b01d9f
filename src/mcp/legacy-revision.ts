import {
  type CallToolResult,
  ElicitResultSchema,
  EmptyResultSchema,
  ErrorCode,
  type JSONRPCRequest,
  LATEST_PROTOCOL_VERSION,
  type Result,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import type { ConfirmationRequest } from "../edits/edit.ts";
import {
  ANSWER_TIMEOUT_MS,
  CANNOT_ASK,
  cannotAskOutcome,
  declinedOutcome,
  describeCaller,
  elicitationParams,
  readAnswer,
} from "./confirm.ts";
import { ProtocolError } from "./protocol-error.ts";
import { toResult } from "./result.ts";
import { type CallParts, type Extra, listTools, RunningCall, type ServerFacts } from "./tool-calls.ts";

/**
 * MCP 2025-11-25 and older: the client says once what it is and what it can do, and a question is a request to it.
 * Returns what answers its requests.
 */
export function legacyRevision(parts: CallParts, { info, instructions }: ServerFacts) {
  /** What the last `initialize` said. */
  let client = describeCaller(undefined, undefined);

  function initialize({ params }: JSONRPCRequest): Result {
    const { protocolVersion, capabilities, clientInfo } = params ?? {};
    if (typeof protocolVersion !== "string") {
      throw new ProtocolError(
        ErrorCode.InvalidParams,
        "initialize needs params with protocolVersion, capabilities and clientInfo.",
      );
    }
    client = describeCaller(clientInfo, capabilities);
    const isSupported = SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion);
    return {
      protocolVersion: isSupported ? protocolVersion : LATEST_PROTOCOL_VERSION,
      capabilities: { tools: {} },
      serverInfo: info,
      instructions,
    };
  }

  async function callTool(request: JSONRPCRequest, extra: Extra): Promise<CallToolResult> {
    const { name, canAsk } = client;
    const call = new RunningCall(parts, request, extra, name);
    try {
      let confirmed: string | undefined;
      for (;;) {
        const { result, context } = await call.run(confirmed);
        if (!("confirmationRequest" in result)) return toResult(result, context);
        const { confirmationRequest } = result;
        const no = canAsk ? await askFor(confirmationRequest, call, extra) : CANNOT_ASK;
        call.logDecision(no);
        if (!canAsk) return toResult(cannotAskOutcome(confirmationRequest, name), context);
        if (no) return toResult(declinedOutcome(confirmationRequest, no), context);
        confirmed = confirmationRequest.fingerprint;
      }
    } finally {
      call.finish();
    }
  }

  /** Asks the person through the client. Returns why there is no yes, or undefined. */
  async function askFor(request: ConfirmationRequest, call: RunningCall, extra: Extra): Promise<string | undefined> {
    const signal = AbortSignal.any([extra.signal, parts.shutdownSignal]);
    call.waitingFor = "the person to confirm the edit";
    // SDK v1 numbers its requests from 0, and its clients cannot withdraw question 0: a ping takes that number.
    extra.sendRequest({ method: "ping" }, EmptyResultSchema).catch(() => {});
    try {
      // The SDK's `elicitInput` would check the answer with ajv, which the build leaves out.
      const question = { method: "elicitation/create" as const, params: elicitationParams(request) };
      return readAnswer(await extra.sendRequest(question, ElicitResultSchema, { signal, timeout: ANSWER_TIMEOUT_MS }));
    } catch {
      if (signal.aborted) return "The call ended before the confirmation was answered.";
      return "The client did not answer the confirmation, or answered with an error.";
    } finally {
      call.waitingFor = undefined;
    }
  }

  /** @throws ProtocolError for what JSON-RPC answers with an error */
  return async (request: JSONRPCRequest, extra: Extra): Promise<Result> => {
    switch (request.method) {
      case "initialize":
        return initialize(request);
      case "ping":
        return {};
      case "tools/list":
        return listTools(parts);
      case "tools/call":
        return callTool(request, extra);
      default:
        throw new ProtocolError(ErrorCode.MethodNotFound, "Method not found");
    }
  };
}
