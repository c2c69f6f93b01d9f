import * as z from "zod/v4";
import { InputError } from "../call/explained-error.ts";
import { CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING } from "../channel/fields.ts";
import { isRecord } from "../text/json.ts";
import { nearestName } from "../text/nearest-name.ts";
import { clip } from "../text/text.ts";

/** Checks arguments against a schema: every problem is listed with how to fix it. */

const MAX_SHOWN = 80;

/**
 * Validates converted arguments against a tool's input schema.
 * @param more other problems of the arguments, each a sentence
 * @throws InputError listing all problems
 */
export function validateInput<T>(schema: z.ZodType<T>, given: unknown, more: readonly string[] = []): T {
  const { data, error } = schema.safeParse(given, {
    reportInput: true,
    // The message of an unknown key is the list of the known ones: an issue does not tell where it comes from.
    error: ({ code, inst }) =>
      code === "unrecognized_keys" && inst instanceof z.ZodObject ? Object.keys(inst.shape).join(", ") : undefined,
  });
  const problems = [...(error?.issues ?? []).flatMap((issue) => describe(issue, given)), ...more];
  if (problems.length > 0) throw new InputError(problems);
  return data as T;
}

function describe(issue: z.core.$ZodIssue, given: unknown): string | string[] {
  const place = placeName(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => describeUnknownKey(key, issue.path, given, issue.message));
    case "invalid_type": {
      const expected = describeExpected(issue.expected, issue.path);
      if (issue.input === undefined) return `${place} is required: give ${expected}.`;
      return `${place} must be ${expected}, not ${describeActual(issue.input, issue.expected === "string")}.`;
    }
    case "invalid_value":
      return `${place} is ${show(issue.input)}, which is not one of ${issue.values.join(", ")}.${guess(issue)}`;
    case "too_big":
      if (typeof issue.input === "string") return []; // its wrong type is a problem of its own
      if (Array.isArray(issue.input))
        return `${place} has ${issue.input.length} elements; the maximum is ${issue.maximum} per call: split it into several calls.`;
      return `${place} is ${show(issue.input)}; the maximum is ${issue.maximum}.`;
    case "too_small":
      if (typeof issue.input === "string") return [];
      if (Array.isArray(issue.input)) return `${place} is empty: give at least one element.`;
      return `${place} is ${show(issue.input)}; the minimum is ${issue.minimum}. Leave it out to keep its value.`;
    default:
      return `${place}${issue.message}`;
  }
}

function guess({ input, values }: z.core.$ZodIssueInvalidValue): string {
  const meant = typeof input === "string" ? nearestName(input, values.map(String)) : undefined;
  return meant ? ` Did you mean ${meant}?` : "";
}

/** Names under which some hosts and models put all arguments. */
const WRAPPERS = ["input", "arguments", "args", "params", "parameters", "kwargs", "body", "data"];

// Parts of the signed URL. Agents that know the service's pages send them.
const ADDED_BY_SERVER = ["random", "contenttype", "sdkappid", "identifier", "usersig"];

function describeUnknownKey(key: string, path: PropertyKey[], given: unknown, known: string): string {
  const place = placeName([...path, key]);
  const inside = isRecord(given) ? given[key] : undefined;
  if (WRAPPERS.includes(key) && (isRecord(inside) || /^\s*\{/.test(String(inside))))
    return `${place} is not a field of this tool: put what is inside it at the top level.`;
  if (ADDED_BY_SERVER.includes(key.toLowerCase()))
    return `${place} was not understood: this server adds it itself. Leave it out.`;
  if (key === "OfficialAccountBaseInfoFilter" && path.length === 0) {
    return `${place} belongs in "ResponseFilter":{"OfficialAccountBaseInfoFilter":[…]}.`;
  }
  const isReadOnly = CHANNEL_FIELDS.some((field) => field.name === key && !field.writable);
  if (isReadOnly) return `${place} can be read but not written: leave it out.`;
  const meant = nearestName(key, known.split(", "));
  if (meant) return `${place} is not a field of this tool: did you mean ${meant}?`;
  if (key === "Official_Account" && known.includes("OfficialAccountIdList")) {
    const id = isRecord(given) ? given[key] : undefined;
    const example = typeof id === "string" ? id : "@TOA#_…";
    return `${place} belongs in the list: "OfficialAccountIdList":[{"Official_Account":${show(example)}}].`;
  }
  return `${place} is not a field of this tool, which takes ${known}. Use one of these, or leave it out.`;
}

function describeExpected(expected: string, path: PropertyKey[]): string {
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

function describeActual(value: unknown, expectsText: boolean): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return expectsText ? "an object (JSON goes in as text)" : "an object";
  if (typeof value === "string")
    return /^\s*[[{]/.test(value) ? `JSON inside a string (send the value itself)` : `the text ${show(value)}`;
  return `the ${typeof value} ${show(value)}`;
}

function placeName(path: PropertyKey[]): string {
  let name = "";
  for (const step of path)
    name += typeof step === "number" ? `[${step}]` : `${name && "."}${clip(String(step) || '""', MAX_SHOWN)}`;
  return name || "The arguments";
}

function show(value: unknown): string {
  // JSON has no word for a number that is too large.
  return typeof value === "number" ? String(value) : clip(JSON.stringify(value) ?? String(value), MAX_SHOWN);
}
