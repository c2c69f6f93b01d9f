import type * as z from "zod/v4";
import type { ExplainedError } from "../call/explained-error.ts";
import type { Command } from "../channel/commands.ts";
import type { Secrets } from "../chat-api/auth/secrets.ts";
import type { ConfirmationRequest, EditCall, EditServices } from "../edits/edit.ts";
import type { Receipt } from "../edits/receipt.ts";
import type { PolicyError } from "../guard/policy-error.ts";
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
  run(input: Input, context: ToolContext, call: ToolCall): Promise<ToolOutcome>;
}

export interface ToolCall extends EditCall {
  /** Every channel that the call named, once each, in its order. */
  readonly channelIds: readonly string[];
  /** Those of a list that are not allowed, with the reason. */
  readonly disallowed: ReadonlyMap<string, PolicyError>;
  /** What a person should know of how the arguments were read. */
  readonly warnings: readonly string[];
}

/** A call that reached its end: structured content, and the error where it is one. */
export interface FinishedCall {
  readonly content: object & { readonly receipt?: Receipt };
  readonly error?: ExplainedError | undefined;
  /** The ID of an edit in the journal. */
  readonly writeId?: string | undefined;
}

/** The result of a call; a confirmation request must be answered before the call can go on. */
export type ToolOutcome = FinishedCall | { readonly confirmationRequest: ConfirmationRequest };

/** What the tools work with, made from the settings. */
export interface ToolContext extends EditServices {
  readonly secrets: Secrets;
  /** Milliseconds that one call may take from the gate on, without a person's thinking time. */
  readonly timeoutMs: number;
  readonly isSandbox: boolean;
  readonly givenUndos: GivenUndos;
  /** Runs a tool, through the gate. @throws ExplainedError where there is only an error to report */
  call(tool: string, args: unknown, call: EditCall): Promise<ToolOutcome>;
  /** Loads what the first call needs; connects to nothing. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}
