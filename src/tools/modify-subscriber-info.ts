import { modifyOutput, modifySubscriberInput } from "../channel/schemas.ts";
import { editSubscriber } from "../writes/subscriber-edit.ts";
import { makeTool } from "./tool.ts";

/** Sets a subscriber's custom field (page: Modifying Subscriber Information). */
export const modifySubscriberInfo = makeTool({
  name: "modify_subscriber_info",
  title: "Edit a subscriber of a channel",
  description:
    "Sets the custom field of one subscriber of a channel, replaced whole. No tool can read it: there is no before and no undo. " +
    "The receipt says what was sent. isError means refused or unknown; setting the same value again is harmless.",
  writes: true,
  input: modifySubscriberInput,
  output: modifyOutput,

  async run(value, house, call) {
    const refusal = house.policy.refusalOfChannel(value.Official_Account);
    if (refusal) throw refusal;
    const { head, receipt, failure } = await editSubscriber(house, value, call);
    return { content: { ...head, receipt }, failure };
  },
});
