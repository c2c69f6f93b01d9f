import type { ExplainedError } from "../channel/explanation.ts";
import { type RequestContext, toError, whatHappened } from "./errors/chat-api-error.ts";
import { type Failure, isOutcomeUnknown, isTransient, type NetworkFailure, wasSent } from "./errors/failure.ts";
import type { ApiResponse } from "./http/response.ts";

/** A call to the service and its result, as values. */

/** The three commands; also the names of the tools. */
export const COMMANDS = {
  get: "get_official_account_info",
  modifyChannel: "modify_official_account_base_info",
  modifySubscriber: "modify_subscriber_info",
} as const;
export type Command = (typeof COMMANDS)[keyof typeof COMMANDS];

/** One request as its caller means it. */
export interface Request<T> {
  readonly command: Command;
  readonly body: object;
  readonly isWrite: boolean;
  readonly channelIds: readonly string[];
  readonly subscriber?: string;
  /** Takes what the answer should hold out of it, or says what is missing. */
  readonly read: (response: ApiResponse, attempts: number) => { readonly value: T } | NetworkFailure;
}

/**
 * The result of a call, after retries:
 * - ok: a valid answer
 * - refused: the service, or a gateway before it, refused it
 * - notSent: no byte of it reached the service
 * - ambiguous: it was sent, and whether it was carried out is not known
 */
export type SendResult<T> =
  | { readonly kind: "ok"; readonly value: T; readonly attempts: number }
  | FailedSend<"refused">
  | FailedSend<"notSent">
  | FailedSend<"ambiguous">;

type FailedKind = "refused" | "notSent" | "ambiguous";

export interface FailedSend<Kind extends FailedKind = FailedKind> {
  readonly kind: Kind;
  /** What happened, in a sentence, without what became of a write. */
  readonly happened: string;
  readonly error: ExplainedError;
  readonly attempts: number;
  /** True after no valid answer and after a transient code: a channel's edit may be sent once more, after a look. */
  readonly isTransient: boolean;
}

/** The result of a call that ended in this failure. */
export function toFailedSend(
  failure: Failure,
  context: RequestContext,
): FailedSend<"refused"> | FailedSend<"notSent"> | FailedSend<"ambiguous"> {
  const sentKind = isOutcomeUnknown(failure) ? "ambiguous" : "refused";
  return {
    kind: wasSent(failure) ? sentKind : "notSent",
    happened: whatHappened(failure, context),
    error: toError(failure, context),
    attempts: context.attempts,
    isTransient: isTransient(failure),
  };
}
