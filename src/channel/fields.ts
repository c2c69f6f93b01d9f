/**
 * The table of documented fields. Schemas, byte limits, receipts and the README's tables are all built
 * from these rows, so each fact about a field is stated once, here.
 */

export interface Field {
  /** The name on the wire, verbatim. */
  readonly name: string;
  readonly type: "string" | "integer";
  /** The documented limit in UTF-8 bytes; a Chinese character takes three. */
  readonly maxBytes?: number;
  readonly writable: boolean;
  readonly filterable: boolean;
  /** For a time in Unix seconds: the name under which results add it in ISO 8601 UTC. */
  readonly isoName?: string;
  readonly description: string;
}

/** [Modifying Official Channel Information](https://www.tencentcloud.com/document/product/1047/60757). */
const editable = { type: "string", writable: true, filterable: true } as const;
/** [Getting Official Channel Information](https://www.tencentcloud.com/document/product/1047/60758). */
const readOnly = { writable: false, filterable: true } as const;

/** Every field of a channel, the writable ones first. */
export const CHANNEL_FIELDS = [
  { ...editable, name: "Name", maxBytes: 150, description: "Channel name" },
  { ...editable, name: "Introduction", maxBytes: 400, description: "Shown to subscribers" },
  { ...editable, name: "FaceUrl", maxBytes: 500, description: "Avatar URL" },
  { ...editable, name: "Organization", maxBytes: 500, description: "Organization the channel belongs to" },
  {
    ...editable,
    name: "CustomString",
    maxBytes: 3000,
    description: "The app's own data, replaced whole: to change a part, read it, then send all of it",
  },
  {
    // The data-model page calls it readable; the filter and the sample of the get page lack it.
    name: "MaxSubscriberNum",
    type: "integer",
    writable: true,
    filterable: false,
    description:
      "Subscriber limit. Send it only if the person names one. Seldom readable: then it cannot be verified or undone",
  },
  {
    ...readOnly,
    name: "CreateTime",
    type: "integer",
    isoName: "createdAt",
    description: "Creation time, Unix seconds",
  },
  { ...readOnly, name: "Owner_Account", type: "string", description: "User who owns the channel" },
  {
    ...readOnly,
    name: "LastMsgTime",
    type: "integer",
    isoName: "lastMessageAt",
    description: "Time of the last message, Unix seconds",
  },
  { ...readOnly, name: "SubscriberNum", type: "integer", description: "Current number of subscribers" },
] as const satisfies readonly Field[];

/**
 * The one field of a subscriber ([Modifying Subscriber Information](https://www.tencentcloud.com/document/product/1047/60762)).
 * Its limit is stated on the system limits page only.
 */
export const SUBSCRIBER_CUSTOM_STRING = {
  name: "CustomString",
  type: "string",
  maxBytes: 3000,
  writable: true,
  filterable: false,
  description: "The app's own data",
} as const satisfies Field;

/** Maximum number of channels in one get (same page as the fields that can be read). */
export const MAX_CHANNELS_PER_GET = 50;

/** MaxSubscriberNum has no documented bounds; these reject what no 32-bit counter could hold (assumed). */
export const SUBSCRIBER_LIMIT_BOUNDS = { min: 1, max: 4_294_967_295 } as const;

/** Channel IDs start with this (same page). An app may choose the rest itself. */
export const CHANNEL_ID_PREFIX = "@TOA#_";

type Row = (typeof CHANNEL_FIELDS)[number];
type ValueOf<R extends Row> = R["type"] extends "integer" ? number : string;

export type WritableFieldName = Extract<Row, { writable: true }>["name"];
export type FilterableFieldName = Extract<Row, { filterable: true }>["name"];
export type ChannelValues = { [R in Extract<Row, { writable: true }> as R["name"]]?: ValueOf<R> | undefined };
export type ChannelInfo = { [R in Row as R["name"]]?: ValueOf<R> | undefined };

export const WRITABLE_FIELDS = CHANNEL_FIELDS.filter((field) => field.writable);
export const FILTERABLE_FIELDS = CHANNEL_FIELDS.filter((field) => field.filterable);

export function isLimit(value: number): boolean {
  return value >= SUBSCRIBER_LIMIT_BOUNDS.min && value <= SUBSCRIBER_LIMIT_BOUNDS.max;
}

/** The documented limit of a field in UTF-8 bytes. */
export function maxBytesOf(name: string): number | undefined {
  const field = WRITABLE_FIELDS.find((candidate) => candidate.name === name);
  return field && "maxBytes" in field ? field.maxBytes : undefined;
}

/** What looks wrong about a channel ID, as a sentence; undefined where it looks right. The service decides. */
export function describeIdProblem(id: string): string | undefined {
  if (id !== id.trim()) return "The ID given begins or ends with whitespace: remove it.";
  if (id.startsWith(CHANNEL_ID_PREFIX)) return undefined;
  return `Channel IDs start with ${CHANNEL_ID_PREFIX}; the one given does not.`;
}
