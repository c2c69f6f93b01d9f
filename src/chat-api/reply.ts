import type { Command } from "../channel/commands.ts";
import type { Failure } from "./errors/failure.ts";
import type { FailedReplyKind } from "./errors/network-reasons.ts";
import type { ApiResponse } from "./http/response.ts";

/** A call to the service, and what came of it. */

export interface Request<T> {
  readonly command: Command;
  readonly body: object;
  /** The IDs that it names: they stay readable in the service's text. */
  readonly ids: readonly string[];
  /** Takes out of the answer what the caller wants, or says what is wrong with it. */
  readonly read: (response: ApiResponse) => { readonly value: T } | Failure;
}

/**
 * What came of a call, after retries:
 * - ok: a valid answer
 * - refused: the service, or a gateway in front of it, refused it
 * - noAnswer: it was sent, and no valid answer says whether it was carried out
 * - notSent: no byte of it reached the service
 */
export type Reply<T> = { readonly kind: "ok"; readonly value: T; readonly attempts: number } | FailedReply;

export interface FailedReply {
  readonly kind: FailedReplyKind;
  /** The last failure of a request that was sent; of a call that never was, the first of all. */
  readonly failure: Failure;
  readonly attempts: number;
}
