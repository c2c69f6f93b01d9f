import type { AnswerHead, ExplainedError } from "../channel/explanation.ts";
import type { Receipt } from "../channel/receipt.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import type { Deadline } from "../chat-api/deadline.ts";
import type { Journal } from "../guard/journal.ts";
import type { Policy } from "../guard/policy.ts";
import type { ChannelQueue } from "./channel-queue.ts";

/** What every write needs, and what it comes to. */

/** The service gives up on a request after so many milliseconds (page: RESTful API Overview): it cannot land later. */
export const LANDS_WITHIN_MS = 3_000;

/** Who asks, and how long there is. */
export interface Call {
  readonly deadline: Deadline;
  /** The MCP client's name. */
  readonly client: string;
}

/** What a write works with. */
export interface WriteHouse {
  readonly api: ChatApi;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly queue: ChannelQueue;
}

/** What a write does besides its answer. */
export interface Effects {
  /** Counts it in the budget. */
  readonly spend: () => void;
  /** Keeps the channel closed for so many milliseconds. */
  readonly hold: (ms: number) => void;
}

/** A write that reached its end: the service's own words, the receipt, and a failure where it is not as wanted. */
export interface Written {
  readonly head: AnswerHead;
  readonly receipt: Receipt;
  readonly failure?: ExplainedError | undefined;
}

/** What the journal says of a call that its client gave up. */
export function cancelledIn(deadline: Deadline): { readonly cancelled?: true } {
  return deadline.ended === "cancelled" ? { cancelled: true } : {};
}
