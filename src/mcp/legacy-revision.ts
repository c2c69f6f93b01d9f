import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { type CallToolResult, ElicitResultSchema, type JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import type { Confirmation, Question } from "../edits/edit.ts";
import {
  ANSWER_TIMEOUT_MS,
  CANNOT_ASK,
  cannotAskOutcome,
  type Decision,
  declinedOutcome,
  elicitationParams,
  readAnswer,
} from "./confirm.ts";
import { METHOD_NOT_FOUND, ProtocolError } from "./protocol-error.ts";
import { toResult } from "./result.ts";
import { type CallParts, type Notify, RunningCall, readToolCall } from "./tool-calls.ts";

/** MCP 2025-11-25 and older: the client said once what it is and what it can do, and a question is a request to it. */
export class LegacyRevision {
  readonly #server: Server;
  readonly #parts: CallParts;
  readonly #notify: Notify;
  readonly #listTools: () => Promise<{ tools: object[] }>;

  constructor(server: Server, parts: CallParts, notify: Notify, listTools: () => Promise<{ tools: object[] }>) {
    this.#server = server;
    this.#parts = parts;
    this.#notify = notify;
    this.#listTools = listTools;
  }

  /** @throws ProtocolError for what JSON-RPC answers with an error */
  async answer(request: JSONRPCRequest, signal: AbortSignal): Promise<object> {
    switch (request.method) {
      case "ping":
        return {};
      case "tools/list":
        return this.#listTools();
      case "tools/call":
        return this.#call(request, signal);
      default:
        throw new ProtocolError(METHOD_NOT_FOUND, "Method not found");
    }
  }

  async #call(request: JSONRPCRequest, signal: AbortSignal): Promise<CallToolResult> {
    const { tool, args } = await readToolCall(request, this.#parts.readOnly);
    const client = this.#server.getClientVersion()?.name ?? "unknown";
    const call = new RunningCall(this.#parts, request, signal, client, this.#notify);
    try {
      let confirmation: Confirmation | undefined;
      for (;;) {
        const { outcome, context } = await call.run(tool, args, confirmation);
        if (!("question" in outcome)) return toResult(outcome, context);
        const { question } = outcome;
        if (!this.#server.getClientCapabilities()?.elicitation?.form) {
          call.logDecision(tool, CANNOT_ASK);
          return toResult(cannotAskOutcome(question, client), context);
        }
        const decision = await this.#ask(question, call);
        call.logDecision(tool, decision);
        if (!decision.isYes) return toResult(declinedOutcome(question, decision.reason), context);
        confirmation = { answered: question };
      }
    } finally {
      call.finish();
    }
  }

  /** Asks the person through the client. */
  async #ask(question: Question, call: RunningCall): Promise<Decision> {
    const signal = AbortSignal.any([call.signal, this.#parts.shutdownSignal]);
    const ended: Decision = { isYes: false, reason: "The call ended before the confirmation was answered." };
    if (signal.aborted) return ended;
    call.waitingFor = "the person to confirm the edit";
    try {
      // The SDK's `elicitInput` checks the answer with ajv, which the build leaves out; `readAnswer` checks it.
      const request = { method: "elicitation/create" as const, params: elicitationParams(question) };
      const options = { signal, timeout: ANSWER_TIMEOUT_MS };
      return readAnswer(await this.#server.request(request, ElicitResultSchema, options));
    } catch {
      const reason = "The client did not answer the confirmation, or answered with an error.";
      return signal.aborted ? ended : { isYes: false, reason };
    } finally {
      call.waitingFor = undefined;
    }
  }
}
