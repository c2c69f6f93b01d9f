import { ExplainedError, listProblems } from "../call/explained-error.ts";
import { COMMANDS } from "../channel/commands.ts";
import { CHANNEL_FIELDS, type ChannelInfo, MAX_CHANNELS_PER_GET } from "../channel/fields.ts";
import { explain } from "../explanations/explain.ts";
import { plural, quote, visibleJson } from "../text/text.ts";
import { type GetInput, getInput, getOutput } from "./schemas.ts";
import type { Tool } from "./tool.ts";

/** Bytes of the list in one text block, beside what surrounds it: some hosts cut results at 10,000 tokens. */
const MAX_LIST_BYTES = 25_000;

/** Reads channels ([Getting Official Channel Information](https://www.tencentcloud.com/document/product/1047/60758)). */
export const getOfficialAccountInfo: Tool<GetInput> = {
  name: COMMANDS.get,
  title: "Read official channels",
  description:
    `Reads up to ${MAX_CHANNELS_PER_GET} official channels (also called official accounts) by ID. ` +
    "These tools cannot list or search channels. " +
    "A channel that could not be read has its own ErrorCode and explanation, beside those that could; isError only if none could. " +
    'An unset field is "" or missing. Times are Unix seconds; createdAt and lastMessageAt are the same in UTC. ' +
    "leftOut names channels for which there was no room, with the call that reads them.",
  isWrite: false,
  input: getInput,
  output: getOutput,

  async run({ ResponseFilter }, { api, sdkAppId }, { deadline, channelIds, disallowed }) {
    const allowed = channelIds.filter((id) => !disallowed.has(id));
    const filter = ResponseFilter?.OfficialAccountBaseInfoFilter;
    const answer = allowed.length > 0 ? await api.getChannels(allowed, filter, deadline) : undefined;
    const attempts = answer?.attempts ?? 0;
    if (answer && answer.kind !== "ok") throw explain(answer.failure, { sdkAppId, channelIds: allowed, attempts });

    const channels = new Map(answer?.value.channels.map((channel) => [channel.id, channel]));
    const errors = new Map<string, ExplainedError>();
    const list = channelIds.map((id) => {
      const channel = channels.get(id);
      const failure = channel?.failure;
      const error = failure ? explain(failure, { sdkAppId, channelIds: [id], attempts }) : disallowed.get(id);
      if (!error)
        return { Official_Account: id, ...channel?.envelope, ...channel?.info, ...isoTimes(channel?.info ?? {}) };
      errors.set(id, error);
      return { Official_Account: id, ...channel?.envelope, explanation: error.explanation };
    });

    let room = MAX_LIST_BYTES;
    const fits = list.findIndex((each) => {
      room -= Buffer.byteLength(visibleJson(each)) + 1;
      return room < 0;
    });
    const kept = fits < 0 ? list : list.slice(0, Math.max(1, fits)); // a single one always fits
    const leftOut = channelIds.slice(kept.length);
    const content = {
      ...answer?.value.envelope,
      OfficialAccountInfoList: kept,
      ...(leftOut.length > 0 && { leftOut: nextCallFor(leftOut, ResponseFilter) }),
    };
    if (errors.size < channelIds.length) return { content };
    return { content, error: allFailedError(errors) };
  },
};

function isoTimes(info: ChannelInfo): Record<string, string> {
  const times = CHANNEL_FIELDS.flatMap((field) => {
    const seconds = info[field.name];
    if (!("isoName" in field) || typeof seconds !== "number" || seconds <= 0) return [];
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? [] : [[field.isoName, date.toISOString().replace(".000Z", "Z")]];
  });
  return Object.fromEntries(times);
}

function nextCallFor(ids: readonly string[], ResponseFilter: GetInput["ResponseFilter"]) {
  return {
    reason: `The answer was too long: ${plural(ids.length, "channel")} did not fit, and none was cut. A ResponseFilter without CustomString makes it shorter.`,
    nextCall: {
      tool: COMMANDS.get,
      arguments: {
        OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
        ...(ResponseFilter && { ResponseFilter }),
      },
    },
  };
}

/** One error for a call of which every channel failed. @param failures by channel ID */
export function allFailedError(failures: ReadonlyMap<string, ExplainedError>): ExplainedError | undefined {
  const [first, ...others] = failures.values();
  if (!first || others.length === 0) return first;
  const causes = [...failures].map(
    ([id, { explanation, envelope }]) =>
      `${quote(id)}: ${envelope.ErrorCode ?? explanation.stage}: ${explanation.cause}`,
  );
  const cause = `None of the ${failures.size} channels could be read. ${listProblems(causes)}`;
  const nextStep = [...new Set([first, ...others].map(({ explanation }) => explanation.nextStep))].join(" ");
  return new ExplainedError({ ...first.explanation, cause, nextStep }, first.envelope);
}
