import type { Deadline, DeadlineEnd } from "../call/deadline.ts";
import { type Envelope, ExplainedError } from "../call/explained-error.ts";
import type { ChannelInfo } from "../channel/fields.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import { type Failure, networkFailure } from "../chat-api/errors/failure.ts";
import { envelopeOf, explanationOf, type FailedCall } from "../explanations/explain.ts";
import type { Intent, Journal } from "../guard/journal.ts";
import type { Policy } from "../guard/policy.ts";
import { plural } from "../text/text.ts";
import type { EditLocks } from "./edit-lock.ts";
import type { Judgement, SentReply } from "./outcome.ts";
import type { Receipt } from "./receipt.ts";
import type { SecretRedactor } from "./undo.ts";
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
  readonly secrets: SecretRedactor;
}

/** Who asks, and how much time there is. */
export interface EditCall {
  readonly deadline: Deadline;
  /** The MCP client's name. */
  readonly client: string;
  /** The fingerprint of the values that a person said yes to. */
  readonly confirmed?: string | undefined;
}

/** What a person must answer before an edit is sent. */
export interface ConfirmationRequest {
  readonly message: string;
  /** A hash of the values that are shown; a yes to others does not count. */
  readonly fingerprint: string;
  /** The result of the call if no yes comes. */
  readonly declined: Receipt;
}

/** An edit that reached its end: the service's envelope, the receipt, and an error where it is not as wanted. */
export interface FinishedEdit {
  readonly envelope: Envelope;
  readonly receipt: Receipt;
  readonly error?: ExplainedError | undefined;
  /** Its ID in the journal; undefined where nothing was sent. */
  readonly writeId?: string;
}

export type EditResult = FinishedEdit | { readonly confirmationRequest: ConfirmationRequest };

/** One attempt to edit a channel, and what was read after it. */
export interface Attempt extends Judgement {
  readonly reply: SentReply;
  /** Why there is no OK. */
  readonly failure: Failure | undefined;
  readonly envelope: FinishedEdit["envelope"];
  readonly attempts: number;
  /** The channel as the read that decides showed it. */
  readonly after: ChannelInfo | undefined;
  readonly conflicts: Conflicts;
  /** True if the call ended before that read. */
  readonly endedEarly: boolean;
}

/** An edit that has its place in the write budget and its intent in the journal. */
interface BegunEdit {
  /** Nothing was sent: gives the place back. */
  abort(): void;
  /** Records its result. A journal that cannot be written adds a warning to the receipt. */
  finish(edit: FinishedEdit): FinishedEdit;
}

/**
 * The last step before an edit is sent.
 * @throws PolicyError where the budget is used up or the journal cannot be written
 */
export function beginEdit(
  { policy, journal }: EditServices,
  { deadline, client, confirmed }: EditCall,
  intent: Omit<Intent, "client" | "confirmed">,
): BegunEdit {
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
    abort() {
      giveBack();
      entry.end({ outcome: "notSent", ...cancelled() });
    },
    finish({ envelope, receipt, error }) {
      const { outcome, changes, undo, warnings } = receipt;
      const code = envelope.ErrorCode || undefined;
      const warning = entry.end({ outcome, code, changes, undo, warnings, ...cancelled() });
      const withWarning = warning ? { ...receipt, warnings: [...warnings, warning] } : receipt;
      return { envelope, receipt: withWarning, error, writeId: entry.writeId };
    },
  };
}

/** For an edit that was never sent. */
export function notSentError(failure: Failure, call: FailedCall): ExplainedError {
  const explanation = explanationOf(failure, call);
  const cause = `${explanation.cause} No edit was sent.`;
  return new ExplainedError({ ...explanation, cause, attempts: 0 }, envelopeOf(failure));
}

/** For an edit whose time ended while it waited for earlier ones. */
export function lockTimeoutError(ended: DeadlineEnd, ahead: number, call: FailedCall): ExplainedError {
  if (ended === "cancelled") return notSentError(networkFailure("cancelledBeforeSending"), call);
  if (ahead === 0) return notSentError(networkFailure("noTimeToSend"), call);
  const detail = `${plural(ahead, "earlier edit")} of the same channel or subscriber came first; edits run one at a time, a few seconds each`;
  return notSentError(networkFailure("noTimeToSend", detail), call);
}
