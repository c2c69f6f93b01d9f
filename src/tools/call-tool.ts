import { ExplainedError } from "../call/explained-error.ts";
import type { EditCall } from "../edits/edit.ts";
import type { Policy } from "../guard/policy.ts";
import type { PolicyError } from "../guard/policy-error.ts";
import { isRecord } from "../text/json.ts";
import { accidentsIn, warningsFor } from "./accidents.ts";
import { convertInput } from "./convert.ts";
import { getOfficialAccountInfo } from "./get-official-account-info.ts";
import { problemOfSize, validateInput } from "./input.ts";
import { InternalError } from "./internal-error.ts";
import { modifyOfficialAccountBaseInfo } from "./modify-official-account-base-info.ts";
import { modifySubscriberInfo } from "./modify-subscriber-info.ts";
import type { GetInput, ModifySubscriberInput } from "./schemas.ts";
import type { Tool, ToolCall, ToolContext, ToolOutcome } from "./tool.ts";

/** The three tools. */
export const TOOLS: readonly Tool[] = [getOfficialAccountInfo, modifyOfficialAccountBaseInfo, modifySubscriberInfo];

/** @throws Error for a name that is none of theirs */
export function toolNamed(name: string): Tool {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) throw new Error(`unknown tool: ${name}`);
  return tool;
}

/**
 * The one gate before every tool: secrets → read-only → input → allowed channels → run. Secrets come first, because an
 * input error quotes the argument.
 *
 * @throws ExplainedError where there is only an error to report; InternalError for any other exception of the tool
 */
export async function callTool(tool: Tool, args: object, context: ToolContext, call: EditCall): Promise<ToolOutcome> {
  await recallUndo(tool, args, context);
  const { input, ...admitted } = admit(tool, args, context);
  try {
    const outcome = await tool.run(input, context, { ...call, ...admitted });
    const undo = "content" in outcome ? outcome.content.receipt?.undo : undefined;
    if (undo) context.givenUndos.add(undo.arguments);
    return outcome;
  } catch (error) {
    throw error instanceof ExplainedError ? error : new InternalError(tool.isWrite, error);
  }
}

/** Looks in the journal for what looks like an accident: it may be an undo that an earlier process gave. */
export async function recallUndo(tool: Tool, args: object, { givenUndos, journal }: ToolContext): Promise<void> {
  if (!tool.isWrite || problemOfSize(args)) return;
  const { value: given } = convertInput(tool.input, args);
  if (!isRecord(given) || givenUndos.has(given) || accidentsIn(tool.name, given).length === 0) return;
  await givenUndos.recall(journal.undos());
}

/** Everything that is checked before a tool runs. @throws ExplainedError */
export function admit(
  tool: Tool,
  args: object,
  { policy, givenUndos }: Pick<ToolContext, "policy" | "givenUndos">,
): { input: object } & Pick<ToolCall, "channelIds" | "disallowed" | "warnings"> {
  policy.assertNoSecrets(args);
  if (tool.isWrite) policy.assertWritable(tool.name);
  const { input, warnings } = validateInput(tool.input, args, (given) => [
    ...(tool.validateWhole?.(given) ?? []),
    ...(tool.isWrite && !givenUndos.has(given) ? accidentsIn(tool.name, given) : []),
  ]);
  const suspicious = tool.isWrite ? warningsFor({ ...input }) : [];
  return { warnings: [...warnings, ...suspicious], ...admitChannels(input, policy) };
}

/**
 * Checks every channel that the arguments name. A single one that is not allowed fails the call; of a list, it is taken
 * out and reported beside the others.
 */
function admitChannels(input: object, policy: Policy): { input: object } & Pick<ToolCall, "channelIds" | "disallowed"> {
  const { Official_Account: id, OfficialAccountIdList: list } = input as Readonly<
    Partial<ModifySubscriberInput & GetInput>
  >;
  const listed = list?.map((each) => each.Official_Account) ?? [];
  const channelIds = [...new Set([...(id === undefined ? [] : [id]), ...listed])];
  if (channelIds.length === 0) throw new Error("a tool whose arguments name no channel never runs");
  const disallowed = new Map<string, PolicyError>();
  for (const each of channelIds) {
    const error = policy.channelError(each);
    if (error && each === id) throw error;
    if (error) disallowed.set(each, error);
  }
  const kept = list?.filter((each) => !disallowed.has(each.Official_Account));
  return { input: { ...input, ...(kept && { OfficialAccountIdList: kept }) }, channelIds, disallowed };
}
