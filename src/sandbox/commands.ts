import { COMMANDS } from "../channel/commands.ts";
import { CHANNEL_ID_PREFIX, type ChannelValues } from "../channel/fields.ts";
import type { StoredChannel } from "./channels.ts";

/** The three commands as the service documents them. Every rule that no page states is marked assumed. */

/** What a body can hold. The server checks its arguments before it sends, so no other comes here. */
interface Body extends ChannelValues {
  readonly Official_Account: string;
  readonly Subscriber_Account: string;
  readonly OfficialAccountIdList: readonly { readonly Official_Account: string }[];
  readonly ResponseFilter?: { readonly OfficialAccountBaseInfoFilter?: readonly string[] };
}

export function envelope(code: number, info: string): object {
  return { ActionStatus: code === 0 ? "OK" : "FAIL", ErrorInfo: info, ErrorCode: code };
}

/** The answer to a command; it changes the channels where it succeeds. */
export function answerCommand(command: string, body: Body, channels: ReadonlyMap<string, StoredChannel>): object {
  const { Official_Account: id, Subscriber_Account: subscriber, OfficialAccountIdList: list, ...rest } = body;
  if (command === COMMANDS.get) {
    const shown = list.map((element) => channelIn(element.Official_Account, rest.ResponseFilter, channels));
    return { ...envelope(0, ""), OfficialAccountInfoList: shown };
  }
  const channel = channels.get(id);
  if (!channel) return envelope(...refusalOf(id));
  if (command === COMMANDS.modifyChannel) {
    const { MaxSubscriberNum: _, ...values } = rest; // no command reads the limit (assumed)
    channel.info = { ...channel.info, ...values };
    return envelope(0, "");
  }
  if (command !== COMMANDS.modifySubscriber) return envelope(10003, "unknown command");
  if (!channel.subscribers.has(subscriber)) return envelope(131003, "subscription not found"); // assumed
  channel.subscribers.set(subscriber, rest.CustomString ?? "");
  return envelope(0, "");
}

function channelIn(id: string, filter: Body["ResponseFilter"], channels: ReadonlyMap<string, StoredChannel>): object {
  const info = channels.get(id)?.info;
  const [code, text] = info ? [0, ""] : refusalOf(id);
  const shown = Object.entries(info ?? {}).filter(
    ([name]) => filter?.OfficialAccountBaseInfoFilter?.includes(name) ?? true,
  );
  return { ErrorCode: code, ErrorInfo: text, Official_Account: id, ...Object.fromEntries(shown) };
}

function refusalOf(id: string): [code: number, info: string] {
  if (!id.startsWith(CHANNEL_ID_PREFIX)) return [130007, "invalid official account id"]; // assumed
  return [130004, "official account not exist"];
}
