/**
 * THE table of documented fields. Schemas, checks in bytes, the sandbox's limits, receipts, the README's tables:
 * all follow from these rows. A fact about a field stands here and nowhere else.
 */

/** Titles of the service's pages that the rows cite. */
const PAGES = {
  get: "Getting Official Channel Information",
  modify: "Modifying Official Channel Information",
  subscriber: "Modifying Subscriber Information",
} as const;

/** One documented field of a channel or a subscriber. */
export interface Field {
  /** The name on the wire, verbatim. */
  readonly name: string;
  readonly type: "string" | "integer";
  /** The documented limit in UTF-8 bytes; a Chinese character takes three. */
  readonly maxBytes?: number;
  /** True if a modify call can set it. */
  readonly writable: boolean;
  /** True if get_official_account_info returns it. */
  readonly readable: boolean;
  /** What it is, for a person and for an agent. */
  readonly says: string;
  /** The page that documents it. */
  readonly page: (typeof PAGES)[keyof typeof PAGES];
}

/** Every field of a channel, the writable ones first. */
export const CHANNEL_FIELDS = [
  {
    name: "Name",
    type: "string",
    maxBytes: 150,
    writable: true,
    readable: true,
    says: "Channel name",
    page: PAGES.modify,
  },
  {
    name: "Introduction",
    type: "string",
    maxBytes: 400,
    writable: true,
    readable: true,
    says: "Introduction shown to subscribers",
    page: PAGES.modify,
  },
  {
    name: "FaceUrl",
    type: "string",
    maxBytes: 500,
    writable: true,
    readable: true,
    says: "Avatar URL",
    page: PAGES.modify,
  },
  {
    name: "Organization",
    type: "string",
    maxBytes: 500,
    writable: true,
    readable: true,
    says: "Organization the channel belongs to",
    page: PAGES.modify,
  },
  {
    name: "CustomString",
    type: "string",
    maxBytes: 3000,
    writable: true,
    readable: true,
    says: "The app's own data, replaced whole: to change a part, read it and send all of it",
    page: PAGES.modify,
  },
  {
    name: "MaxSubscriberNum",
    type: "integer",
    writable: true,
    readable: false,
    says: "Subscriber limit; no tool reads it. Left out: the documents leave open whether a raised limit stays or falls to 100,000",
    page: PAGES.modify,
  },
  {
    name: "CreateTime",
    type: "integer",
    writable: false,
    readable: true,
    says: "Time of creation, Unix seconds",
    page: PAGES.get,
  },
  {
    name: "Owner_Account",
    type: "string",
    writable: false,
    readable: true,
    says: "User who owns the channel",
    page: PAGES.get,
  },
  {
    name: "LastMsgTime",
    type: "integer",
    writable: false,
    readable: true,
    says: "Time of the last message, Unix seconds",
    page: PAGES.get,
  },
  {
    name: "SubscriberNum",
    type: "integer",
    writable: false,
    readable: true,
    says: "Current number of subscribers",
    page: PAGES.get,
  },
] as const satisfies readonly Field[];

/** The one field of a subscriber. Its limit is on the service's system page alone. */
export const SUBSCRIBER_CUSTOM_STRING = {
  name: "CustomString",
  type: "string",
  maxBytes: 3000,
  writable: true,
  readable: false,
  says: "The app's own data about this subscriber, replaced whole; no tool reads it",
  page: PAGES.subscriber,
} as const satisfies Field;

/** At most so many channels in one get (page: Getting Official Channel Information). */
export const MOST_CHANNELS_A_GET = 50;

/** A limit in subscribers has no documented bounds; these keep out what no counter of theirs could hold (assumed). */
export const SUBSCRIBER_LIMIT_BOUNDS = { least: 0, most: 4_294_967_295 } as const;

/** Channel IDs start so (page: Getting Official Channel Information). Other IDs are for the service to refuse. */
export const CHANNEL_ID_PREFIX = "@TOA#_";

type Row = (typeof CHANNEL_FIELDS)[number];
type ValueOf<R extends Row> = R["type"] extends "integer" ? number : string;

/** Names of the fields a modify can set. */
export type WritableFieldName = Extract<Row, { writable: true }>["name"];
/** Names of the fields a get returns. */
export type ReadableFieldName = Extract<Row, { readable: true }>["name"];
/** New values for a channel: only the fields to change. */
export type ChannelValues = { [R in Extract<Row, { writable: true }> as R["name"]]?: ValueOf<R> | undefined };
/** What a get tells of one channel. */
export type ChannelFacts = { [R in Extract<Row, { readable: true }> as R["name"]]?: ValueOf<R> | undefined };

/** The rows a modify can set, in the order of the page. */
export const WRITABLE_FIELDS = CHANNEL_FIELDS.filter((field) => field.writable);
/** The rows a get returns, in the order of the page. */
export const READABLE_FIELDS = CHANNEL_FIELDS.filter((field) => field.readable);

/** A sentence for a refusal: what is odd about an ID, or undefined where it looks like one. */
export function hintAboutId(id: string): string | undefined {
  if (id !== id.trim()) return "The ID given begins or ends with white space: leave that out.";
  if (id.startsWith(CHANNEL_ID_PREFIX)) return undefined;
  return `Channel IDs start with ${CHANNEL_ID_PREFIX}; the one given does not.`;
}
