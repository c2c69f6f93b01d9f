import * as z from "zod/v4";
import { TOOLS } from "../tools/index.ts";

/** The tools as clients see them: every byte here is in the context of every conversation, so nothing is said twice. */

/** What tools/list answers, without the tools that are off. */
export function declareTools(readOnly: boolean): object[] {
  return TOOLS.filter(({ writes }) => !(readOnly && writes)).map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input, "input"),
    outputSchema: jsonSchema(tool.output, "output"),
    annotations: {
      readOnlyHint: !tool.writes,
      destructiveHint: tool.writes,
      idempotentHint: true,
      openWorldHint: true,
    },
  }));
}

/**
 * The schema without what tells a model nothing: its dialect, which MCP sets, and in outputs the closing of objects and
 * the lists of required keys. What goes out is held to the whole zod schema all the same.
 */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...kept } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema: part }) {
      if (io === "input") return;
      delete part.additionalProperties;
      delete part.propertyNames;
      delete part.required;
    },
  });
  return JSON.parse(JSON.stringify(kept), splitTypes);
}

/** zod writes a union of plain types as a list of types, which some clients cannot map: a branch for each instead. */
function splitTypes(_key: string, part: unknown): unknown {
  if (typeof part !== "object" || part === null || !("type" in part) || !Array.isArray(part.type)) return part;
  return { anyOf: part.type.map((type) => ({ type })) };
}
