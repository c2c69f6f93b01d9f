import { COMMANDS } from "../channel/commands.ts";
import { SUBSCRIBER_CUSTOM_STRING } from "../channel/fields.ts";
import type { SubscriberValues } from "../chat-api/chat-api.ts";
import { SERVER_TIMEOUT_MS } from "../chat-api/limits.ts";
import { envelopeOf, explanationOf, type FailedCall } from "../explanations/explain.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { byteLength, quote, shortValue } from "../text/text.ts";
import { confirmationRequestFor } from "./confirmation-request.ts";
import {
  beginEdit,
  type EditCall,
  type EditResult,
  type EditServices,
  lockTimeoutError,
  notSentError,
} from "./edit.ts";
import { subscriberEditError } from "./edit-error.ts";
import { mayHaveChanged, OUTCOMES, type Outcome } from "./outcome.ts";
import type { Change, Receipt } from "./receipt.ts";
import { hiddenTextWarnings } from "./warnings.ts";

/** An edit of one subscriber's custom field, which no tool can read: no before, no undo, nothing read back. */

const FIELD = SUBSCRIBER_CUSTOM_STRING;

/**
 * Sets the custom field of one subscriber and says what became of it.
 * @throws ExplainedError where nothing was sent
 */
export async function editSubscriber(
  services: EditServices,
  values: SubscriberValues,
  call: EditCall,
): Promise<EditResult> {
  const { api, policy, locks, sdkAppId, application } = services;
  const { Official_Account: channel, Subscriber_Account: subscriber, CustomString } = values;
  const { deadline } = call;
  const failedCall: FailedCall = { sdkAppId, channelIds: [channel], subscriber, attempts: 0 };
  const lock = await locks.acquire(
    JSON.stringify([channel, subscriber]),
    deadline,
    "an earlier edit of the same subscriber",
  );
  if ("ended" in lock) throw lockTimeoutError(lock.ended, lock.ahead, failedCall);
  try {
    if (mustConfirm(policy.rules.confirmEdits, 1)) {
      const declined = receiptOf(application, "declined", values);
      const request = confirmationRequestFor(audienceOf(values), services, declined, call.confirmed);
      if (request) return { confirmationRequest: request };
    }

    const changes = [{ field: FIELD.name, after: CustomString }];
    const begun = beginEdit(services, call, { tool: COMMANDS.modifySubscriber, channel, subscriber, changes });
    const reply = await api.modifySubscriber(values, deadline);
    if (reply.kind === "notSent") {
      begun.abort();
      throw notSentError(reply.failure, failedCall);
    }
    // An attempt without a valid answer can take effect later than the one that follows it.
    if (reply.kind === "noAnswer" || reply.attempts > 1) lock.holdUntil(performance.now() + SERVER_TIMEOUT_MS);
    if (reply.kind === "ok") {
      return begun.finish({ envelope: reply.value, receipt: receiptOf(application, "accepted", values) });
    }
    const outcome = reply.kind === "refused" ? "refused" : "unknown";
    const envelope = envelopeOf(reply.failure);
    const explanation = explanationOf(reply.failure, { ...failedCall, attempts: reply.attempts });
    const error = subscriberEditError(outcome, explanation, envelope);
    return begun.finish({ envelope, receipt: receiptOf(application, outcome, values), error });
  } finally {
    lock.release();
  }
}

function audienceOf({ Official_Account, Subscriber_Account }: SubscriberValues): string {
  return `Subscriber ${quote(Subscriber_Account)} of ${quote(Official_Account)}`;
}

function receiptOf(application: string, outcome: Outcome, values: SubscriberValues): Receipt {
  const { Official_Account, Subscriber_Account, CustomString } = values;
  const bytes = { used: byteLength(CustomString), max: FIELD.maxBytes };
  const changes: Change[] = [{ field: FIELD.name, after: CustomString, verdict: "notRead", bytes }];
  const unverified = mayHaveChanged(outcome)
    ? ". No tool can read this value, so it was not verified and there is no undo."
    : "";
  return {
    outcome,
    channel: Official_Account,
    subscriber: Subscriber_Account,
    summary: `${audienceOf(values)} (${application}): ${OUTCOMES[outcome].lead}${FIELD.name}: ${shortValue(CustomString)}${unverified}`,
    changes,
    warnings: hiddenTextWarnings(FIELD.name, CustomString),
  };
}
