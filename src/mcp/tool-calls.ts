import {
  ErrorCode,
  type Implementation,
  type JSONRPCNotification,
  type JSONRPCRequest,
} from "@modelcontextprotocol/sdk/types.js";
import { Deadline } from "../call/deadline.ts";
import { ExplainedError } from "../call/explained-error.ts";
import type { Log } from "../log.ts";
import { InternalError } from "../tools/internal-error.ts";
import { logCall } from "../tools/log-call.ts";
import type { ToolContext, ToolOutcome } from "../tools/tool.ts";
import { reportProgress } from "./progress.ts";
import { ProtocolError } from "./protocol-error.ts";
import TOOLS from "./tools-list.json" with { type: "json" };

/** Tool calls, whatever the protocol revision: from the request to the result of the tool. */

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

export interface ServerFacts {
  readonly info: Implementation;
  readonly instructions: string;
}

export type Notify = (notification: JSONRPCNotification) => void;

/** What tools/list answers, made by the build, without the tools that are off. Then there is time to warm up. */
export function listTools({ readOnly, warmUp }: CallParts): { tools: object[] } {
  warmUp();
  return { tools: availableTools(readOnly) };
}

function availableTools(readOnly: boolean) {
  return TOOLS.filter(({ annotations }) => annotations.readOnlyHint || !readOnly);
}

/** One tools/call request while it runs: the tool that it names, its cancellation, and its progress notifications. */
export class RunningCall {
  readonly tool: string;
  readonly args: unknown;
  readonly signal: AbortSignal;
  readonly client: string;
  /** What the call waits for outside of a tool's run. */
  waitingFor: string | undefined;
  /** Stops the progress notifications: call it before the answer. */
  readonly finish: () => void;
  readonly #parts: CallParts;
  #deadline: Deadline | undefined;

  /** @throws ProtocolError for a tool that is not there */
  constructor(parts: CallParts, { params }: JSONRPCRequest, signal: AbortSignal, client: string, notify: Notify) {
    const tool = TOOLS.find(({ name }) => name === params?.name);
    if (!tool) {
      const names = availableTools(parts.readOnly).map(({ name }) => name);
      throw new ProtocolError(ErrorCode.InvalidParams, `Unknown tool. This server has ${names.join(", ")}.`);
    }
    this.tool = tool.name;
    this.args = params?.arguments ?? {};
    this.#parts = parts;
    this.signal = signal;
    this.client = client;
    const token = params?._meta?.progressToken;
    this.finish = reportProgress(token, notify, () => this.waitingFor ?? this.#deadline?.waitingFor);
  }

  /** Logs what a person decided, so that an operator can tell how the call ended. */
  logDecision(no: string | undefined): void {
    this.#parts.log("info", "confirmation", { tool: this.tool, yes: no === undefined, ...(no && { reason: no }) });
  }

  /** Runs the tool once. An unexpected exception becomes an InternalError. */
  async run(confirmed?: string): Promise<{ outcome: ToolOutcome; context: ToolContext | undefined }> {
    const { tool, args, signal, client } = this;
    const { log, openContext } = this.#parts;
    const startedAt = performance.now();
    let context: ToolContext | undefined;
    let outcome: ToolOutcome;
    try {
      context = await openContext();
      const deadline = new Deadline(context.timeoutMs);
      this.#deadline = deadline;
      signal.addEventListener("abort", () => deadline.cancel());
      if (signal.aborted) deadline.cancel();
      outcome = await context.call(tool, args, { deadline, client, confirmed });
    } catch (thrown) {
      outcome = { content: {}, error: thrown instanceof ExplainedError ? thrown : new InternalError(false, thrown) };
    } finally {
      this.#deadline?.release();
    }
    const ms = Math.round(performance.now() - startedAt);
    const details = { ms, application: context?.application, cancelled: signal.aborted || undefined };
    logCall(log, tool, args, outcome, details);
    return { outcome, context };
  }
}
