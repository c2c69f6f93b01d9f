import { SUBSCRIBER_CUSTOM_STRING } from "../channel/fields.ts";
import type { Outcome } from "../channel/outcome.ts";
import type { Receipt } from "../channel/receipt.ts";
import type { ModifySubscriberInput } from "../channel/schemas.ts";
import { byteLength, hiddenCharacters, quote, shortValue } from "../channel/text.ts";
import { hiddenTextWarning } from "../channel/warnings.ts";
import { SERVER_TIMEOUT_MS } from "../chat-api/limits.ts";
import { COMMANDS } from "../chat-api/request.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { beginEdit, type EditCall, type EditResult, type EditServices, notSentError } from "./edit.ts";
import { subscriberEditError } from "./edit-error.ts";
import { pendingQuestion } from "./question.ts";

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
  const { api, policy, locks, application } = services;
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
      const question = pendingQuestion(audienceOf(input), application, declined, call.confirmation);
      if (question) return { question };
    }

    const begun = beginEdit(services, call, {
      tool: TOOL,
      channel,
      subscriber,
      changes: [{ field: FIELD.name, after: CustomString }],
    });
    const result = await api.modifySubscriber(input, { deadline });
    if (result.kind === "notSent") {
      begun.abort();
      throw result.error;
    }
    begun.commit();
    if (result.kind === "ambiguous") lock.keepLockedFor(SERVER_TIMEOUT_MS);

    if (result.kind === "ok") {
      return begun.finish({ envelope: result.value, receipt: receiptOf(application, "accepted", input) });
    }
    const outcome = FAILED_OUTCOME[result.kind];
    const receipt = receiptOf(application, outcome, input);
    return begun.finish({ envelope: result.error.envelope, receipt, error: subscriberEditError(result, outcome) });
  } finally {
    lock.release();
  }
}

const FAILED_OUTCOME = { refused: "refused", ambiguous: "unknown" } as const;

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
      ...(hidden.length > 0 ? [hiddenTextWarning(FIELD.name, hidden)] : []),
    ],
  };
}
