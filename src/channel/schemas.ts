import * as z from "zod/v4";
import {
  CHANNEL_FIELDS,
  CHANNEL_ID_PREFIX,
  type ChannelFacts,
  type ChannelValues,
  type Field,
  MOST_CHANNELS_A_GET,
  READABLE_FIELDS,
  type ReadableFieldName,
  SUBSCRIBER_CUSTOM_STRING,
  SUBSCRIBER_LIMIT_BOUNDS,
  WRITABLE_FIELDS,
} from "./fields.ts";
import { byteLength, countCharacters, isWellFormed, longestFit } from "./text.ts";

/** The zod schemas of what goes in and what comes out, made from the table of fields. */

/** Faults of a text against its limit in UTF-8 bytes, each a complete sentence without its subject. */
function faultsOfText(text: string, maxBytes: number | undefined): string[] {
  if (!isWellFormed(text)) return [" holds half a character (a lone surrogate), which cannot be sent: remove it."];
  const bytes = byteLength(text);
  if (maxBytes === undefined || bytes <= maxBytes) return [];
  const fit = JSON.stringify(longestFit(text, maxBytes));
  return [
    ` is ${bytes} of ${maxBytes} bytes (${countCharacters(text)} characters): cut at least ${bytes - maxBytes} ${bytes - maxBytes === 1 ? "byte" : "bytes"}; the longest version that fits: ${fit}.`,
  ];
}

function text(maxBytes?: number) {
  return z.string().check((context) => {
    for (const message of faultsOfText(context.value, maxBytes)) {
      context.issues.push({ code: "custom", message, input: context.value });
    }
  });
}

function id(says: string) {
  return text()
    .check((context) => {
      if (context.value === "") context.issues.push({ code: "custom", message: " is empty: give the ID.", input: "" });
    })
    .describe(says);
}

/** The input schema of one writable field, its limit as a necessary bound and its bytes in words. */
function fieldSchema(field: Field): z.ZodType {
  if (field.type === "integer") {
    const { least, most } = SUBSCRIBER_LIMIT_BOUNDS;
    return z.int().min(least).max(most).describe(field.says);
  }
  return text(field.maxBytes).meta({
    maxLength: field.maxBytes,
    description: `${field.says}, ≤${field.maxBytes} bytes`,
  });
}

const channelId = () => id(`Channel ID, ${CHANNEL_ID_PREFIX}…`);

/** Input of get_official_account_info. */
export const getInput = z.strictObject({
  OfficialAccountIdList: z
    .array(z.strictObject({ Official_Account: channelId() }))
    .min(1)
    .max(MOST_CHANNELS_A_GET),
  ResponseFilter: z
    .strictObject({
      OfficialAccountBaseInfoFilter: z
        .array(z.enum(READABLE_FIELDS.map((field) => field.name) as [ReadableFieldName, ...ReadableFieldName[]]))
        .min(1)
        .optional(),
    })
    .optional()
    .describe("Fields to return; all if left out"),
});

export type GetInput = z.infer<typeof getInput>;

/** One channel and the new values of the fields to change. */
export type ModifyChannelInput = { Official_Account: string } & ChannelValues;

/** Input of modify_official_account_base_info. */
export const modifyChannelInput = z.strictObject({
  Official_Account: channelId(),
  ...Object.fromEntries(WRITABLE_FIELDS.map((field) => [field.name, fieldSchema(field).optional()])),
}) as unknown as z.ZodType<ModifyChannelInput>;

/** Input of modify_subscriber_info. */
export const modifySubscriberInput = z.strictObject({
  Official_Account: channelId(),
  Subscriber_Account: id("User ID of the subscriber"),
  CustomString: fieldSchema(SUBSCRIBER_CUSTOM_STRING) as z.ZodType<string>,
});

const integer = () => z.number().meta({ type: "integer" });

/** The explanation on every failure. Its stages and fixers stand in Explanation; here they are told in short. */
const explanationOutput = z.object({
  stage: z.string(),
  cause: z.string(),
  fixedBy: z.string(),
  nextStep: z.string(),
  safeToResend: z.boolean(),
  attempts: integer(),
});

const head = {
  ActionStatus: z.string().optional(),
  ErrorCode: integer().optional(),
  ErrorInfo: z.string().optional(),
};

const readableOutputs = Object.fromEntries(
  CHANNEL_FIELDS.filter((field) => field.readable).map((field) => [
    field.name,
    (field.type === "integer" ? integer() : z.string()).optional(),
  ]),
) as unknown as { [Name in ReadableFieldName]: z.ZodType<ChannelFacts[Name]> };

/** One channel of an answer: its own outcome, its facts, and an explanation where it failed. */
const channelOutput = z.object({
  Official_Account: z.string(),
  ErrorCode: head.ErrorCode,
  ErrorInfo: head.ErrorInfo,
  ...readableOutputs,
  explanation: explanationOutput.optional(),
});

const nextCall = z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) });

const onEveryResult = {
  ...head,
  RequestId: z.string().optional(),
  explanation: explanationOutput.optional(),
  sandbox: z.boolean().optional(),
};

/** Output of get_official_account_info. */
export const getOutput = z.object({
  ...onEveryResult,
  OfficialAccountInfoList: z.array(channelOutput).optional(),
  leftOut: z.object({ reason: z.string(), nextCall }).optional(),
});

/** A value of a channel's field. Two types, told in a form that every client reads: a union is not. */
const value = () =>
  z
    .unknown()
    .meta({ type: ["string", "integer"] })
    .optional();

const change = z.object({
  field: z.string(),
  before: value(),
  after: value(),
  verdict: z.string(),
});

/** Output of both modify tools: the documented head, and the receipt. */
export const modifyOutput = z.object({
  ...onEveryResult,
  receipt: z
    .object({
      outcome: z.string(),
      summary: z.string(),
      changes: z.array(change),
      undo: nextCall.optional(),
      warnings: z.array(z.string()),
    })
    .optional(),
});
