import { ExplainedError } from "../channel/explanation.ts";
import { validateInput } from "../channel/input.ts";
import type { EditCall } from "../edits/edit.ts";
import type { Policy } from "../guard/policy.ts";
import type { PolicyError } from "../guard/policy-error.ts";
import { InternalError } from "./internal-error.ts";
import type { Tool, ToolCall, ToolContext, ToolOutcome } from "./tool.ts";

/**
 * The one gate before every tool: secrets → read-only → input → allowed channels → run. Secrets come first, because an
 * input error quotes the argument.
 *
 * @throws ExplainedError where there is only an error to report; InternalError for any other exception of the tool
 */
export async function callTool(tool: Tool, args: object, context: ToolContext, call: EditCall): Promise<ToolOutcome> {
  const { policy } = context;
  policy.assertNoSecrets(args);
  if (tool.isWrite) policy.assertWritable(tool.name);
  const valid = validateInput(tool.input, args, tool.validateWhole);
  const { input, channelIds, disallowed } = admitChannels(tool, valid, policy);
  try {
    return await tool.run(input, context, { ...call, channelIds, disallowed });
  } catch (error) {
    throw error instanceof ExplainedError ? error : new InternalError(tool.isWrite, error);
  }
}

/** Checks every channel that the arguments name. A tool that does not declare them never runs. */
function admitChannels(
  { name, channelArgument }: Tool,
  input: object,
  policy: Policy,
): { input: object } & Pick<ToolCall, "channelIds" | "disallowed"> {
  const disallowed = new Map<string, PolicyError>();
  const value = (input as Readonly<Record<string, unknown>>)[channelArgument];
  if (channelArgument === "Official_Account" && typeof value === "string") {
    const error = policy.channelError(value);
    if (error) throw error;
    return { input, channelIds: [value], disallowed };
  }
  if (channelArgument === "OfficialAccountIdList" && Array.isArray(value)) {
    const list = value as { Official_Account: string }[];
    const channelIds = [...new Set(list.map(({ Official_Account: id }) => id))];
    for (const id of channelIds) {
      const error = policy.channelError(id);
      if (error) disallowed.set(id, error);
    }
    return {
      input: { ...input, [channelArgument]: list.filter((each) => !disallowed.has(each.Official_Account)) },
      channelIds,
      disallowed,
    };
  }
  throw new Error(`${name} does not declare which of its arguments are channel IDs`);
}
