import type { Envelope, ExplainedError } from "../channel/explanation.ts";
import type { Receipt } from "../channel/receipt.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import { NotSentError } from "../chat-api/errors/chat-api-error.ts";
import { networkFailure } from "../chat-api/errors/failure.ts";
import type { Deadline, DeadlineEnd } from "../chat-api/retry/deadline.ts";
import type { Journal } from "../guard/journal.ts";
import type { Policy } from "../guard/policy.ts";
import type { EditLocks } from "./edit-lock.ts";
import type { RecentWrites } from "./recent-writes.ts";

/** What every edit works with, and what it comes to. */

/** The parts of the API that edits use; a test may simulate them. */
export type EditApi = Pick<
  ChatApi,
  "getChannels" | "modifyChannel" | "modifySubscriber" | "borrowConnection" | "release" | "consumeRetryBudget"
>;

export interface EditServices {
  readonly api: EditApi;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly locks: EditLocks;
  readonly recentWrites: RecentWrites;
  /** The label of the application, or its SDKAppID and region: for people who run several. */
  readonly application: string;
  /** True for a text that no output may hold. */
  readonly holdsSecret: (text: string) => boolean;
}

/** Who asks, and how much time there is. */
export interface EditCall {
  readonly deadline: Deadline;
  /** The MCP client's name. */
  readonly client: string;
  /** A person's yes to an earlier question about the same call. */
  readonly confirmation?: Confirmation | undefined;
}

/** A yes, and what it was about. */
export interface Confirmation {
  /** The values that were shown; a yes to others does not count. */
  readonly fingerprint: string;
  readonly timesAsked: number;
}

/** What a person must answer before an edit is sent. */
export interface Question extends Confirmation {
  readonly message: string;
  /** The result of the call if no yes comes. */
  readonly declined: Receipt;
}

/** An edit that reached its end: the service's envelope, the receipt, and an error where it is not as wanted. */
export interface FinishedEdit {
  readonly envelope: Envelope;
  readonly receipt: Receipt;
  readonly error?: ExplainedError | undefined;
}

export type EditResult = FinishedEdit | { readonly question: Question };

/** What the journal says of a call that its client gave up. */
export function cancelledFlag(deadline: Deadline): { readonly cancelled?: true } {
  return deadline.ended === "cancelled" ? { cancelled: true } : {};
}

/** For an edit whose time ended before it was sent. */
export function notSentError(end: DeadlineEnd, channel: string): NotSentError {
  const failure = networkFailure(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend");
  return new NotSentError(failure, { isWrite: true, channelIds: [channel], sdkAppId: 0, attempts: 0 });
}
