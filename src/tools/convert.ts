import * as z from "zod/v4";
import { isRecord, parseJson } from "../text/json.ts";

/**
 * Undoes what hosts do to arguments on their way, which a model cannot undo: driven by the schema, losing nothing.
 * What cannot be converted stays as it is, for the schema to refuse.
 */

/**
 * Keys that hosts add beside the arguments, with a source for each. Every other unknown key stays an error.
 * Names of our own fields are never among them.
 */
const HOST_KEYS: readonly string[] = [
  "task_progress", // Cline: cline/cline#8256, #9684
  "toolCallId", // n8n: n8n-io/n8n#21500, #21716; the next four with it
  "tool",
  "sessionId",
  "action",
  "chatInput",
  "toolName", // n8n: strip list of an n8n middleware
  "wait_for_previous", // Gemini CLI: packages/core/src/tools/tools.ts, addWaitForPreviousParameter
  "waitForPreviousTools", // Antigravity: schemas of its tools; the next two with it
  "toolAction",
  "toolSummary",
  "security_context", // CrewAI: crewAIInc/crewAI#4796
  "_meta", // proposed for arguments, LangChain MCP adapters #412; its place is beside them
];
/** Amazon Q and Kiro: __tool_use_purpose, and what models make of it (aws/amazon-q-developer-cli, tool_utils.rs). */
const PURPOSE_KEY = /^__.*purpose$/i;

/**
 * Arguments as a tool's input schema wants them, as far as nothing is lost, and what a person should know of how they
 * were read. Converting twice changes nothing.
 */
export function convertInput(schema: z.core.$ZodType, args: unknown): { value: unknown; warnings: string[] } {
  const warnings: string[] = [];
  const value = convert(schema, args ?? {}, "", warnings);
  if (!isRecord(value)) return { value, warnings };
  const known = schema instanceof z.ZodObject ? schema.shape : {};
  const kept = Object.entries(value).filter(
    ([key]) => Object.hasOwn(known, key) || !(HOST_KEYS.includes(key) || PURPOSE_KEY.test(key)),
  );
  return { value: Object.fromEntries(kept), warnings };
}

function convert(schema: z.core.$ZodType, value: unknown, name: string, warnings: string[]): unknown {
  if (schema instanceof z.ZodOptional) {
    const inner = schema.unwrap();
    return isFiller(inner, value) ? undefined : convert(inner, value, name, warnings);
  }
  if (schema instanceof z.ZodArray) {
    const list = typeof value === "string" ? parseNested(value, Array.isArray) : value;
    return Array.isArray(list) ? list.map((element) => convert(schema.element, element, name, warnings)) : value;
  }
  if (schema instanceof z.ZodObject) {
    const object = typeof value === "string" ? parseNested(value, isRecord) : value;
    if (!isRecord(object)) return value;
    const entries = Object.entries(object).flatMap(([key, part]) => {
      if (!Object.hasOwn(schema.shape, key)) return [[key, part]];
      // Some hosts send null for every optional argument.
      const read = part === null ? undefined : convert(schema.shape[key], part, key, warnings);
      return read === undefined ? [] : [[key, read]];
    });
    return Object.fromEntries(entries);
  }
  if (schema instanceof z.ZodNumber) return isDigits(value) ? Number(value) : value;
  if (!(schema instanceof z.ZodString)) return value;
  const isText = "maxLength" in (schema.meta() ?? {}); // others are IDs
  // A larger number has lost digits already.
  if (Number.isSafeInteger(value)) {
    if (isText && value === 0) return value; // what hosts fill a field with that was left out
    if (isText) warnings.push(`${name} was given as a number; its digits are the value.`);
    return String(value);
  }
  // The other texts hold no JSON: there it is an accident.
  if (name !== "CustomString" || typeof value !== "object" || value === null || !isLossless(value)) return value;
  if (Object.keys(value).length === 0) return value; // a filler as well
  warnings.push(`${name} was given as ${Array.isArray(value) ? "a list" : "an object"}; its JSON text is the value.`);
  return JSON.stringify(value);
}

/** Some hosts fill what is optional with "", or a list with []. For what is no text that can only mean "left out". */
function isFiller(schema: z.core.$ZodType, value: unknown): boolean {
  if (schema instanceof z.ZodString) return false;
  return value === "" || (Array.isArray(value) && value.length === 0); // PHP has one empty value for lists and objects
}

/** False where a number among the parts lost digits when it was read. */
function isLossless(value: unknown): boolean {
  if (typeof value === "number")
    return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
  return typeof value !== "object" || value === null || Object.values(value).every(isLossless);
}

/** What a text holds as JSON, also inside a JSON string; undefined where that is something else. */
function parseNested(text: string, isWanted: (value: unknown) => boolean): unknown {
  const value = parseJson(text);
  if (typeof value === "string" && value.length < text.length) return parseNested(value, isWanted);
  return isWanted(value) ? value : undefined;
}

function isDigits(value: unknown): boolean {
  return typeof value === "string" && Number.isSafeInteger(Number(value)) && String(Number(value)) === value.trim();
}
