import { Deadline } from "../call/deadline.ts";
import { MAX_CHANNELS_PER_GET } from "../channel/fields.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { formatCount, plural } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CliProcess } from "./cli-process.ts";
import type { FileCheck } from "./edit-file.ts";

/** Asks at the terminal before a file of edits runs. */

/** One question for the whole file. Returns whether a person said yes, or why it may not run. */
export async function confirmAll(
  { stdin, stderr }: CliProcess,
  context: ToolContext,
  { edits, callsByChannel, subscriberEdits }: FileCheck,
  isInputTaken: boolean,
): Promise<boolean | string> {
  const rule = context.policy.rules.confirmEdits;
  if (rule === "never" || edits === 0) return false;
  const audiences = await readAudiences(context, [...callsByChannel.keys()]);
  const known = [...audiences.values()].map((audience) => audience ?? Number.POSITIVE_INFINITY);
  const largest = Math.max(0, ...known);
  const isNeeded =
    subscriberEdits === edits
      ? mustConfirm(rule, 1)
      : mustConfirm(rule, largest === Number.POSITIVE_INFINITY ? undefined : largest);
  if (!isNeeded) return false;
  if (isInputTaken || !stdin.isTTY || !stderr.isTTY) {
    return "TENCENT_CHAT_CONFIRM_EDITS wants a person's yes, and there is no terminal to ask at: run this at one, or unset it for this job.";
  }
  const prompts = await import("@clack/prompts");
  const reach =
    largest === Number.POSITIVE_INFINITY ? "an unknown number of subscribers" : plural(largest, "subscriber");
  const names = [...callsByChannel.keys()].slice(0, 5).join(", ");
  const more = callsByChannel.size > 5 ? ` and ${formatCount(callsByChannel.size - 5)} more` : "";
  const answer = await prompts.select({
    message: `${context.application}: ${plural(edits, "edit")} (${formatCount(subscriberEdits)} of single subscribers) in ${plural(callsByChannel.size, "channel")}: ${names}${more}. The largest has ${reach}.`,
    options: [
      { value: false, label: "Leave everything as it is" },
      { value: true, label: "Apply the edits" },
    ],
    input: stdin,
    output: stderr,
  });
  return answer === true ? true : "The edits were not confirmed.";
}

async function readAudiences(context: ToolContext, ids: readonly string[]): Promise<Map<string, number | undefined>> {
  const audiences = new Map<string, number | undefined>();
  for (let from = 0; from < ids.length; from += MAX_CHANNELS_PER_GET) {
    const deadline = new Deadline(context.timeoutMs);
    const some = ids.slice(from, from + MAX_CHANNELS_PER_GET);
    const reply = await context.api.getChannels(some, ["SubscriberNum"], deadline);
    deadline.release();
    for (const id of some) {
      const channel = reply.kind === "ok" ? reply.value.channels.find((each) => each.id === id) : undefined;
      audiences.set(id, channel?.info.SubscriberNum);
    }
  }
  return audiences;
}
