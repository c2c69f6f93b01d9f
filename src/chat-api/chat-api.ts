import type { Deadline } from "../call/deadline.ts";
import type { Envelope } from "../call/explained-error.ts";
import { COMMANDS } from "../channel/commands.ts";
import {
  type ChannelInfo,
  type ChannelValues,
  type FilterableFieldName,
  READABLE_FIELDS,
  WRITABLE_FIELDS,
} from "../channel/fields.ts";
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
  /** The server's Date header. */
  readonly serverDate: string | undefined;
}

/** The custom field of one subscriber, by the documented names. */
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
   * Reads up to 50 different channels (page: Getting Official Channel Information). A channel that the service refuses
   * is an element with a failure; the reply as a whole is still ok.
   * @param fields the fields to return; all if undefined
   */
  getChannels(
    ids: readonly string[],
    fields: readonly FilterableFieldName[] | undefined,
    deadline: Deadline,
  ): Promise<Reply<ChannelsResult>> {
    const body = {
      OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
      ...(fields && { ResponseFilter: { OfficialAccountBaseInfoFilter: fields } }),
    };
    const read = ({ envelope, content, serverDate }: ApiResponse) => {
      const channels = this.#readList(content.OfficialAccountInfoList, ids);
      return "reason" in channels ? channels : { value: { envelope, serverDate, channels } };
    };
    const request = { command: COMMANDS.get, body, isWrite: false, isRepeatable: true, ids, read };
    return this.#client.send(request, deadline);
  }

  /** Reads every field of one channel. What the service says of that channel alone is the reply. */
  getChannel(id: string, deadline: Deadline): Promise<Reply<ChannelInfo>> {
    const body = { OfficialAccountIdList: [{ Official_Account: id }] };
    const read = ({ content }: ApiResponse) => {
      const channels = this.#readList(content.OfficialAccountInfoList, [id]);
      if ("reason" in channels) return channels;
      return channels[0]?.failure ?? { value: channels[0]?.info ?? {} };
    };
    const request = { command: COMMANDS.get, body, isWrite: false, isRepeatable: true, ids: [id], read };
    return this.#client.send(request, deadline);
  }

  /** Changes fields of one channel (page: Modifying Official Channel Information). The value is the envelope. */
  modifyChannel(id: string, values: ChannelValues, deadline: Deadline): Promise<Reply<Envelope>> {
    const fields = WRITABLE_FIELDS.flatMap(({ name }) => (values[name] === undefined ? [] : [[name, values[name]]]));
    const body = { Official_Account: id, ...Object.fromEntries(fields) };
    const command = COMMANDS.modifyChannel;
    return this.#client.send({ command, body, isWrite: true, isRepeatable: false, ids: [id], read: readOk }, deadline);
  }

  /** Sets the custom field of one subscriber (page: Modifying Subscriber Information). The value is the envelope. */
  modifySubscriber(values: SubscriberValues, deadline: Deadline): Promise<Reply<Envelope>> {
    const { Official_Account, Subscriber_Account, CustomString } = values;
    const request = {
      command: COMMANDS.modifySubscriber,
      body: { Official_Account, Subscriber_Account, CustomString },
      isWrite: true,
      isRepeatable: true,
      ids: [Official_Account, Subscriber_Account],
      read: readOk,
    };
    return this.#client.send(request, deadline);
  }

  /** Matches the list to the IDs asked for; a list that lacks one, repeats one or adds one is no valid answer. */
  #readList(list: unknown, ids: readonly string[]): ChannelResult[] | NetworkFailure {
    if (!Array.isArray(list)) return malformed("OfficialAccountInfoList is missing");
    const found = new Map<string, ChannelResult>();
    for (const [position, element] of list.entries()) {
      const channel = this.#readChannel(element, ids[position]);
      if ("reason" in channel) return channel;
      if (!ids.includes(channel.id)) return malformed("the list holds a channel that was not asked for");
      if (found.has(channel.id)) return malformed("the list holds a channel twice");
      found.set(channel.id, channel);
    }
    if (found.size < ids.length)
      return malformed(`the list holds ${found.size} of the ${ids.length} channels asked for`);
    return ids.flatMap((id) => found.get(id) ?? []);
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
    const read = readInfo(element);
    return "info" in read ? { id, envelope, info: read.info } : { id, envelope, info: {}, failure: read };
  }
}

/** A modify answers with an envelope alone: a list of channels answers something else. */
function readOk({ envelope, content }: ApiResponse): { value: Envelope } | NetworkFailure {
  if (content.OfficialAccountInfoList !== undefined) return malformed("it holds a list of channels");
  return { value: envelope };
}

function readInfo(content: Readonly<Record<string, unknown>>): { info: ChannelInfo } | NetworkFailure {
  const info: Record<string, unknown> = {};
  for (const { name, type } of READABLE_FIELDS) {
    const value = content[name] ?? undefined;
    if (value === undefined) continue;
    const isRight = type === "integer" ? isInteger(value) : typeof value === "string";
    if (!isRight) return malformed(`${name} is not of the documented type`);
    info[name] = value;
  }
  return { info };
}
