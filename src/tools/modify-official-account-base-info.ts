import type * as z from "zod/v4";
import { WRITABLE_FIELDS } from "../channel/fields.ts";
import { modifyChannelInput, modifyChannelOutput } from "../channel/schemas.ts";
import { COMMANDS } from "../chat-api/request.ts";
import { editChannel } from "../edits/edit-channel.ts";
import { type Tool, toToolOutcome } from "./tool.ts";

/** Edits a channel (page: Modifying Official Channel Information). */
export const modifyOfficialAccountBaseInfo: Tool<z.infer<typeof modifyChannelInput>> = {
  name: COMMANDS.modifyChannel,
  title: "Edit an official channel",
  description:
    "Changes the given fields of one channel, at once and in public. One call is one change for its subscribers, so put all fields into one call. " +
    'Fields left out stay as they are (MaxSubscriberNum: see there). "" should empty a field (not documented; the receipt shows it). ' +
    "It reads the channel itself before and after; the receipt says what was seen, with undo: the exact call that puts the old values back.",
  isWrite: true,
  input: modifyChannelInput,
  output: modifyChannelOutput,
  channelArgument: "Official_Account",

  validateWhole(args) {
    const names = WRITABLE_FIELDS.map(({ name }) => name);
    const isMisnamed = Object.keys(args).some(
      (key) => key !== "Official_Account" && !names.some((name) => name === key),
    );
    if (isMisnamed || names.some((name) => name in args)) return [];
    return [`No field to change is given: give at least one of ${names.join(", ")}.`];
  },

  async run({ Official_Account: id, ...values }, context, call) {
    return toToolOutcome(await editChannel(context, id, values, call));
  },
};
