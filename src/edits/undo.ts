import { COMMANDS } from "../channel/commands.ts";
import { type ChannelInfo, type ChannelValues, isLimit, maxBytesOf } from "../channel/fields.ts";
import { byteLength, isWellFormed } from "../text/text.ts";
import { fieldsOf } from "./outcome.ts";

/** How an edit of a channel is taken back. */

/** The parts of the known secrets that a receipt needs. */
export interface SecretRedactor {
  redactDeep<T>(value: T): T;
  appearIn(text: string): boolean;
}

/** An edit of a channel, and the channel as it was read before. */
export interface ChannelEdit {
  readonly id: string;
  readonly desired: ChannelValues;
  readonly before: ChannelInfo;
  /** The label of the application, or its SDKAppID and region. */
  readonly application: string;
  readonly secrets: SecretRedactor;
}

/** A call to make without changes. */
export interface NextCall {
  readonly tool: string;
  readonly arguments: Record<string, string | number>;
}

/** The call that puts back every readable value that the edit changes, and a warning for what it cannot restore. */
export function undoOf(edit: ChannelEdit, after?: ChannelInfo): { undo?: NextCall; warnings: string[] } {
  const { id, desired, before, secrets } = edit;
  const restored: Record<string, string | number> = {};
  const problems: string[] = [];
  for (const name of fieldsOf(desired).filter((field) => before[field] !== desired[field])) {
    const old = before[name];
    const problem = old === undefined ? "its value before was not readable" : problemOfRestoring(name, old, secrets);
    if (problem !== undefined) problems.push(`${name}: ${problem}.`);
    else if (old !== undefined) restored[name] = old;
  }
  const limit = changedLimit(edit, after);
  if (limit && isLimit(limit.before)) restored.MaxSubscriberNum = limit.before;
  if (Object.keys(restored).length === 0) return { warnings: problems.map((problem) => `No undo of ${problem}`) };
  return {
    undo: { tool: COMMANDS.modifyChannel, arguments: { Official_Account: id, ...restored } },
    warnings: problems.map((problem) => `undo does not restore ${problem}`),
  };
}

function problemOfRestoring(name: string, old: string | number, secrets: SecretRedactor): string | undefined {
  if (typeof old !== "string") {
    return isLimit(old) ? undefined : `its value before, ${old}, is not one that these tools send`;
  }
  if (secrets.appearIn(old)) return "its value before holds a credential of this server";
  if (!isWellFormed(old)) return "its value before holds an unpaired surrogate, which cannot be sent";
  const max = maxBytesOf(name);
  const used = byteLength(old);
  return max !== undefined && used > max ? `its value before is ${used} bytes and the limit is ${max}` : undefined;
}

/** MaxSubscriberNum where it changed although the edit did not name it. */
export function changedLimit(
  { desired, before }: Pick<ChannelEdit, "desired" | "before">,
  after: ChannelInfo | undefined,
): { before: number; after: number } | undefined {
  const [old, now] = [before.MaxSubscriberNum, after?.MaxSubscriberNum];
  if (desired.MaxSubscriberNum !== undefined || old === undefined || now === undefined || old === now) return undefined;
  return { before: old, after: now };
}
