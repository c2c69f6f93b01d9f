import { COMMANDS } from "../channel/commands.ts";
import type { ChannelValues } from "../channel/fields.ts";
import { editChannel } from "../edits/edit-channel.ts";
import { modifyChannelInput, modifyChannelOutput } from "./schemas.ts";
import type { Tool } from "./tool.ts";

/** Edits a channel ([Modifying Official Channel Information](https://www.tencentcloud.com/document/product/1047/60757)). */
export const modifyOfficialAccountBaseInfo: Tool<ChannelValues & { readonly Official_Account: string }> = {
  name: COMMANDS.modifyChannel,
  title: "Edit an official channel",
  description:
    "Changes the given fields of one channel, at once and in public. Each call is pushed to the apps of all subscribers, so put all new values into one call. " +
    'To empty a field, make a call of its own with "" as its only field; that the service then empties it is not documented, and the receipt shows it. ' +
    "Fields left out stay as they are; for a MaxSubscriberNum that was raised, that is not documented. " +
    "The tool reads the channel before and after, so read it first only if the new value depends on the old one.",
  isWrite: true,
  input: modifyChannelInput,
  output: modifyChannelOutput,
  run: ({ Official_Account: id, ...values }, context, call) => editChannel(context, id, values, call),
};
