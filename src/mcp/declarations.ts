import * as z from "zod/v4";
import { TOOLS } from "../tools/call-tool.ts";

/** The tools as clients see them. Every byte here is in the context of every conversation, so nothing is said twice. */

/** The tools as tools/list answers them. The build writes them to tools-list.json, which the server reads. */
export function declareTools(): object[] {
  return TOOLS.map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: toJsonSchema(tool.input, "input"),
    outputSchema: toJsonSchema(tool.output, "output"),
    annotations: {
      readOnlyHint: !tool.isWrite,
      destructiveHint: tool.isWrite,
      idempotentHint: true,
      openWorldHint: true,
    },
  }));
}

/**
 * The schema without what tells a model nothing: its dialect, which MCP sets, and in outputs the closing of objects and
 * the lists of required keys.
 */
function toJsonSchema(schema: z.ZodType, io: "input" | "output"): object {
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

/** Some clients cannot map a list of types, so each type becomes a branch of its own. */
function splitTypes(_key: string, part: unknown): unknown {
  if (typeof part !== "object" || part === null || !("type" in part) || !Array.isArray(part.type)) return part;
  return { anyOf: part.type.map((type) => ({ type })) };
}
