import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  ErrorCode,
  type Implementation,
  type JSONRPCRequest,
  type ProgressToken,
  type ServerNotification,
  type ServerRequest,
} from "@modelcontextprotocol/sdk/types.js";
import { Deadline } from "../call/deadline.ts";
import { ExplainedError, InternalError } from "../call/explained-error.ts";
import type { CallResult } from "../edits/edit.ts";
import type { Log } from "../log.ts";
import { logCall } from "../tools/log-call.ts";
import type { ToolContext } from "../tools/tool.ts";
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
  /** Aborted when the session ends: questions to a person end with it. */
  readonly shutdownSignal: AbortSignal;
  readonly log: Log;
}

export interface ServerFacts {
  readonly info: Implementation;
  readonly instructions: string;
}

/** What the SDK gives with each request: its cancellation, and ways to send something before its answer. */
export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

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
  /** What the call waits for outside of a tool's run. */
  waitingFor: string | undefined;
  /** Stops the progress notifications: call it before the answer. */
  readonly finish: () => void;
  readonly #parts: CallParts;
  readonly #signal: AbortSignal;
  readonly #client: string;
  #deadline: Deadline | undefined;

  /** @throws ProtocolError for a tool that is not there */
  constructor(parts: CallParts, { params }: JSONRPCRequest, extra: Extra, client: string) {
    const tool = TOOLS.find(({ name }) => name === params?.name);
    if (!tool) {
      const names = availableTools(parts.readOnly).map(({ name }) => name);
      throw new ProtocolError(ErrorCode.InvalidParams, `Unknown tool. This server has ${names.join(", ")}.`);
    }
    this.tool = tool.name;
    this.args = params?.arguments ?? {};
    this.#parts = parts;
    this.#signal = extra.signal;
    this.#client = client;
    this.finish = reportProgress(
      params?._meta?.progressToken,
      extra,
      () => this.waitingFor ?? this.#deadline?.waitingFor,
    );
  }

  /** Logs what a person decided, so that an operator can tell how the call ended. */
  logDecision(no: string | undefined): void {
    this.#parts.log("info", "confirmation", { tool: this.tool, yes: no === undefined, ...(no && { reason: no }) });
  }

  /** Runs the tool once. An unexpected exception becomes an InternalError. */
  async run(confirmed?: string): Promise<{ result: CallResult; context: ToolContext | undefined }> {
    const { log, openContext } = this.#parts;
    const signal = this.#signal;
    const startedAt = performance.now();
    let context: ToolContext | undefined;
    let result: CallResult;
    try {
      context = await openContext();
      const deadline = new Deadline(context.timeoutMs);
      this.#deadline = deadline;
      signal.addEventListener("abort", () => deadline.cancel());
      if (signal.aborted) deadline.cancel();
      result = await context.call(this.tool, this.args, { deadline, client: this.#client, confirmed });
    } catch (thrown) {
      result = { content: {}, error: thrown instanceof ExplainedError ? thrown : new InternalError(false, thrown) };
    } finally {
      this.#deadline?.release();
    }
    const ms = Math.round(performance.now() - startedAt);
    const details = { ms, application: context?.application, cancelled: signal.aborted || undefined };
    logCall(log, this.tool, this.args, result, details);
    return { result, context };
  }
}

const INTERVAL_MS = 5_000;

/**
 * Reports what a call waits for, with the caller's token only. Returns a function that stops it: call it before the
 * answer, for none may follow that.
 * @param waitingFor what the call waits for now, or undefined
 */
export function reportProgress(
  progressToken: ProgressToken | undefined,
  { sendNotification }: Pick<Extra, "sendNotification">,
  waitingFor: () => string | undefined,
): () => void {
  if (progressToken === undefined) return () => {};
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const what = waitingFor();
    if (what === undefined) return;
    const progress = Math.round((performance.now() - startedAt) / 1000);
    const message = `Waiting for ${what}.`;
    sendNotification({ method: "notifications/progress", params: { progressToken, progress, message } }).catch(
      () => {},
    );
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
