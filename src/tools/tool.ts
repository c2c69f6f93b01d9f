import type * as z from "zod/v4";
import type { Command } from "../channel/commands.ts";
import type { Secrets } from "../chat-api/auth/secrets.ts";
import type { CallResult, EditCall, EditServices } from "../edits/edit.ts";
import type { PolicyError } from "../guard/policy.ts";
import type { GivenUndos } from "./given-undos.ts";

/** What a tool is: a declaration that can be listed, documented and typed without a server, and a run. */
export interface Tool<Input extends object = object> {
  readonly name: Command;
  readonly title: string;
  readonly description: string;
  readonly isWrite: boolean;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType;
  /**
   * Runs with arguments that passed the gate.
   * @throws ExplainedError where there is only an error to report
   */
  run(input: Input, context: ToolContext, call: ToolCall): Promise<CallResult>;
}

export interface ToolCall extends EditCall {
  /** Every channel that the call named, once each, in its order. */
  readonly channelIds: readonly string[];
  /** Those of a list that are not allowed, with the reason. */
  readonly disallowed: ReadonlyMap<string, PolicyError>;
  /** What a person should know of how the arguments were read. */
  readonly warnings: readonly string[];
}

/** What the tools work with, made from the settings. */
export interface ToolContext extends EditServices {
  readonly secrets: Secrets;
  /** Milliseconds that one call may take from the gate on, without a person's thinking time. */
  readonly timeoutMs: number;
  readonly isSandbox: boolean;
  readonly givenUndos: GivenUndos;
  /** Runs a tool, through the gate. @throws ExplainedError where there is only an error to report */
  call(tool: string, args: unknown, call: EditCall): Promise<CallResult>;
  /** Loads what the first call needs; connects to nothing. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}
