import type { AnswerHead } from "../channel/explanation.ts";
import {
  type ChannelFacts,
  type ChannelValues,
  READABLE_FIELDS,
  type ReadableFieldName,
  WRITABLE_FIELDS,
} from "../channel/fields.ts";
import { type Answer, malformed, readHead } from "./answer.ts";
import type { Deadline } from "./deadline.ts";
import type { Sender } from "./sender.ts";
import { ServiceRefusal } from "./service-refusal.ts";

/** The three calls of the official-channel API, with the documented bodies to the letter. */

/** One channel as a get tells it: its facts, or the refusal that is its own outcome. */
interface ChannelAnswer {
  readonly id: string;
  readonly head: AnswerHead;
  readonly facts: ChannelFacts;
  readonly refusal?: ServiceRefusal;
}

/** The answer to a get: one element for each ID asked for, in the order asked. */
export interface ChannelsAnswer {
  readonly head: AnswerHead;
  readonly channels: readonly ChannelAnswer[];
  readonly attempts: number;
  /** The server's Date header. */
  readonly serverDate: string | undefined;
}

/** The answer to a modify: the service said OK. Whether it shows is for a read to tell. */
export interface ModifyAnswer {
  readonly head: AnswerHead;
  readonly attempts: number;
}

export class ChatApi {
  readonly #sender: Sender;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /**
   * Reads up to 50 different channels (page: Getting Official Channel Information).
   * @param fields the fields to return; all if undefined
   * @throws ServiceRefusal, NotSent, NoValidAnswer for the whole request; a refused channel is an element instead
   */
  async getChannels(
    ids: readonly string[],
    fields: readonly ReadableFieldName[] | undefined,
    deadline: Deadline,
  ): Promise<ChannelsAnswer> {
    const body = {
      OfficialAccountIdList: ids.map((id) => ({ Official_Account: id })),
      ...(fields && { ResponseFilter: { OfficialAccountBaseInfoFilter: fields } }),
    };
    const read = ({ head, content, serverDate }: Answer) => ({
      head,
      serverDate,
      channels: readList(content.OfficialAccountInfoList, ids),
    });
    const request = { command: "get_official_account_info", body, writes: false, channelIds: ids, read } as const;
    const { value, attempts } = await this.#sender.send(request, deadline);
    for (const { id, refusal } of value.channels)
      if (refusal) refusal.call = { attempts, writes: false, channelIds: [id] };
    return { ...value, attempts };
  }

  /**
   * Changes fields of one channel (page: Modifying Official Channel Information).
   * @throws NotSent, NoValidAnswer, ServiceRefusal; `leavesOutcomeOpen` tells whether it may have been carried out
   */
  modifyChannel(id: string, values: ChannelValues, deadline: Deadline): Promise<ModifyAnswer> {
    const named = WRITABLE_FIELDS.filter(({ name }) => values[name] !== undefined).map(({ name }) => [
      name,
      values[name],
    ]);
    return this.#modify("modify_official_account_base_info", id, Object.fromEntries(named), deadline);
  }

  /**
   * Sets the custom field of one subscriber (page: Modifying Subscriber Information).
   * @throws as modifyChannel
   */
  modifySubscriber(id: string, subscriber: string, customString: string, deadline: Deadline): Promise<ModifyAnswer> {
    const values = { Subscriber_Account: subscriber, CustomString: customString };
    return this.#modify("modify_subscriber_info", id, values, deadline);
  }

  /** True if a channel's edit that was lost may be sent once more: an outage must not be answered by a storm. */
  mayModifyAgain(): boolean {
    return this.#sender.takeFromBudget("modify_official_account_base_info");
  }

  async #modify(
    command: "modify_official_account_base_info" | "modify_subscriber_info",
    id: string,
    values: object,
    deadline: Deadline,
  ): Promise<ModifyAnswer> {
    const body = { Official_Account: id, ...values };
    const read = ({ head }: Answer) => head;
    const request = { command, body, writes: true, channelIds: [id], read };
    const { value, attempts } = await this.#sender.send(request, deadline);
    return { head: value, attempts };
  }
}

/** Matches the list to the IDs asked for; a list that lacks one, repeats one or adds one is no answer at all. */
function readList(list: unknown, ids: readonly string[]): ChannelAnswer[] {
  if (!Array.isArray(list)) throw malformed("OfficialAccountInfoList is missing");
  const found = new Map<string, ChannelAnswer>();
  for (const [position, element] of list.entries()) {
    const channel = readChannel(element, ids[position]);
    if (!ids.includes(channel.id)) throw malformed("the list holds a channel that was not asked for");
    if (found.has(channel.id)) throw malformed("the list holds a channel twice");
    found.set(channel.id, channel);
  }
  return ids.map((id) => {
    const channel = found.get(id);
    if (!channel) throw malformed(`the list holds ${found.size} of the ${ids.length} channels asked for`);
    return channel;
  });
}

/** @param expected the ID asked for at this place: a failed element may lack its own (assumed) */
function readChannel(element: unknown, expected: string | undefined): ChannelAnswer {
  if (typeof element !== "object" || element === null) throw malformed("an element of the list is no object");
  const content = element as Record<string, unknown>;
  const head = readHead(content);
  const code = head.ErrorCode;
  if (code === undefined) throw malformed("an element's ErrorCode is missing or no whole number");
  const id = content.Official_Account ?? (code === 0 ? undefined : expected);
  if (typeof id !== "string") throw malformed("an element's Official_Account is missing");
  if (code === 0) return { id, head, facts: readFacts(content) };
  return { id, head, facts: {}, refusal: new ServiceRefusal({ ...head, ErrorCode: code }) };
}

function readFacts(content: Record<string, unknown>): ChannelFacts {
  const facts = READABLE_FIELDS.flatMap(({ name, type }) => {
    const value = content[name] ?? undefined;
    if (value === undefined) return [];
    const isRight = type === "integer" ? Number.isSafeInteger(value) : typeof value === "string";
    if (!isRight) throw malformed(`${name} is not of the documented type`);
    return [[name, value]];
  });
  return Object.fromEntries(facts) as ChannelFacts;
}
