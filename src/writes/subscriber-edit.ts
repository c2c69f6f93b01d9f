import { SUBSCRIBER_CUSTOM_STRING } from "../channel/fields.ts";
import { type Outcome, type Receipt, warningAboutHidden } from "../channel/receipt.ts";
import { hiddenCharacters, shortValue } from "../channel/text.ts";
import { Failure } from "../chat-api/failure.ts";
import { UnseenOutcome } from "./unseen-outcome.ts";
import { type Call, cancelledIn, type Effects, LANDS_WITHIN_MS, type WriteHouse, type Written } from "./write.ts";

/** An edit of a subscriber's custom field: what was sent, and plainly that nothing here can read it back. */

const TOOL = "modify_subscriber_info";

/** The subscriber's new value, by its documented names. */
export interface SubscriberValue {
  readonly Official_Account: string;
  readonly Subscriber_Account: string;
  readonly CustomString: string;
}

/**
 * Sets the custom field of one subscriber.
 * @throws PolicyRefusal, NotSent, NoValidAnswer, ServiceRefusal: nothing was changed
 */
export function editSubscriber(house: WriteHouse, value: SubscriberValue, call: Call): Promise<Written> {
  return house.policy.withinBudget((spend) =>
    house.queue.inTurn(value.Official_Account, call.deadline, (hold) => write(house, value, call, { spend, hold })),
  );
}

async function write(
  { api, journal }: WriteHouse,
  value: SubscriberValue,
  { client, deadline }: Call,
  { spend, hold }: Effects,
): Promise<Written> {
  const { Official_Account: channel, Subscriber_Account: subscriber, CustomString } = value;
  const changes = [{ field: SUBSCRIBER_CUSTOM_STRING.name, after: CustomString }];
  const end = journal.begin({ tool: TOOL, channel, subscriber, client, changes });
  try {
    const { head } = await api.modifySubscriber(channel, subscriber, CustomString, deadline);
    spend();
    return { head, receipt: receiptOf("applied", value, end({ outcome: "applied" })) };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    if (!failure.wasSent) {
      end({ outcome: "notSent", ...cancelledIn(deadline) });
      throw failure;
    }
    spend();
    if (!failure.leavesOutcomeOpen) {
      end({ outcome: "refused", code: failure.head.ErrorCode });
      throw failure;
    }
    hold(LANDS_WITHIN_MS);
    const warning = end({ outcome: "unknown", ...cancelledIn(deadline) });
    const told = {
      seen: "Whether the value was set is not known: no tool here can read a subscriber's custom field.",
      nextStep: "Call again in a minute with the same arguments: setting the same value again is harmless.",
      attempts: failure.call.attempts,
    };
    return { head: {}, receipt: receiptOf("unknown", value, warning), failure: new UnseenOutcome(failure, told) };
  }
}

function receiptOf(outcome: Outcome, value: SubscriberValue, warning: string | undefined): Receipt {
  const { Official_Account, Subscriber_Account, CustomString } = value;
  const told = outcome === "applied" ? "the service said OK" : "outcome unknown";
  const hidden = hiddenCharacters(CustomString);
  return {
    outcome,
    summary: `1 subscriber (${Subscriber_Account}) of ${Official_Account}: CustomString: ${shortValue(CustomString)}; ${told}. None of the three tools can read this value back, so there is no before and no undo.`,
    changes: [{ field: SUBSCRIBER_CUSTOM_STRING.name, after: CustomString, verdict: "cannotBeReadBack" }],
    warnings: [
      ...(CustomString === "" ? ["CustomString is emptied."] : []),
      ...(hidden.length > 0 ? [warningAboutHidden("CustomString", hidden)] : []),
      ...(warning ? [warning] : []),
    ],
  };
}
