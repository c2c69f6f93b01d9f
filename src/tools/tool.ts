import type * as z from "zod/v4";
import type { ExplainedError } from "../channel/explanation.ts";
import type { Secrets } from "../chat-api/auth/secrets.ts";
import type { Command } from "../chat-api/request.ts";
import type { EditCall, EditResult, EditServices, Question } from "../edits/edit.ts";
import type { PolicyError } from "../guard/policy-error.ts";

/** What a tool is: a declaration that can be listed, documented and typed without a server, and a run. */
export interface Tool<Input extends object = object> {
  /** The endpoint's own name. */
  readonly name: Command;
  readonly title: string;
  readonly description: string;
  /** True if it changes something at the service. */
  readonly isWrite: boolean;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType;
  /**
   * The argument that names channels. The gate checks it before the tool runs: a single channel that is not allowed
   * fails the call, one in a list is taken out of the input and given to the tool as `call.disallowed`.
   */
  readonly channelArgument: "Official_Account" | "OfficialAccountIdList";
  /** Problems of the arguments as a whole, each a sentence. */
  validateWhole?(args: object): string[];
  /**
   * Runs with arguments that passed the gate.
   * @throws ExplainedError where there is only an error to report
   */
  run(input: Input, context: ToolContext, call: ToolCall): Promise<ToolOutcome>;
}

export interface ToolCall extends EditCall {
  /** Every channel that the call named, once each, in its order. */
  readonly channelIds: readonly string[];
  /** Those of a list that are not allowed, with the reason. */
  readonly disallowed: ReadonlyMap<string, PolicyError>;
}

/** A call that reached its end: structured content, and the error where it is one. */
export interface FinishedCall {
  readonly content: object;
  readonly error?: ExplainedError | undefined;
}

/** The result of a call; a question must be answered before the call can go on. */
export type ToolOutcome = FinishedCall | { readonly question: Question };

/** The outcome of a tool that edits: the receipt beside the service's envelope. */
export function toToolOutcome(result: EditResult): ToolOutcome {
  if ("question" in result) return result;
  const { envelope, receipt, error } = result;
  return { content: { ...envelope, receipt }, error };
}

/** What the tools work with, made from the settings. */
export interface ToolContext extends EditServices {
  readonly secrets: Secrets;
  /** Milliseconds that one call may take from the gate on, without a person's thinking time. */
  readonly timeoutMs: number;
  /** True if the service is the embedded one. */
  readonly isSandbox: boolean;
  close(): Promise<void>;
}
