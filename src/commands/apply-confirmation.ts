import { mustConfirm } from "../guard/policy.ts";
import { escapeHidden, formatCount, plural } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CliProcess } from "./cli-process.ts";
import type { FileCheck } from "./edit-file.ts";
import { readChannels } from "./read-channels.ts";

/** One question for the whole file. Returns whether a person said yes (false where none is needed), or why it may not run. */
export async function confirmAll(
  { stdin, stderr }: CliProcess,
  context: ToolContext,
  { edits, channels, editedChannels, subscriberEdits }: FileCheck,
): Promise<boolean | string> {
  const rule = context.policy.rules.confirmEdits;
  if (rule === "never" || edits === 0) return false;
  let largest = 0;
  for await (const { info } of readChannels(context, [...editedChannels], ["SubscriberNum"]))
    largest = Math.max(largest, info.SubscriberNum ?? Number.POSITIVE_INFINITY);
  const isChannelAsked = editedChannels.size > 0 && mustConfirm(rule, largest);
  if (!isChannelAsked && !(subscriberEdits > 0 && mustConfirm(rule, 1))) return false;
  if (stdin.readableEnded || !stdin.isTTY || !stderr.isTTY) {
    return "TENCENT_CHAT_CONFIRM_EDITS wants a person's yes, and there is no terminal to ask at: run this at one, or unset it for this job.";
  }
  const prompts = await import("@clack/prompts");
  const reach = Number.isFinite(largest) ? plural(largest, "subscriber") : "an unknown number of subscribers";
  const names = escapeHidden([...channels].slice(0, 5).join(", "));
  const more = channels.size > 5 ? ` and ${formatCount(channels.size - 5)} more` : "";
  const answer = await prompts.select({
    message: `${context.application}: ${plural(edits, "edit")} (${formatCount(subscriberEdits)} of single subscribers) in ${plural(channels.size, "channel")}: ${names}${more}.${editedChannels.size > 0 ? ` The largest has ${reach}.` : ""}`,
    options: [
      { value: false, label: "Leave everything as it is" },
      { value: true, label: "Apply the edits" },
    ],
    input: stdin,
    output: stderr,
  });
  return answer === true ? true : "The edits were not confirmed.";
}
