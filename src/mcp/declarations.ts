import { z } from "zod";
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

/** The schema without what says nothing: its dialect, which MCP sets, and in outputs the closing of each object. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...kept } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema: part }) {
      if (io === "output" && part.additionalProperties === false) delete part.additionalProperties;
      delete part.propertyNames;
    },
  });
  return kept;
}
