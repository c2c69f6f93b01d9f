import type { Envelope, ExplainedError } from "../channel/explanation.ts";
import type { Receipt, SecretRedactor } from "../channel/receipt.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import { NotSentError } from "../chat-api/errors/chat-api-error.ts";
import { networkReason } from "../chat-api/errors/network-reasons.ts";
import type { Deadline, DeadlineEnd } from "../chat-api/retry/deadline.ts";
import type { Intent, Journal } from "../guard/journal.ts";
import type { Policy } from "../guard/policy.ts";
import type { EditLocks } from "./edit-lock.ts";
import type { RecentWrites } from "./recent-writes.ts";

/** What every edit works with, and its result. */

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
  readonly secrets: SecretRedactor;
}

/** Who asks, and how much time there is. */
export interface EditCall {
  readonly deadline: Deadline;
  /** The MCP client's name. */
  readonly client: string;
  /** A person's yes to an earlier question about the same call. */
  readonly confirmation?: Confirmation | undefined;
}

/** A person's yes, and the question that it answers. */
export interface Confirmation {
  readonly answered: Pick<Question, "fingerprint" | "timesAsked">;
}

/** What a person must answer before an edit is sent. */
export interface Question {
  readonly message: string;
  /** A hash of the values that are shown; a yes to others does not count. */
  readonly fingerprint: string;
  readonly timesAsked: number;
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

/** An edit that has its place in the write budget and its intent in the journal. */
interface BegunEdit {
  /** Nothing was sent: gives the place back. */
  abort(): void;
  /** It was sent: the hour of the budget counts from here. */
  commit(): void;
  /** Records its result. A journal that cannot be written adds a warning to the receipt. */
  finish(edit: FinishedEdit): FinishedEdit;
}

/**
 * The last step before an edit is sent.
 * @throws PolicyError where the budget is used up or the journal cannot be written
 */
export function beginEdit(
  { policy, journal }: EditServices,
  { deadline, client, confirmation }: EditCall,
  intent: Omit<Intent, "client" | "confirmed">,
): BegunEdit {
  const reservation = policy.reserveWrite();
  let recordResult: ReturnType<typeof journal.begin>;
  try {
    recordResult = journal.begin({ ...intent, client, confirmed: confirmation !== undefined });
  } catch (error) {
    reservation.release();
    throw error;
  }
  const cancelled = () => (deadline.ended === "cancelled" ? { cancelled: true as const } : {});
  return {
    commit: reservation.commit,
    abort() {
      reservation.release();
      recordResult({ outcome: "notSent", ...cancelled() });
    },
    finish({ envelope, receipt, error }) {
      const { outcome, changes, undo, warnings } = receipt;
      const warning = recordResult({
        outcome,
        code: envelope.ErrorCode || undefined,
        changes,
        undo,
        warnings,
        ...cancelled(),
      });
      return { envelope, receipt: warning ? { ...receipt, warnings: [...warnings, warning] } : receipt, error };
    },
  };
}

/** For an edit whose time ended before it was sent. */
export function notSentError(end: DeadlineEnd): ExplainedError {
  const reason = networkReason(end === "cancelled" ? "cancelledBeforeSending" : "noTimeToSend");
  return new NotSentError({
    stage: "network",
    cause: `${reason.cause}. No edit was sent.`,
    fixedBy: reason.fixedBy,
    nextStep: reason.nextStep,
    safeToResend: true,
    attempts: 0,
  });
}

/** For an edit whose channel could not be read before it. */
export function unreadableError({ explanation, envelope }: ExplainedError): ExplainedError {
  const cause =
    explanation.stage === "service"
      ? `${explanation.cause} No edit was sent.`
      : `The read before the edit failed, so no edit was sent. ${explanation.cause}`;
  return new NotSentError({ ...explanation, cause, attempts: 0 }, envelope);
}
