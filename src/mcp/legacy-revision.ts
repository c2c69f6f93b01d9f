import {
  type CallToolResult,
  ElicitResultSchema,
  type Implementation,
  type JSONRPCRequest,
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import type { ConfirmationRequest } from "../edits/edit.ts";
import { isRecord } from "../text/json.ts";
import {
  ANSWER_TIMEOUT_MS,
  CANNOT_ASK,
  cannotAskOutcome,
  canShowForms,
  type Decision,
  declinedOutcome,
  elicitationParams,
  readAnswer,
} from "./confirm.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND, ProtocolError } from "./protocol-error.ts";
import { toResult } from "./result.ts";
import { type CallParts, listTools, type Notify, RunningCall, readToolCall } from "./tool-calls.ts";

/** MCP 2025-11-25 and older: the client says once what it is and what it can do, and a question is a request to it. */
export class LegacyRevision {
  readonly #parts: CallParts;
  readonly #server: { readonly info: Implementation; readonly instructions: string };
  readonly #notify: Notify;
  readonly ask: (
    request: { method: "elicitation/create"; params: ReturnType<typeof elicitationParams> },
    schema: typeof ElicitResultSchema,
    options: { signal: AbortSignal; timeout: number },
  ) => Promise<unknown>;
  /** What the last `initialize` said. */
  #client = { name: "unknown", canAsk: false };

  constructor(
    parts: CallParts,
    server: { readonly info: Implementation; readonly instructions: string },
    notify: Notify,
    ask: LegacyRevision["ask"],
  ) {
    this.#parts = parts;
    this.#server = server;
    this.#notify = notify;
    this.ask = ask;
  }

  /** @throws ProtocolError for what JSON-RPC answers with an error */
  async answer(request: JSONRPCRequest, signal: AbortSignal): Promise<object> {
    switch (request.method) {
      case "initialize":
        return this.#initialize(request);
      case "ping":
        return {};
      case "tools/list":
        return listTools(this.#parts);
      case "tools/call":
        return this.#call(request, signal);
      default:
        throw new ProtocolError(METHOD_NOT_FOUND, "Method not found");
    }
  }

  #initialize({ params }: JSONRPCRequest): object {
    const { protocolVersion, capabilities, clientInfo } = params ?? {};
    if (typeof protocolVersion !== "string") {
      throw new ProtocolError(
        INVALID_PARAMS,
        "initialize needs params with protocolVersion, capabilities and clientInfo.",
      );
    }
    const name = isRecord(clientInfo) && typeof clientInfo.name === "string" ? clientInfo.name : "unknown";
    this.#client = { name, canAsk: canShowForms(capabilities) };
    const { info, instructions } = this.#server;
    const isSupported = SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion);
    return {
      protocolVersion: isSupported ? protocolVersion : LATEST_PROTOCOL_VERSION,
      capabilities: { tools: {} },
      serverInfo: info,
      instructions,
    };
  }

  async #call(request: JSONRPCRequest, signal: AbortSignal): Promise<CallToolResult> {
    const { tool, args } = readToolCall(request, this.#parts.readOnly);
    const { name, canAsk } = this.#client;
    const call = new RunningCall(this.#parts, request, signal, name, this.#notify);
    try {
      let confirmed: string | undefined;
      for (;;) {
        const { outcome, context } = await call.run(tool, args, confirmed);
        if (!("confirmationRequest" in outcome)) return toResult(outcome, context);
        const { confirmationRequest: request } = outcome;
        if (!canAsk) {
          call.logDecision(tool, CANNOT_ASK);
          return toResult(cannotAskOutcome(request, name), context);
        }
        const decision = await this.#askFor(request, call);
        call.logDecision(tool, decision);
        if (!decision.isYes) return toResult(declinedOutcome(request, decision.reason), context);
        confirmed = request.fingerprint;
      }
    } finally {
      call.finish();
    }
  }

  /** Asks the person through the client. */
  async #askFor(confirmation: ConfirmationRequest, call: RunningCall): Promise<Decision> {
    const signal = AbortSignal.any([call.signal, this.#parts.shutdownSignal]);
    const ended: Decision = { isYes: false, reason: "The call ended before the confirmation was answered." };
    if (signal.aborted) return ended;
    call.waitingFor = "the person to confirm the edit";
    try {
      // The SDK's `elicitInput` checks the answer with ajv, which the build leaves out; `readAnswer` checks it.
      const request = { method: "elicitation/create" as const, params: elicitationParams(confirmation) };
      return readAnswer(await this.ask(request, ElicitResultSchema, { signal, timeout: ANSWER_TIMEOUT_MS }));
    } catch {
      const reason = "The client did not answer the confirmation, or answered with an error.";
      return signal.aborted ? ended : { isYes: false, reason };
    } finally {
      call.waitingFor = undefined;
    }
  }
}
