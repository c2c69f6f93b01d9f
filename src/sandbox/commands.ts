import { COMMANDS } from "../channel/commands.ts";
import {
  CHANNEL_FIELDS,
  CHANNEL_ID_PREFIX,
  type ChannelValues,
  FILTERABLE_FIELDS,
  type Field,
  MAX_CHANNELS_PER_GET,
  SUBSCRIBER_CUSTOM_STRING,
  WRITABLE_FIELDS,
} from "../channel/fields.ts";
import { change, type StoredChannel } from "./channels.ts";

/** The three commands as the service documents them. Every rule that no page states is marked assumed. */

/** The service's refusal of a request or of one channel in it. */
class SandboxRefusal extends Error {
  readonly code: number;

  constructor(code: number, info: string) {
    super(info);
    this.code = code;
  }
}

type Body = Readonly<Record<string, unknown>>;
type Channels = Map<string, StoredChannel>;

/** The answer to a command; it changes the channels where it succeeds. */
export function answerCommand(command: string, body: unknown, channels: Channels): object {
  try {
    return { ...envelope(0, ""), ...run(command, objectOf(body), channels) };
  } catch (refusal) {
    if (refusal instanceof SandboxRefusal) return envelope(refusal.code, refusal.message);
    throw refusal;
  }
}

/** The documented envelope of an answer. */
export function envelope(code: number, info: string): object {
  return { ActionStatus: code === 0 ? "OK" : "FAIL", ErrorInfo: info, ErrorCode: code };
}

function run(command: string, body: Body, channels: Channels): object {
  switch (command) {
    case COMMANDS.get:
      return get(body, channels);
    case COMMANDS.modifyChannel:
      return modifyChannel(body, channels);
    case COMMANDS.modifySubscriber:
      return modifySubscriber(body, channels);
    default:
      throw new SandboxRefusal(10003, "unknown command");
  }
}

function get(body: Body, channels: Channels): object {
  rejectUnknownKeys(body, ["OfficialAccountIdList", "ResponseFilter"]);
  const list = body.OfficialAccountIdList;
  if (!Array.isArray(list) || list.length === 0) throw new SandboxRefusal(6017, "OfficialAccountIdList is empty");
  if (list.length > MAX_CHANNELS_PER_GET)
    throw new SandboxRefusal(6017, `OfficialAccountIdList holds more than ${MAX_CHANNELS_PER_GET}`); // code assumed
  const filterable: string[] = FILTERABLE_FIELDS.map(({ name }) => name);
  const asked = objectOf(body.ResponseFilter ?? {}).OfficialAccountBaseInfoFilter ?? filterable;
  if (!Array.isArray(asked) || !asked.every((name) => filterable.includes(name)))
    throw new SandboxRefusal(6017, "wrong filter");
  return {
    OfficialAccountInfoList: list.map((element) => {
      const id = textOf(objectOf(element), "Official_Account");
      try {
        const { info } = find(id, channels);
        const shown = Object.entries(info).filter(([name]) => asked.includes(name));
        return { ErrorCode: 0, ErrorInfo: "", Official_Account: id, ...Object.fromEntries(shown) };
      } catch (refusal) {
        if (!(refusal instanceof SandboxRefusal)) throw refusal;
        return { ErrorCode: refusal.code, ErrorInfo: refusal.message, Official_Account: id };
      }
    }),
  };
}

function modifyChannel(body: Body, channels: Channels): object {
  rejectUnknownKeys(body, ["Official_Account", ...WRITABLE_FIELDS.map(({ name }) => name)]);
  const channel = find(textOf(body, "Official_Account"), channels);
  const named = CHANNEL_FIELDS.filter(({ name }) => name in body);
  if (named.length === 0) throw new SandboxRefusal(6017, "nothing to change"); // assumed
  for (const field of named) rejectValue(field, body[field.name]);
  change(channel, Object.fromEntries(named.map(({ name }) => [name, body[name]])) as ChannelValues);
  return {};
}

function modifySubscriber(body: Body, channels: Channels): object {
  rejectUnknownKeys(body, ["Official_Account", "Subscriber_Account", "CustomString"]);
  const channel = find(textOf(body, "Official_Account"), channels);
  const subscriber = textOf(body, "Subscriber_Account");
  rejectValue(SUBSCRIBER_CUSTOM_STRING, body.CustomString);
  if (!channel.subscribers.has(subscriber)) throw new SandboxRefusal(131003, "subscription not found"); // assumed
  channel.subscribers.set(subscriber, String(body.CustomString));
  return {};
}

function find(id: string, channels: Channels): StoredChannel {
  if (!id.startsWith(CHANNEL_ID_PREFIX)) throw new SandboxRefusal(130007, "invalid official account id"); // assumed
  const channel = channels.get(id);
  if (!channel) throw new SandboxRefusal(130004, "official account not exist");
  return channel;
}

function rejectValue(field: Field, value: unknown): void {
  const isRightType = field.type === "integer" ? Number.isSafeInteger(value) : typeof value === "string";
  if (!isRightType) throw new SandboxRefusal(20001, `${field.name} has the wrong type`); // code assumed
  const bytes = Buffer.byteLength(String(value));
  if (field.maxBytes !== undefined && bytes > field.maxBytes)
    throw new SandboxRefusal(6017, `${field.name} is too long`); // code assumed
}

// The service may ignore unknown keys; here a mistake of the client must show (assumed).
function rejectUnknownKeys(body: Body, known: readonly string[]): void {
  const unknownKey = Object.keys(body).find((key) => !known.includes(key));
  if (unknownKey !== undefined) throw new SandboxRefusal(20001, "unknown field in the request");
}

function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "") throw new SandboxRefusal(6017, `${name} is missing`);
  return value;
}

function objectOf(value: unknown): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SandboxRefusal(20001, "not an object");
  return value as Body;
}
