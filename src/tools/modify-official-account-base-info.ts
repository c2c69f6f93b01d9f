import { WRITABLE_FIELDS } from "../channel/fields.ts";
import { modifyChannelInput, modifyOutput } from "../channel/schemas.ts";
import { editChannel } from "../writes/channel-edit.ts";
import { makeTool } from "./tool.ts";

/** Edits a channel (page: Modifying Official Channel Information). */
export const modifyOfficialAccountBaseInfo = makeTool({
  name: "modify_official_account_base_info",
  title: "Edit an official channel",
  description:
    'Changes the named fields of one channel, at once and in public for all its subscribers. Fields left out stay as they are (MaxSubscriberNum: see there). "" empties a field (assumed; the documents do not say). ' +
    "The channel is read before and after. The receipt tells the outcome, before and after, warnings, and undo: the exact call that takes the edit back. isError means refused, notApplied or unknown.",
  writes: true,
  input: modifyChannelInput,
  output: modifyOutput,

  alsoFaulty(args) {
    const names = WRITABLE_FIELDS.map(({ name }) => name);
    const isMisnamed = Object.keys(args).some(
      (key) => key !== "Official_Account" && !names.some((name) => name === key),
    );
    if (isMisnamed || names.some((name) => name in args)) return [];
    return [`No field to change is named: give at least one of ${names.join(", ")}.`];
  },

  async run({ Official_Account: id, ...values }, house, call) {
    const refusal = house.policy.refusalOfChannel(id);
    if (refusal) throw refusal;
    const { head, receipt, failure } = await editChannel(house, id, values, call);
    return { content: { ...head, receipt }, failure };
  },
});
