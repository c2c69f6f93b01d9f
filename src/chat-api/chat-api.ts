import type { Envelope, ExplainedError } from "../channel/explanation.ts";
import {
  type ChannelInfo,
  type ChannelValues,
  type FilterableFieldName,
  READABLE_FIELDS,
  WRITABLE_FIELDS,
} from "../channel/fields.ts";
import { isRecord } from "../channel/is-record.ts";
import type { ChatClient } from "./client.ts";
import { toError } from "./errors/chat-api-error.ts";
import { malformed, type NetworkFailure } from "./errors/failure.ts";
import type { Connection } from "./http/http-client.ts";
import { type ApiResponse, codeFailure, isInteger, readEnvelope } from "./http/response.ts";
import { COMMANDS, type SendResult } from "./request.ts";
import type { Deadline } from "./retry/deadline.ts";

/** The three calls of the official-channel API, with the documented bodies verbatim. */

/** One channel in an answer: its fields, or the error that is its own outcome. */
export interface ChannelResult {
  readonly id: string;
  readonly envelope: Envelope;
  readonly info: ChannelInfo;
  readonly error?: ExplainedError;
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

/** The time a call has, and the connection it uses; without one it borrows its own. */
export interface CallOptions {
  readonly deadline: Deadline;
  readonly connection?: Connection | undefined;
}

export class ChatApi {
  readonly #client: ChatClient;

  constructor(client: ChatClient) {
    this.#client = client;
  }

  /**
   * Reads up to 50 different channels (page: Getting Official Channel Information). A channel that the service refuses
   * is an element with an error; the result as a whole is still ok.
   * @param fields the fields to return; all if undefined
   */
  getChannels(
    ids: readonly string[],
    fields: readonly FilterableFieldName[] | undefined,
    { deadline, connection }: CallOptions,
  ): Promise<SendResult<ChannelsResult>> {
    const body = {
      OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
      ...(fields && { ResponseFilter: { OfficialAccountBaseInfoFilter: fields } }),
    };
    const read = ({ envelope, content, serverDate }: ApiResponse, attempts: number) => {
      const channels = this.#readList(content.OfficialAccountInfoList, ids, attempts);
      return "reason" in channels ? channels : { value: { envelope, serverDate, channels } };
    };
    const request = { command: COMMANDS.get, body, isWrite: false, channelIds: ids, read };
    return this.#client.send(request, deadline, connection);
  }

  /** Changes fields of one channel (page: Modifying Official Channel Information). The value is the envelope. */
  modifyChannel(
    id: string,
    values: ChannelValues,
    { deadline, connection }: CallOptions,
  ): Promise<SendResult<Envelope>> {
    const fields = WRITABLE_FIELDS.flatMap(({ name }) => (values[name] === undefined ? [] : [[name, values[name]]]));
    const body = { Official_Account: id, ...Object.fromEntries(fields) };
    const request = { command: COMMANDS.modifyChannel, body, isWrite: true, channelIds: [id], read: readOk };
    return this.#client.send(request, deadline, connection);
  }

  /** Sets the custom field of one subscriber (page: Modifying Subscriber Information), over a new connection. */
  modifySubscriber(
    { Official_Account, Subscriber_Account, CustomString }: SubscriberValues,
    { deadline }: Pick<CallOptions, "deadline">,
  ): Promise<SendResult<Envelope>> {
    const request = {
      command: COMMANDS.modifySubscriber,
      body: { Official_Account, Subscriber_Account, CustomString },
      isWrite: true,
      channelIds: [Official_Account],
      subscriber: Subscriber_Account,
      read: readOk,
    };
    return this.#client.send(request, deadline);
  }

  /** Borrows a connection for an edit: what has just answered a read is known to be open. Give it back with `release`. */
  borrowConnection(): Promise<Connection> {
    return this.#client.borrowConnection();
  }

  release(connection: Connection): void {
    this.#client.release(connection);
  }

  /** Takes one resend of a channel's edit out of the retry budget; false if it is used up. */
  consumeRetryBudget(): boolean {
    return this.#client.consumeRetryBudget(COMMANDS.modifyChannel);
  }

  /** Matches the list to the IDs asked for; a list that lacks one, repeats one or adds one is no valid answer. */
  #readList(list: unknown, ids: readonly string[], attempts: number): ChannelResult[] | NetworkFailure {
    if (!Array.isArray(list)) return malformed("OfficialAccountInfoList is missing");
    const found = new Map<string, ChannelResult>();
    for (const [position, element] of list.entries()) {
      const channel = this.#readChannel(element, ids[position], attempts);
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
  #readChannel(element: unknown, expected: string | undefined, attempts: number): ChannelResult | NetworkFailure {
    if (!isRecord(element)) return malformed("an element of the list is not an object");
    const code = element.ErrorCode;
    if (!isInteger(code)) return malformed("an element's ErrorCode is missing or not a whole number");
    const id = element.Official_Account ?? (code === 0 ? undefined : expected);
    if (typeof id !== "string") return malformed("an element's Official_Account is missing");
    const envelope = readEnvelope(element, this.#client.secrets, [id]);
    const read = code === 0 ? readInfo(element) : codeFailure({ ...envelope, ErrorCode: code });
    if ("info" in read) return { id, envelope, info: read.info };
    const context = this.#client.contextOf({ isWrite: false, channelIds: [id] }, attempts);
    return { id, envelope, info: {}, error: toError(read, context) };
  }
}

function readOk({ envelope }: ApiResponse): { value: Envelope } {
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
