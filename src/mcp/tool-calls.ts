import type { Implementation, JSONRPCNotification, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { Deadline } from "../call/deadline.ts";
import { ExplainedError } from "../call/explained-error.ts";
import type { Log } from "../log.ts";
import { isRecord } from "../text/json.ts";
import { InternalError } from "../tools/internal-error.ts";
import { logCall } from "../tools/log-call.ts";
import type { ToolContext, ToolOutcome } from "../tools/tool.ts";
import type { Decision } from "./confirm.ts";
import { reportProgress } from "./progress.ts";
import { INVALID_PARAMS, ProtocolError } from "./protocol-error.ts";
import TOOLS from "./tools-list.json" with { type: "json" };

/** Tool calls, whatever the protocol revision: from the request to the result of the tool. */

/** What both revisions work with. */
export interface CallParts {
  /** True if the modify tools are neither listed nor run. */
  readonly readOnly: boolean;
  /** Called at each tool call; opens once. Throws an ExplainedError where the settings do not allow any. */
  readonly openContext: () => Promise<ToolContext>;
  /** Called when the tools were listed: the first call should not pay for loading. */
  readonly warmUp: () => void;
  /** Aborted when the input ends: questions to a person end with it. */
  readonly shutdownSignal: AbortSignal;
  readonly log: Log;
}

/** What both revisions tell of this server. */
export interface ServerFacts {
  readonly info: Implementation;
  readonly instructions: string;
}

/** Sends a notification to the client. */
export type Notify = (notification: JSONRPCNotification) => void;

/** What tools/list answers, made by `npm run docs`, without the tools that are off. Then there is time to warm up. */
export function listTools({ readOnly, warmUp }: CallParts): { tools: object[] } {
  warmUp();
  return { tools: availableTools(readOnly) };
}

function availableTools(readOnly: boolean) {
  return TOOLS.filter(({ annotations }) => annotations.readOnlyHint || !readOnly);
}

/** The tool that a request names, and its arguments. @throws ProtocolError for a malformed request */
export function readToolCall({ params }: JSONRPCRequest, readOnly: boolean): { tool: string; args: object } {
  const tool = TOOLS.find(({ name }) => name === params?.name);
  if (!tool) {
    const names = availableTools(readOnly).map(({ name }) => name);
    throw new ProtocolError(INVALID_PARAMS, `Unknown tool. This server has ${names.join(", ")}.`);
  }
  const args = unwrapped(params?.arguments);
  if (!isRecord(args)) throw new ProtocolError(INVALID_PARAMS, "The arguments of a tool call must be an object.");
  return { tool: tool.name, args };
}

/** Some hosts send the arguments as JSON text, even twice over, and none as "" or []. */
function unwrapped(args: unknown): unknown {
  if (args === undefined || args === null || args === "" || (Array.isArray(args) && args.length === 0)) return {};
  if (typeof args !== "string") return args;
  try {
    return unwrapped(JSON.parse(args));
  } catch {
    return args;
  }
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
  logDecision(tool: string, decision: Decision): void {
    const reason = decision.isYes ? {} : { reason: decision.reason };
    this.#parts.log("info", "confirmation", { tool, yes: decision.isYes, ...reason });
  }

  /** Runs the tool once, in the time that the call has left. An unexpected exception becomes an InternalError. */
  async run(
    tool: string,
    args: object,
    confirmed?: string,
  ): Promise<{ outcome: ToolOutcome; context: ToolContext | undefined }> {
    const startedAt = performance.now();
    let context: ToolContext | undefined;
    let outcome: ToolOutcome;
    try {
      context = await this.#parts.openContext();
      outcome = await this.#runWithin(context, tool, args, confirmed);
    } catch (thrown) {
      outcome = { content: {}, error: thrown instanceof ExplainedError ? thrown : new InternalError(false, thrown) };
    }
    const ms = Math.round(performance.now() - startedAt);
    const details = { ms, application: context?.application, ...(this.signal.aborted && { cancelled: true }) };
    logCall(this.#parts.log, tool, args, outcome, details);
    return { outcome, context };
  }

  async #runWithin(
    context: ToolContext,
    tool: string,
    args: object,
    confirmed: string | undefined,
  ): Promise<ToolOutcome> {
    const startedAt = performance.now();
    const deadline = new Deadline(context.timeoutMs - this.#usedMs);
    const cancel = () => deadline.cancel();
    this.signal.addEventListener("abort", cancel, { once: true });
    if (this.signal.aborted) cancel();
    this.#deadline = deadline;
    try {
      return await context.call(tool, args, { deadline, client: this.client, confirmed });
    } finally {
      this.#deadline = undefined;
      this.#usedMs += performance.now() - startedAt;
      this.signal.removeEventListener("abort", cancel);
      deadline.release();
    }
  }
}
