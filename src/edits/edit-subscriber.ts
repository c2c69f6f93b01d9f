import { COMMANDS } from "../channel/commands.ts";
import type { SubscriberValues } from "../chat-api/chat-api.ts";
import { SERVER_TIMEOUT_MS } from "../chat-api/limits.ts";
import { envelopeOf, explain, explanationOf, type FailedCall } from "../explanations/explain.ts";
import { mustConfirm } from "../guard/policy.ts";
import { quote } from "../text/text.ts";
import { confirmationRequestFor } from "./confirmation-request.ts";
import { beginEdit, type CallResult, type EditCall, type EditServices } from "./edit.ts";
import { subscriberEditError } from "./edit-error.ts";
import { mayHaveChanged, type Outcome } from "./outcome.ts";
import { listChanges, type Receipt, summarize } from "./receipt.ts";
import { textWarnings } from "./warnings.ts";

/** An edit of one subscriber's custom field, which no tool can read: no before, no undo, nothing read back. */

/**
 * Sets the custom field of one subscriber and says what became of it.
 * @throws ExplainedError where nothing was sent
 */
export async function editSubscriber(
  services: EditServices,
  values: SubscriberValues,
  call: EditCall,
): Promise<CallResult> {
  const { api, policy, locks, sdkAppId, application } = services;
  const { Official_Account: channel, Subscriber_Account: subscriber, CustomString } = values;
  const { deadline, warnings = [] } = call;
  const audience = `Subscriber ${quote(subscriber)} of ${quote(channel)}`;
  const changes = listChanges({ CustomString });
  const receiptOf = (outcome: Outcome): Receipt => {
    const unverified = ". No tool can read this value, so there is no undo.";
    const summary = summarize(audience, application, outcome, changes) + (mayHaveChanged(outcome) ? unverified : "");
    const all = [...warnings, ...textWarnings("CustomString", CustomString)];
    return { outcome, channel, subscriber, summary, changes, warnings: all };
  };
  const failedCall: FailedCall = { sdkAppId, channelIds: [channel], subscriber, attempts: 0 };
  const lock = await locks.acquire(JSON.stringify([channel, subscriber]), "subscriber", deadline, failedCall);
  try {
    if (mustConfirm(policy.rules.confirmEdits, 1)) {
      const request = confirmationRequestFor(audience, services, receiptOf("declined"), call.confirmed);
      if (request) return { confirmationRequest: request };
    }

    const begun = beginEdit(services, call, { tool: COMMANDS.modifySubscriber, channel, subscriber, changes });
    const reply = await api.modifySubscriber(values, deadline);
    if (reply.kind === "notSent") {
      begun.abort();
      throw explain(reply.failure, failedCall, "No edit was sent.");
    }
    // An attempt without a valid answer can take effect later than the one that follows it.
    if (reply.kind === "noAnswer" || reply.attempts > 1) lock.holdUntil(performance.now() + SERVER_TIMEOUT_MS);
    if (reply.kind === "ok") return begun.finish(reply.value, receiptOf("accepted"));
    const outcome = reply.kind === "refused" ? "refused" : "unknown";
    const envelope = envelopeOf(reply.failure);
    const explanation = explanationOf(reply.failure, { ...failedCall, attempts: reply.attempts });
    return begun.finish(envelope, receiptOf(outcome), subscriberEditError(outcome, explanation, envelope));
  } finally {
    lock.release();
  }
}
