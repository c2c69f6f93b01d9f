import type { ChannelInfo, ChannelValues } from "../channel/fields.ts";
import {
  type Evidence,
  type ForeignValues,
  fieldsOf,
  type Inference,
  mayHaveChanged,
  type Outcome,
  type ServiceReply,
} from "../channel/outcome.ts";
import { audienceOf, leadOf, listChanges, type Receipt, summarize, undoOf } from "../channel/receipt.ts";
import { shortValue } from "../channel/text.ts";
import { changedLimitWarnings, valueWarnings } from "../channel/warnings.ts";
import { COMMANDS } from "../chat-api/request.ts";
import type { SentEdit } from "./edit-error.ts";
import type { ChannelEdit } from "./look.ts";

/** The receipt of a channel's edit, and the warnings that come from how it went. */

const TOOL = COMMANDS.modifyChannel;

/**
 * Warnings that come from how the edit went.
 * @param seen the channel as last read after the edit
 */
export function outcomeWarnings(
  sent: SentEdit,
  { wanted, before, services }: ChannelEdit,
  { outcome, evidence }: Inference,
  seen: ChannelInfo | undefined,
  foreign: ForeignValues,
) {
  const warnings: string[] = [];
  if (outcome === "applied" && sent.error)
    warnings.push(
      `${sent.happened} The server then read the channel and saw the new values: do not send the edit again.`,
    );
  if (outcome === "accepted" && !seen) warnings.push("The channel could not be read late enough after the edit.");
  for (const field of fieldsOf(wanted)) {
    const kind = evidence[field];
    if (kind === "normalized") warnings.push(`The service stored ${field} with other white space or letter case.`);
    if (kind === "tooEarly" && outcome === "accepted")
      warnings.push(`The last read of ${field} did not show its new value.`);
    const isUndone = mayHaveChanged(outcome) && before[field] !== undefined && kind !== "noChange";
    if (kind === "other" && isUndone && seen?.[field] !== before[field])
      warnings.push(`undo would overwrite the value that ${field} has now, which is not what was sent.`);
    const others = foreign[field] ?? [];
    const earlier = others.filter((value) => value !== seen?.[field]);
    if (earlier.length > 0) {
      const shown = services.secrets.redactDeep(earlier).map((value) => shortValue(value));
      const undone = isUndone ? " Read the channel before you call undo." : "";
      warnings.push(
        `A read after the edit showed ${shown.join(" and ")} in ${field}, which is not what was sent: somebody else edits this channel, or the service changed the text.${undone}`,
      );
    }
    if (others.length > earlier.length && kind === "noChange")
      warnings.push(
        `${field} had the wanted value before the edit and has another one now: somebody else edits it, or the service changed it.`,
      );
  }
  return warnings;
}

/** The same evidence for every field: nothing was written. */
export function allFields(wanted: ChannelValues, evidence: Evidence): Inference["evidence"] {
  return Object.fromEntries(fieldsOf(wanted).map((name) => [name, evidence]));
}

/** @param after what is known after the edit, or before it where nothing was sent */
export function receiptOf(
  edit: ChannelEdit,
  outcome: Outcome,
  after: {
    readonly evidence: Inference["evidence"];
    /** The channel as last read. */
    readonly seen?: ChannelInfo | undefined;
    /** What the service said of the edit, if it was sent. */
    readonly reply?: ServiceReply;
    /** Warnings that come from how it went. */
    readonly warnings?: readonly string[];
  },
): Receipt {
  const { services, id, wanted, before } = edit;
  const { seen, evidence, reply, warnings = [] } = after;
  const { secrets } = services;
  const subscribers = seen?.SubscriberNum ?? before.SubscriberNum;
  // Redacted before anything is cut: a part of a secret would not be recognized any more.
  const shown = { tool: TOOL, channel: id, wanted, before: secrets.redactDeep(before), seen: secrets.redactDeep(seen) };
  const changes = listChanges(wanted, shown.before, evidence, shown.seen);
  const { undo, warnings: undoWarnings } = mayHaveChanged(outcome)
    ? undoOf(TOOL, id, { wanted, before, seen }, secrets)
    : { undo: undefined, warnings: [] };
  const showsValueWarnings = mayHaveChanged(outcome) || outcome === "declined";
  const ownWarnings = showsValueWarnings ? valueWarnings(shown) : (changedLimitWarnings(shown) ?? []);
  return {
    outcome,
    channel: id,
    ...(subscribers !== undefined && { subscribers }),
    summary: summarize(
      audienceOf(id, subscribers),
      services.application,
      leadOf(outcome, reply, seen !== undefined),
      changes,
    ),
    changes,
    ...(undo && { undo }),
    warnings: [...warnings, ...ownWarnings, ...undoWarnings],
  };
}
