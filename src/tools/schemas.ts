import * as z from "zod/v4";
import {
  CHANNEL_FIELDS,
  CHANNEL_ID_PREFIX,
  FILTERABLE_FIELDS,
  MAX_CHANNELS_PER_GET,
  SUBSCRIBER_CUSTOM_STRING,
  SUBSCRIBER_LIMIT_BOUNDS,
  WRITABLE_FIELDS,
} from "../channel/fields.ts";
import { longestFit, plural } from "../text/text.ts";

/** The zod schemas of what goes in and what comes out, built from the table of fields. */

/** No ID of the service comes near this (the longest documented one has 48 bytes); longer ones would fill the memory. */
const MAX_ID_BYTES = 1_000;

function text(maxBytes: number) {
  return z
    .string()
    .refine((value) => value.isWellFormed(), " holds an unpaired surrogate, which cannot be sent: remove it.")
    .refine((value) => Buffer.byteLength(value) <= maxBytes, {
      error: ({ input }) => tooLong(String(input), maxBytes),
    });
}

function tooLong(value: string, maxBytes: number): string {
  const bytes = Buffer.byteLength(value);
  return ` is ${bytes} bytes; the limit is ${maxBytes} bytes. Cut at least ${plural(bytes - maxBytes, "byte")}. The longest version that fits: ${JSON.stringify(longestFit(value, maxBytes))}.`;
}

function id(description: string) {
  return text(MAX_ID_BYTES)
    .refine((value) => value !== "", " is empty: give the ID.")
    .describe(description);
}

/** The limit of a text field stands in its description in bytes, and in its schema as a necessary bound in characters. */
function textField({ maxBytes, description }: { readonly maxBytes: number; readonly description: string }) {
  return text(maxBytes).meta({ maxLength: maxBytes, description: `≤${maxBytes} bytes. ${description}` });
}

const { min, max } = SUBSCRIBER_LIMIT_BOUNDS;
const writableFields = WRITABLE_FIELDS.map((field) => {
  const schema = field.type === "integer" ? z.int().min(min).max(max).describe(field.description) : textField(field);
  return [field.name, schema.optional()];
});

const channelId = () => id(`Channel ID, ${CHANNEL_ID_PREFIX}…`);

export const getInput = z.strictObject({
  OfficialAccountIdList: z
    .array(z.strictObject({ Official_Account: channelId() }))
    .min(1)
    .max(MAX_CHANNELS_PER_GET),
  ResponseFilter: z
    .strictObject({
      OfficialAccountBaseInfoFilter: z
        .array(z.enum(FILTERABLE_FIELDS.map((field) => field.name)))
        .min(1)
        .optional(),
    })
    .optional()
    .describe("Fields to return; all if left out. The ID always comes back"),
});

export type GetInput = z.infer<typeof getInput>;

export const modifyChannelInput = z
  .strictObject({
    Official_Account: channelId(),
    ...(Object.fromEntries(writableFields) as object),
  })
  .refine(
    (values) => Object.keys(values).length > 1,
    ` name no field to change: give at least one of ${WRITABLE_FIELDS.map(({ name }) => name).join(", ")}.`,
  );

export const modifySubscriberInput = z.strictObject({
  Official_Account: channelId(),
  Subscriber_Account: id("User ID of the subscriber"),
  CustomString: textField(SUBSCRIBER_CUSTOM_STRING),
});

export type ModifySubscriberInput = z.infer<typeof modifySubscriberInput>;

const integer = () => z.number().meta({ type: "integer" });

/** The explanation on every failure (type: Explanation). */
const explanationOutput = z.object({
  stage: z.string(),
  cause: z.string(),
  fixedBy: z.string(),
  nextStep: z.string(),
  safeToResend: z.boolean(),
  attempts: integer(),
});

const envelope = {
  ActionStatus: z.string().optional(),
  ErrorCode: integer().optional(),
  ErrorInfo: z.string().optional(),
};

const readableOutputs = Object.fromEntries(
  CHANNEL_FIELDS.flatMap((field) => [
    [field.name, (field.type === "integer" ? integer() : z.string()).optional()],
    ...("isoName" in field ? [[field.isoName, z.string().optional()]] : []),
  ]),
) as Record<string, z.ZodOptional>;

/** One channel of an answer: its own outcome, its fields, and an explanation where it failed. */
const channelOutput = z.object({
  Official_Account: z.string(),
  ErrorCode: envelope.ErrorCode,
  ErrorInfo: envelope.ErrorInfo,
  ...readableOutputs,
  // As the explanation of the whole; stated once, because the list of tools is in the context of every conversation.
  explanation: z.looseObject({}).optional(),
});

const nextCall = z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) });

const onEveryResult = {
  ...envelope,
  RequestId: z.string().optional(),
  explanation: explanationOutput.optional(),
  note: z.string().optional(),
  sandbox: z.boolean().optional(),
};

export const getOutput = z.object({
  ...onEveryResult,
  OfficialAccountInfoList: z.array(channelOutput).optional(),
  leftOut: z.object({ reason: z.string(), nextCall }).optional(),
});

const value = () => z.union([z.string(), integer()]).optional();

const bytes = z.object({ used: integer(), max: integer() }).optional();

const change = z.object({ field: z.string(), before: value(), after: value(), verdict: z.string(), bytes });

const onEveryReceipt = { outcome: z.string(), channel: z.string(), summary: z.string(), warnings: z.array(z.string()) };

/** Output of modify_official_account_base_info: the documented envelope, and the receipt (type: Receipt). */
export const modifyChannelOutput = z.object({
  ...onEveryResult,
  receipt: z
    .object({
      ...onEveryReceipt,
      subscribers: integer().optional(),
      changes: z.array(change),
      undo: nextCall.optional(),
    })
    .optional(),
});

/** Output of modify_subscriber_info: no before and no undo. */
export const modifySubscriberOutput = z.object({
  ...onEveryResult,
  receipt: z
    .object({
      ...onEveryReceipt,
      subscriber: z.string(),
      changes: z.array(change.omit({ before: true })),
    })
    .optional(),
});
