import { Deadline } from "../call/deadline.ts";
import { type ChannelInfo, type FilterableFieldName, MAX_CHANNELS_PER_GET } from "../channel/fields.ts";
import type { Failure } from "../chat-api/errors/failure.ts";
import type { ToolContext } from "../tools/tool.ts";

/** Reads any number of channels, as many at a time as one call may name. A channel that cannot be read has a failure. */
export async function* readChannels(
  { api, timeoutMs }: ToolContext,
  ids: readonly string[],
  fields?: readonly FilterableFieldName[],
): AsyncGenerator<{ readonly id: string; readonly info: ChannelInfo; readonly failure?: Failure | undefined }> {
  for (let from = 0; from < ids.length; from += MAX_CHANNELS_PER_GET) {
    const some = ids.slice(from, from + MAX_CHANNELS_PER_GET);
    const deadline = new Deadline(timeoutMs);
    const reply = await api.getChannels(some, fields, deadline);
    deadline.release();
    if (reply.kind === "ok") yield* reply.value.channels;
    else for (const id of some) yield { id, info: {}, failure: reply.failure };
  }
}
