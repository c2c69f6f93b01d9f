import { SUBSCRIBER_CUSTOM_STRING } from "../channel/fields.ts";
import type { Outcome } from "../channel/outcome.ts";
import type { Receipt } from "../channel/receipt.ts";
import type { ModifySubscriberInput } from "../channel/schemas.ts";
import { byteLength, hiddenCharacters, quote, shortValue } from "../channel/text.ts";
import { warningAboutHidden } from "../channel/warnings.ts";
import { COMMANDS } from "../chat-api/client.ts";
import { SERVER_TIMEOUT_MS } from "../chat-api/regions.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { cancelledFlag, type EditCall, type EditResult, type EditServices, notSentError } from "./edit.ts";
import { subscriberEditError } from "./edit-error.ts";
import { questionBefore } from "./question.ts";

/** An edit of one subscriber's custom field, which no tool can read: no before, no undo, no look afterwards. */

const TOOL = COMMANDS.modifySubscriber;
const FIELD = SUBSCRIBER_CUSTOM_STRING;

/**
 * Sets the custom field of one subscriber and says what became of it.
 * @throws ExplainedError where nothing was sent
 */
export async function editSubscriber(
  services: EditServices,
  input: ModifySubscriberInput,
  call: EditCall,
): Promise<EditResult> {
  const { api, policy, locks, journal, application } = services;
  const { Official_Account: channel, Subscriber_Account: subscriber, CustomString } = input;
  const { deadline } = call;
  const lock = await locks.acquire(
    JSON.stringify([channel, subscriber]),
    deadline,
    "an earlier edit of the same subscriber",
  );
  if (typeof lock === "string") throw notSentError(lock);
  try {
    if (mustConfirm(policy.rules.confirmEdits, 1)) {
      const declined = receiptOf(application, "declined", input);
      const question = questionBefore(audienceOf(input), application, declined, call.confirmation);
      if (question) return { question };
    }

    const reservation = policy.reserveWrite();
    let recordResult: ReturnType<typeof journal.begin>;
    try {
      recordResult = journal.begin({
        tool: TOOL,
        channel,
        subscriber,
        client: call.client,
        confirmed: call.confirmation !== undefined,
        changes: [{ field: FIELD.name, after: CustomString }],
      });
    } catch (error) {
      reservation.release();
      throw error;
    }

    const result = await api.modifySubscriber(channel, subscriber, CustomString, { deadline });
    if (result.kind === "notSent") {
      reservation.release();
      recordResult({ outcome: "notSent", ...cancelledFlag(deadline) });
      throw result.error;
    }
    reservation.commit();
    if (result.kind === "ambiguous") lock.holdFor(SERVER_TIMEOUT_MS);

    const outcome = result.kind === "ok" ? "accepted" : FAILED_OUTCOME[result.kind];
    const envelope = result.kind === "ok" ? result.value : result.error.envelope;
    const receipt = receiptOf(application, outcome, input);
    const code = envelope.ErrorCode || undefined;
    const warning = recordResult({ outcome, code, changes: receipt.changes, ...cancelledFlag(deadline) });
    return {
      envelope,
      receipt: warning ? { ...receipt, warnings: [...receipt.warnings, warning] } : receipt,
      error: result.kind === "ok" ? undefined : subscriberEditError(result, FAILED_OUTCOME[result.kind]),
    };
  } finally {
    lock.release();
  }
}

const FAILED_OUTCOME = { rejected: "refused", ambiguous: "unknown" } as const;

function audienceOf({ Official_Account, Subscriber_Account }: ModifySubscriberInput): string {
  return `1 subscriber (${quote(Subscriber_Account)}) of ${quote(Official_Account)}`;
}

const SAYS: Partial<Record<Outcome, string>> = {
  accepted: "the service said OK",
  refused: "refused by the service",
  declined: "not confirmed; nothing was written",
  unknown: "outcome unknown",
};

function receiptOf(application: string, outcome: Outcome, input: ModifySubscriberInput): Receipt {
  const { Official_Account, Subscriber_Account, CustomString } = input;
  const hidden = hiddenCharacters(CustomString);
  return {
    outcome,
    channel: Official_Account,
    subscriber: Subscriber_Account,
    summary: `${audienceOf(input)} (${application}): ${FIELD.name}: ${shortValue(CustomString)}; ${SAYS[outcome]}. No tool can read this value, so there is no before and no undo.`,
    changes: [
      {
        field: FIELD.name,
        after: CustomString,
        verdict: "cannotBeReadBack",
        bytes: { used: byteLength(CustomString), max: FIELD.maxBytes },
      },
    ],
    warnings: [
      ...(CustomString === "" ? ["CustomString is emptied."] : []),
      ...(hidden.length > 0 ? [warningAboutHidden(FIELD.name, hidden)] : []),
    ],
  };
}
