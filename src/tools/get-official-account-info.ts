import { AllFailed } from "../channel/all-failed.ts";
import type { ExplainedError } from "../channel/explanation.ts";
import { wholeWithin } from "../channel/large-answer.ts";
import { type GetInput, getInput, getOutput } from "../channel/schemas.ts";
import { makeTool } from "./tool.ts";

const name = "get_official_account_info";

/** Reads channels (page: Getting Official Channel Information). */
export const getOfficialAccountInfo = makeTool({
  name,
  title: "Read official channels",
  description:
    "Reads official channels (also called official accounts) by ID. IDs look like @TOA#_… and must be given: no tool lists or searches channels. " +
    "Each element has an ErrorCode of its own: a missing channel fails inside an answer that is OK, and is explained. " +
    "MaxSubscriberNum and subscribers' CustomString cannot be read by any tool. Times are Unix seconds.",
  writes: false,
  input: getInput,
  output: getOutput,

  async run({ OfficialAccountIdList, ResponseFilter }, { api, policy }, { deadline }) {
    const asked = [...new Set(OfficialAccountIdList.map(({ Official_Account }) => Official_Account))];
    const allowed = asked.filter((id) => !policy.refusalOfChannel(id));
    const fields = ResponseFilter?.OfficialAccountBaseInfoFilter;
    const answer = allowed.length > 0 ? await api.getChannels(allowed, fields, deadline) : undefined;

    const failures = new Map<string, ExplainedError>();
    const list = asked.map((id) => {
      const channel = answer?.channels.find((candidate) => candidate.id === id);
      const failure = channel ? channel.refusal : policy.refusalOfChannel(id);
      if (!failure) return { Official_Account: id, ...channel?.head, ...channel?.facts };
      failures.set(id, failure);
      return { Official_Account: id, ...channel?.head, explanation: failure.explanation };
    });

    const { kept, leftOut } = wholeWithin(list);
    const content = {
      ...answer?.head,
      OfficialAccountInfoList: kept,
      ...(leftOut.length > 0 && { leftOut: askNext(leftOut, ResponseFilter) }),
    };
    if (failures.size < asked.length) return { content };
    const [only] = failures.values();
    return { content, failure: failures.size === 1 ? only : new AllFailed(failures) };
  },
});

/** The call that reads the channels for which there was no room. */
function askNext(ids: readonly string[], ResponseFilter: GetInput["ResponseFilter"]) {
  const arguments_ = {
    OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
    ...(ResponseFilter && { ResponseFilter }),
  };
  return {
    reason: `The answer was too long: ${ids.length} channels are left out, none was cut. A ResponseFilter without CustomString makes it shorter.`,
    nextCall: { tool: name, arguments: arguments_ },
  };
}
