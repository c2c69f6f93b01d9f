import { InternalError } from "../call/explained-error.ts";
import type { CallResult } from "../edits/edit.ts";
import type { Log } from "../log.ts";

/**
 * One line of the log for each call: IDs and numbers, no values. An outcome that is not known is a warning. A bug has a
 * line of its own, with its stack.
 */
export function logCall(
  log: Log,
  tool: string,
  args: unknown,
  result: CallResult,
  details: Readonly<Record<string, unknown>>,
): void {
  const { Official_Account: channel, Subscriber_Account: subscriber } = args as Readonly<Record<string, unknown>>;
  const ids = { channel: idOf(channel), subscriber: idOf(subscriber) };
  if ("confirmationRequest" in result) {
    log("info", "call", { tool, ...ids, asks: true, ...details });
    return;
  }
  const { content, error, writeId } = result;
  const receipt = content.receipt;
  if (error instanceof InternalError) log("error", "internal error", { tool, error: error.cause });
  const isUnknown = receipt?.outcome === "unknown" || error?.explanation.stage === "internal";
  log(isUnknown ? "warn" : "info", "call", {
    tool,
    ...ids,
    outcome: receipt?.outcome,
    failed: error?.explanation.stage,
    code: error?.envelope.ErrorCode,
    attempts: error?.explanation.attempts,
    writeId,
    ...details,
  });
}

/** Longer texts are no IDs. */
function idOf(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= 200 ? value : undefined;
}
