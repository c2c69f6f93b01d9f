import * as z from "zod/v4";
import { InputRefusal } from "./explanation.ts";
import { CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING } from "./fields.ts";
import { nearestName } from "./names.ts";
import { clip } from "./text.ts";

/** Arguments against a schema: null is absent, every fault is named at once and says how to mend it. */

/** The most characters of an argument that a fault repeats. */
const MOST_SHOWN = 80;

/**
 * Checks what an agent sent against a tool's input schema.
 *
 * @param alsoFaulty says what is wrong with the object as a whole, asked even where single fields are at fault
 * @throws InputRefusal listing all faults
 */
export function checkInput<T>(schema: z.ZodType<T>, args: unknown, alsoFaulty?: (args: object) => string[]): T {
  try {
    return check(schema, args, alsoFaulty);
  } catch (error) {
    if (error instanceof RangeError) throw new InputRefusal(["The arguments are nested too deep."]);
    throw error;
  }
}

function check<T>(schema: z.ZodType<T>, args: unknown, alsoFaulty?: (args: object) => string[]): T {
  const given = withoutNulls(schema, args ?? {});
  const result = schema.safeParse(given, { reportInput: true });
  const faults = result.success ? [] : result.error.issues.flatMap((issue) => describe(issue, given, schema));
  if (alsoFaulty && isRecord(given)) faults.push(...alsoFaulty(given));
  if (result.success && faults.length === 0) return result.data;
  throw new InputRefusal(faults);
}

/** Some hosts send null for every optional argument: for a known field that means absent. */
function withoutNulls(schema: z.core.$ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional) return withoutNulls(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((element) => withoutNulls(schema.element, element));
  }
  if (!(schema instanceof z.ZodObject) || !isRecord(value)) return value;
  const kept = Object.entries(value)
    .filter(([key, part]) => part !== null || !Object.hasOwn(schema.shape, key))
    .map(([key, part]) => [key, Object.hasOwn(schema.shape, key) ? withoutNulls(schema.shape[key], part) : part]);
  return Object.fromEntries(kept);
}

function describe(issue: z.core.$ZodIssue, given: unknown, schema: z.core.$ZodType): string[] {
  const place = placeName(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => describeStranger(key, issue.path, given, schema));
    case "invalid_type":
      if (issue.input === undefined) return [`${place} is required: give ${wanted(issue.expected, issue.path)}.`];
      return [
        `${place} must be ${wanted(issue.expected, issue.path)}, not ${whatItIs(issue.input, issue.expected === "string")}.`,
      ];
    case "invalid_value":
      return [`${place} is ${show(issue.input)}, which is not one of ${issue.values.join(", ")}.${guess(issue)}`];
    case "too_big":
      if (issue.origin === "array") {
        const count = (issue.input as unknown[]).length;
        return [`${place} has ${count} elements; at most ${issue.maximum} fit into one call: split it into several.`];
      }
      return [`${place} is ${show(issue.input)}; the most is ${issue.maximum}.`];
    case "too_small":
      if (issue.origin === "array") return [`${place} is empty: give at least one element.`];
      return [`${place} is ${show(issue.input)}; the least is ${issue.minimum}.`];
    default:
      return [`${place}${issue.message}`];
  }
}

function guess({ input, values }: z.core.$ZodIssueInvalidValue): string {
  const meant = typeof input === "string" ? nearestName(input, values.map(String)) : undefined;
  return meant ? ` Did you mean ${meant}?` : "";
}

// Things that belong to the signed URL. Agents invent them, having read the service's own pages.
const MADE_BY_THE_SERVER = ["random", "contenttype", "sdkappid", "identifier", "usersig"];

function describeStranger(key: string, path: PropertyKey[], given: unknown, schema: z.core.$ZodType): string {
  const place = placeName([...path, key]);
  if (MADE_BY_THE_SERVER.includes(key.toLowerCase()))
    return `${place} is not an argument: this server adds it by itself. Leave it out.`;
  if (key === "OfficialAccountBaseInfoFilter" && path.length === 0) {
    return `${place} belongs into "ResponseFilter":{"OfficialAccountBaseInfoFilter":[…]}.`;
  }
  const isReadOnly = CHANNEL_FIELDS.some((field) => field.name === key && !field.writable);
  if (isReadOnly) return `${place} can be read but not written: leave it out.`;
  const known = shapeAt(schema, path);
  const meant = nearestName(key, known);
  if (meant) return `${place} is not a field of this tool: did you mean ${meant}?`;
  if (key === "Official_Account" && known.includes("OfficialAccountIdList")) {
    const id = isRecord(given) ? given[key] : undefined;
    const example = typeof id === "string" ? id : "@TOA#_…";
    return `${place} belongs into the list: "OfficialAccountIdList":[{"Official_Account":${show(example)}}].`;
  }
  return `${place} is not a field of this tool, which takes ${known.join(", ")}. Leave it out.`;
}

function shapeAt(schema: z.core.$ZodType, path: PropertyKey[]): string[] {
  let at = schema;
  for (const step of path) {
    if (at instanceof z.ZodOptional) at = at.unwrap();
    if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodObject) at = at.shape[String(step)];
  }
  if (at instanceof z.ZodOptional) at = at.unwrap();
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function wanted(expected: string, path: PropertyKey[]): string {
  const field = [...CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING].find(({ name }) => name === path.at(-1));
  if (path[0] === "OfficialAccountIdList" && expected === "object")
    return 'an object such as {"Official_Account":"@TOA#_…"}';
  if (path.at(-1) === "OfficialAccountIdList") return 'an array such as [{"Official_Account":"@TOA#_…"}]';
  if (path.at(-1) === "ResponseFilter") return 'an object such as {"OfficialAccountBaseInfoFilter":["Name"]}';
  if (expected === "array") return 'an array such as ["Name"]';
  if (expected === "int" || expected === "number") return "a whole number without quotes";
  if (expected === "object") return "an object";
  return field ? "text (a string)" : "an ID as text (a string)";
}

function whatItIs(value: unknown, wantsText: boolean): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return wantsText ? "an object (JSON goes in as text)" : "an object";
  if (typeof value === "string")
    return /^\s*[[{]/.test(value) ? `JSON inside a string (send the value itself)` : `the text ${show(value)}`;
  return `the ${typeof value} ${show(value)}`;
}

function placeName(path: PropertyKey[]): string {
  let name = "";
  for (const step of path)
    name += typeof step === "number" ? `[${step}]` : `${name && "."}${clip(String(step), MOST_SHOWN)}`;
  return name || "The arguments";
}

function show(value: unknown): string {
  return clip(JSON.stringify(value) ?? String(value), MOST_SHOWN);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
