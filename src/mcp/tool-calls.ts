import type { JSONRPCNotification, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { ExplainedError } from "../channel/explanation.ts";
import { Deadline } from "../chat-api/retry/deadline.ts";
import type { Confirmation } from "../edits/edit.ts";
import type { Log } from "../log.ts";
import { InternalError } from "../tools/internal-error.ts";
import type { Tool, ToolContext, ToolOutcome } from "../tools/tool.ts";
import type { Decision } from "./confirm.ts";
import { reportProgress } from "./progress.ts";
import { INVALID_PARAMS, ProtocolError } from "./protocol-error.ts";

/** Tool calls, whatever the protocol revision: from the request to the result of the tool. */

/** What both revisions work with. */
export interface CallParts {
  /** True if the modify tools are neither listed nor run. */
  readonly readOnly: boolean;
  /** Called at each tool call; opens once. Throws an ExplainedError where the settings do not allow any. */
  readonly openContext: () => Promise<ToolContext>;
  /** Aborted when the input ends: questions to a person end with it. */
  readonly shutdownSignal: AbortSignal;
  readonly log: Log;
}

/** Sends a notification to the client. */
export type Notify = (notification: JSONRPCNotification) => void;

/** Loaded at the first call. The promises are kept: an import() walks through the loader each time. */
let tools: Promise<typeof import("../tools/index.ts")> | undefined;
let gate: Promise<typeof import("../tools/call-tool.ts")> | undefined;

/** The tool that a request names, and its arguments. @throws ProtocolError for a malformed request */
export async function readToolCall(
  { params }: JSONRPCRequest,
  readOnly: boolean,
): Promise<{ tool: Tool; args: object }> {
  tools ??= import("../tools/index.ts");
  const { TOOLS } = await tools;
  const tool = TOOLS.find(({ name }) => name === params?.name);
  if (!tool) {
    const available = TOOLS.filter(({ isWrite }) => !(isWrite && readOnly)).map(({ name }) => name);
    throw new ProtocolError(INVALID_PARAMS, `Unknown tool. This server has ${available.join(", ")}.`);
  }
  const args = params?.arguments ?? {};
  if (typeof args !== "object" || Array.isArray(args)) {
    throw new ProtocolError(INVALID_PARAMS, "The arguments of a tool call must be an object.");
  }
  return { tool, args };
}

/** One tools/call request while it runs: its cancellation, and its progress notifications. */
export class RunningCall {
  /** What the call waits for outside of a tool's run. */
  waitingFor: string | undefined;
  readonly signal: AbortSignal;
  readonly client: string;
  readonly #parts: CallParts;
  readonly #stopProgress: () => void;
  #deadline: Deadline | undefined;
  /** Milliseconds that earlier runs took, before the person was asked. */
  #usedMs = 0;

  /** @param client the MCP client's name */
  constructor(parts: CallParts, request: JSONRPCRequest, signal: AbortSignal, client: string, notify: Notify) {
    this.#parts = parts;
    this.signal = signal;
    this.client = client;
    const token = request.params?._meta?.progressToken;
    this.#stopProgress = reportProgress(token, notify, () => this.waitingFor ?? this.#deadline?.waitingFor);
    signal.addEventListener("abort", this.#stopProgress, { once: true });
  }

  /** Stops the progress notifications: call it before the answer. */
  finish(): void {
    this.signal.removeEventListener("abort", this.#stopProgress);
    this.#stopProgress();
  }

  /** Logs what a person decided, so that an operator can tell how the call ended. */
  logDecision({ name }: Tool, decision: Decision): void {
    const reason = decision.isYes ? {} : { reason: decision.reason };
    this.#parts.log("info", "confirmation", { tool: name, yes: decision.isYes, ...reason });
  }

  /** Runs the tool once, in the time that the call has left. An unexpected exception becomes an InternalError. */
  async run(
    tool: Tool,
    args: object,
    confirmation?: Confirmation,
  ): Promise<{ outcome: ToolOutcome; context: ToolContext | undefined }> {
    const { log } = this.#parts;
    const startedAt = performance.now();
    let context: ToolContext | undefined;
    let outcome: ToolOutcome;
    try {
      context = await this.#parts.openContext();
      outcome = await this.#runWithin(context, tool, args, confirmation);
    } catch (thrown) {
      const error = thrown instanceof ExplainedError ? thrown : new InternalError(false, thrown);
      if (error instanceof InternalError) {
        log("error", "internal error", {
          tool: tool.name,
          error: error.cause instanceof Error ? error.cause.stack : "unknown",
        });
      }
      outcome = { content: {}, error };
    }
    const error = "error" in outcome ? outcome.error : undefined;
    log("info", "call", {
      tool: tool.name,
      ms: Math.round(performance.now() - startedAt),
      ...("question" in outcome && { asks: true }),
      ...(error && { failed: error.explanation.stage, code: error.envelope.ErrorCode }),
      ...(this.signal.aborted && { cancelled: true }),
    });
    return { outcome, context };
  }

  async #runWithin(
    context: ToolContext,
    tool: Tool,
    args: object,
    confirmation: Confirmation | undefined,
  ): Promise<ToolOutcome> {
    gate ??= import("../tools/call-tool.ts");
    const { callTool } = await gate;
    const startedAt = performance.now();
    const deadline = new Deadline(context.timeoutMs - this.#usedMs);
    const cancel = () => deadline.cancel();
    this.signal.addEventListener("abort", cancel, { once: true });
    if (this.signal.aborted) cancel();
    this.#deadline = deadline;
    try {
      return await callTool(tool, args, context, { deadline, client: this.client, confirmation });
    } finally {
      this.#deadline = undefined;
      this.#usedMs += performance.now() - startedAt;
      this.signal.removeEventListener("abort", cancel);
      deadline.release();
    }
  }
}
