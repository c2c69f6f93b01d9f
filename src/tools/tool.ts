import type * as z from "zod/v4";
import type { ExplainedError } from "../channel/explanation.ts";
import { checkInput } from "../channel/input.ts";
import type { Command } from "../chat-api/sender.ts";
import type { Call, WriteHouse } from "../writes/write.ts";

/** What a tool is: a declaration that can be listed, documented and typed without a server, and a run. */

interface Declaration {
  /** The endpoint's own name. */
  readonly name: Command;
  readonly title: string;
  readonly description: string;
  /** True if it changes something at the service. */
  readonly writes: boolean;
  readonly output: z.ZodType;
}

/** A tool as its file writes it: its run gets arguments that were checked. */
interface ToolFile<Input> extends Declaration {
  readonly input: z.ZodType<Input>;
  /** What is wrong with the arguments as a whole, each fault a sentence. */
  alsoFaulty?(args: object): string[];
  run(input: Input, house: House, call: Call): Promise<Told>;
}

/** A tool as the server calls it. */
export interface Tool extends Declaration {
  readonly input: z.ZodType;
  /** @throws InputRefusal naming every fault, and any ExplainedError where there is only the failure to tell */
  run(args: object, house: House, call: Call): Promise<Told>;
}

/** What a tool tells: the structured part, and the failure where it is one. */
export interface Told {
  readonly content: object;
  readonly failure?: ExplainedError | undefined;
}

/** What the tools work with, made from the settings. */
export interface House extends WriteHouse {
  /** Milliseconds that one call may take, everything included. */
  readonly timeoutMs: number;
  /** True if the service is the embedded one. */
  readonly isSandbox: boolean;
  /** Takes secrets out of a text that is about to be told. */
  scrub(text: string): string;
  /** Loads what the first request needs, without sending anything. */
  warmUp(): Promise<unknown>;
  close(): Promise<void>;
}

/** Puts the check of the arguments before the run of a tool's file. */
export function makeTool<Input>(file: ToolFile<Input>): Tool {
  return {
    ...file,
    run: async (args, house, call) => file.run(checkInput(file.input, args, file.alsoFaulty), house, call),
  };
}
