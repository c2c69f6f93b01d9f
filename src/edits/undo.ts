import { COMMANDS } from "../channel/commands.ts";
import { type ChannelInfo, type ChannelValues, isLimit, maxBytesOf } from "../channel/fields.ts";
import { REPLACEMENT } from "../chat-api/auth/secrets.ts";
import type { RecordedCall } from "../guard/journal.ts";
import { fieldsOf } from "./outcome.ts";

/** An edit of a channel, and the channel as it was read before. */
export interface ChannelEdit {
  readonly id: string;
  readonly desired: ChannelValues;
  readonly before: ChannelInfo;
  /** The label of the application, or its SDKAppID and region. */
  readonly application: string;
  /** What the receipt warns of beside what the values call for. */
  readonly warnings: readonly string[];
}

/** The call that puts back every readable value that the edit changes, and a warning for what it cannot restore. */
export function undoOf({ id, desired, before }: Pick<ChannelEdit, "id" | "desired" | "before">): {
  undo?: RecordedCall;
  warnings: string[];
} {
  const restored: Record<string, string | number> = {};
  const problems: string[] = [];
  for (const name of fieldsOf(desired).filter((field) => before[field] !== desired[field])) {
    const old = before[name];
    if (old === undefined) problems.push(`${name}: its value before was not readable.`);
    else if (canBeSent(name, old)) restored[name] = old;
    else problems.push(`${name}: its value before is one that these tools do not send.`);
  }
  if (Object.keys(restored).length === 0) return { warnings: problems.map((problem) => `No undo of ${problem}`) };
  return {
    undo: { tool: COMMANDS.modifyChannel, arguments: { Official_Account: id, ...restored } },
    warnings: problems.map((problem) => `undo does not restore ${problem}`),
  };
}

function canBeSent(name: string, value: string | number): boolean {
  if (typeof value === "number") return isLimit(value);
  return Buffer.byteLength(value) <= (maxBytesOf(name) ?? 0) && value.isWellFormed() && !value.includes(REPLACEMENT);
}
