import { COMMANDS } from "../channel/commands.ts";
import { editSubscriber } from "../edits/edit-subscriber.ts";
import { type ModifySubscriberInput, modifySubscriberInput, modifySubscriberOutput } from "./schemas.ts";
import type { Tool } from "./tool.ts";

/** Sets a subscriber's custom field ([Modifying Subscriber Information](https://www.tencentcloud.com/document/product/1047/60762)). */
export const modifySubscriberInfo: Tool<ModifySubscriberInput> = {
  name: COMMANDS.modifySubscriber,
  title: "Edit a subscriber of a channel",
  description:
    "Sets the custom field of one subscriber of a channel. It replaces the whole value. No tool can read it, so there is no undo. " +
    "Setting the same value again is harmless.",
  isWrite: true,
  input: modifySubscriberInput,
  output: modifySubscriberOutput,
  run: (input, context, call) => editSubscriber(context, input, call),
};
