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
 * The schema without what tells a model nothing: in outputs the closing of objects and the lists of required keys. The
 * dialect of OpenAPI 3.0 has no list of types, which some clients cannot map.
 */
function toJsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  return z.toJSONSchema(schema, {
    io,
    target: "openapi-3.0",
    override({ jsonSchema: part }) {
      if (io === "input") return;
      delete part.additionalProperties;
      delete part.required;
    },
  });
}
