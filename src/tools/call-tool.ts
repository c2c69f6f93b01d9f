import { ExplainedError, InternalError } from "../call/explained-error.ts";
import type { CallResult, EditCall } from "../edits/edit.ts";
import type { PolicyError } from "../guard/policy.ts";
import { isRecord } from "../text/json.ts";
import { accidentsIn, warningsFor } from "./accidents.ts";
import { convertInput } from "./convert.ts";
import { getOfficialAccountInfo } from "./get-official-account-info.ts";
import { validateInput } from "./input.ts";
import { modifyOfficialAccountBaseInfo } from "./modify-official-account-base-info.ts";
import { modifySubscriberInfo } from "./modify-subscriber-info.ts";
import type { GetInput, ModifySubscriberInput } from "./schemas.ts";
import type { Tool, ToolCall, ToolContext } from "./tool.ts";

export const TOOLS: readonly Tool[] = [getOfficialAccountInfo, modifyOfficialAccountBaseInfo, modifySubscriberInfo];

/** @throws Error for a name that is none of theirs */
export function toolNamed(name: string): Tool {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) throw new Error(`unknown tool: ${name}`);
  return tool;
}

/**
 * The one gate before every tool: secrets → read-only → input → allowed channels → run.
 * @throws ExplainedError where there is only an error to report; InternalError for any other exception of the tool
 */
export async function callTool(tool: Tool, args: unknown, context: ToolContext, call: EditCall): Promise<CallResult> {
  const { input, ...admitted } = await admit(tool, args, context);
  try {
    const result = await tool.run(input, context, { ...call, ...admitted });
    const undo = "content" in result ? result.content.receipt?.undo : undefined;
    if (undo && accidentsIn(tool.name, undo.arguments).length > 0) context.givenUndos.add(undo.arguments);
    return result;
  } catch (error) {
    throw error instanceof ExplainedError ? error : new InternalError(tool.isWrite, error);
  }
}

/**
 * Everything that is checked before a tool runs. Secrets come first, because an input error quotes the argument; JSON
 * text is looked into as well. A single channel that is not allowed fails the call; of a list, it is reported beside
 * the others.
 * @throws ExplainedError
 */
export async function admit(
  tool: Tool,
  args: unknown,
  { policy, givenUndos }: Pick<ToolContext, "policy" | "givenUndos">,
): Promise<{ input: object } & Pick<ToolCall, "channelIds" | "disallowed" | "warnings">> {
  policy.assertNoSecrets(args);
  const { value: given, warnings } = convertInput(tool.input, args);
  policy.assertNoSecrets(given);
  if (tool.isWrite) policy.assertWritable(tool.name);
  const accidents = tool.isWrite && isRecord(given) ? accidentsIn(tool.name, given) : [];
  const isUndo = accidents.length > 0 && isRecord(given) && (await givenUndos.has(given));
  const input = validateInput(tool.input, given, isUndo ? [] : accidents);

  const { Official_Account: id, OfficialAccountIdList: list } = input as Partial<ModifySubscriberInput & GetInput>;
  const channelIds = [...new Set(list?.map((each) => each.Official_Account) ?? (id === undefined ? [] : [id]))];
  const disallowed = new Map<string, PolicyError>();
  for (const each of channelIds) {
    const refusal = policy.channelError(each);
    if (refusal && each === id) throw refusal;
    if (refusal) disallowed.set(each, refusal);
  }
  return { input, channelIds, disallowed, warnings: [...warnings, ...(tool.isWrite ? warningsFor({ ...input }) : [])] };
}
