import type { Deadline } from "../call/deadline.ts";
import type { Envelope, ExplainedError } from "../call/explained-error.ts";
import type { ChannelInfo } from "../channel/fields.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import type { Failure } from "../chat-api/errors/failure.ts";
import type { Intent, Journal } from "../guard/journal.ts";
import type { Policy } from "../guard/policy.ts";
import type { EditLocks } from "./edit-lock.ts";
import type { Judgement, SentReply } from "./outcome.ts";
import type { Receipt } from "./receipt.ts";
import type { Conflicts } from "./warnings.ts";

/** What every edit works with, and its result. */

export interface EditServices {
  readonly api: Pick<ChatApi, "getChannel" | "getChannels" | "modifyChannel" | "modifySubscriber">;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly locks: EditLocks;
  readonly sdkAppId: number;
  /** The label of the application, or its SDKAppID and region: for people who run several. */
  readonly application: string;
}

/** Who asks, and how much time there is. */
export interface EditCall {
  readonly deadline: Deadline;
  readonly client: string;
  /** The fingerprint of the values that a person said yes to. */
  readonly confirmed?: string | undefined;
  /** What a person should know of how the arguments were read. */
  readonly warnings?: readonly string[];
}

export interface ConfirmationRequest {
  readonly message: string;
  /** A hash of the values that are shown; a yes to others does not count. */
  readonly fingerprint: string;
  readonly declined: Receipt;
}

/** A call that reached its end: its structured content, and an error where it did not end as wanted. */
export interface FinishedCall {
  readonly content: Envelope & { readonly OfficialAccountInfoList?: readonly object[]; readonly receipt?: Receipt };
  readonly error?: ExplainedError | undefined;
  /** The ID of an edit in the journal; undefined where nothing was sent. */
  readonly writeId?: string | undefined;
}

/** The result of a call; a confirmation request must be answered before the call can go on. */
export type CallResult = FinishedCall | { readonly confirmationRequest: ConfirmationRequest };

/** One attempt to edit a channel, and what was read after it. */
export interface Attempt extends Judgement {
  readonly reply: SentReply;
  readonly failure: Failure | undefined;
  readonly envelope: Envelope;
  readonly attempts: number;
  /** The channel as the read that decides showed it. */
  readonly after: ChannelInfo | undefined;
  readonly conflicts: Conflicts;
}

/**
 * The last step before an edit is sent: takes its place in the write budget, and records its intent in the journal.
 * @throws PolicyError where the budget is used up or the journal cannot be written
 */
export function beginEdit(
  { policy, journal }: EditServices,
  { deadline, client, confirmed }: EditCall,
  intent: Omit<Intent, "client" | "confirmed">,
) {
  const giveBack = policy.reserveWrite();
  let entry: ReturnType<typeof journal.begin>;
  try {
    entry = journal.begin({ ...intent, client, confirmed: confirmed !== undefined });
  } catch (error) {
    giveBack();
    throw error;
  }
  const cancelled = () => (deadline.ended === "cancelled" ? { cancelled: true as const } : {});
  return {
    /** Nothing was sent: gives the place back. */
    abort() {
      giveBack();
      entry.end({ outcome: "notSent", ...cancelled() });
    },
    /** Records its result. A journal that cannot be written adds a warning to the receipt. */
    finish(envelope: Envelope, receipt: Receipt, error?: ExplainedError): FinishedCall {
      const { outcome, changes, undo, warnings } = receipt;
      const code = envelope.ErrorCode || undefined;
      const warning = entry.end({ outcome, code, changes, undo, warnings, ...cancelled() });
      const withWarning = warning ? { ...receipt, warnings: [...warnings, warning] } : receipt;
      return { content: { ...envelope, receipt: withWarning }, error, writeId: entry.writeId };
    },
  };
}
