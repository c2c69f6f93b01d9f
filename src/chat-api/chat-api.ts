import type { Deadline } from "../call/deadline.ts";
import type { Envelope } from "../call/explained-error.ts";
import { COMMANDS } from "../channel/commands.ts";
import { CHANNEL_FIELDS, type ChannelInfo, type ChannelValues, type FilterableFieldName } from "../channel/fields.ts";
import { isRecord } from "../text/json.ts";
import type { ChatClient } from "./client.ts";
import { type Failure, malformed, type NetworkFailure } from "./errors/failure.ts";
import { type ApiResponse, codeFailure, isInteger, readEnvelope } from "./http/response.ts";
import type { Reply } from "./reply.ts";

/** The three calls of the official-channel API, with the documented bodies verbatim. */

/** One channel in an answer: its fields, or the failure that is its own outcome. */
interface ChannelResult {
  readonly id: string;
  readonly envelope: Envelope;
  readonly info: ChannelInfo;
  readonly failure?: Failure;
}

/** The answer to a get: one element for each ID asked for, in the order asked. */
export interface ChannelsResult {
  readonly envelope: Envelope;
  readonly channels: readonly ChannelResult[];
  readonly clockNote: string;
}

export interface SubscriberValues {
  readonly Official_Account: string;
  readonly Subscriber_Account: string;
  readonly CustomString: string;
}

export class ChatApi {
  readonly #client: ChatClient;

  constructor(client: ChatClient) {
    this.#client = client;
  }

  /**
   * Reads up to 50 different channels ([Getting Official Channel Information](https://www.tencentcloud.com/document/product/1047/60758)).
   * A channel that the service refuses is an element with a failure; the reply as a whole is still ok.
   * @param fields the fields to return; all if undefined
   */
  getChannels(
    ids: readonly string[],
    fields: readonly FilterableFieldName[] | undefined,
    deadline: Deadline,
  ): Promise<Reply<ChannelsResult>> {
    return this.#get(ids, fields, deadline, (channels, { envelope, clockNote }) => ({
      value: { envelope, clockNote, channels },
    }));
  }

  /** Reads every field of one channel. What the service says of that channel alone is the reply. */
  getChannel(id: string, deadline: Deadline): Promise<Reply<ChannelInfo>> {
    return this.#get([id], undefined, deadline, ([channel]) => channel?.failure ?? { value: channel?.info ?? {} });
  }

  /**
   * Changes fields of one channel ([Modifying Official Channel Information](https://www.tencentcloud.com/document/product/1047/60757)).
   * The value is the envelope.
   */
  modifyChannel(id: string, values: ChannelValues, deadline: Deadline): Promise<Reply<Envelope>> {
    const body = { Official_Account: id, ...values };
    return this.#client.send({ command: COMMANDS.modifyChannel, body, ids: [id], read: readOk }, deadline);
  }

  /**
   * Sets the custom field of one subscriber ([Modifying Subscriber Information](https://www.tencentcloud.com/document/product/1047/60762)).
   * The value is the envelope.
   */
  modifySubscriber(body: SubscriberValues, deadline: Deadline): Promise<Reply<Envelope>> {
    const ids = [body.Official_Account, body.Subscriber_Account];
    return this.#client.send({ command: COMMANDS.modifySubscriber, body, ids, read: readOk }, deadline);
  }

  #get<T>(
    ids: readonly string[],
    fields: readonly FilterableFieldName[] | undefined,
    deadline: Deadline,
    choose: (channels: ChannelResult[], response: ApiResponse) => { readonly value: T } | Failure,
  ): Promise<Reply<T>> {
    const body = {
      OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
      ...(fields && { ResponseFilter: { OfficialAccountBaseInfoFilter: fields } }),
    };
    const read = (response: ApiResponse) => {
      const channels = this.#readList(response.content.OfficialAccountInfoList, ids);
      return "reason" in channels ? channels : choose(channels, response);
    };
    return this.#client.send({ command: COMMANDS.get, body, ids, read }, deadline);
  }

  /** Matches the list to the IDs asked for; a list of others is no valid answer. */
  #readList(list: unknown, ids: readonly string[]): ChannelResult[] | NetworkFailure {
    if (!Array.isArray(list)) return malformed("OfficialAccountInfoList is missing");
    const found = new Map<string, ChannelResult>();
    for (const [position, element] of list.entries()) {
      const channel = this.#readChannel(element, ids[position]);
      if ("reason" in channel) return channel;
      found.set(channel.id, channel);
    }
    const channels = ids.flatMap((id) => found.get(id) ?? []);
    const isRight = channels.length === ids.length && list.length === ids.length;
    return isRight ? channels : malformed("the list does not hold each channel asked for once");
  }

  /** @param expected the ID asked for at this place: a failed element may lack its own (assumed) */
  #readChannel(element: unknown, expected: string | undefined): ChannelResult | NetworkFailure {
    if (!isRecord(element)) return malformed("an element of the list is not an object");
    const code = element.ErrorCode;
    if (!isInteger(code)) return malformed("an element's ErrorCode is missing or not a whole number");
    const id = element.Official_Account ?? (code === 0 ? undefined : expected);
    if (typeof id !== "string") return malformed("an element's Official_Account is missing");
    const envelope = readEnvelope(element, this.#client.secrets, [id]);
    if (code !== 0) return { id, envelope, info: {}, failure: codeFailure({ ...envelope, ErrorCode: code }) };
    return { id, envelope, ...readInfo(this.#client.secrets.redactDeep(element)) };
  }
}

/** A modify answers with an envelope alone: a list of channels answers something else. */
function readOk({ envelope, content }: ApiResponse): { value: Envelope } | NetworkFailure {
  if (content.OfficialAccountInfoList !== undefined) return malformed("it holds a list of channels");
  return { value: envelope };
}

function readInfo(content: Readonly<Record<string, unknown>>): Pick<ChannelResult, "info" | "failure"> {
  const info: Record<string, unknown> = {};
  for (const { name, type } of CHANNEL_FIELDS) {
    const value = content[name] ?? undefined;
    if (value === undefined) continue;
    const isRight = type === "integer" ? isInteger(value) : typeof value === "string";
    if (!isRight) return { info: {}, failure: malformed(`${name} is not of the documented type`) };
    info[name] = value;
  }
  return { info };
}
