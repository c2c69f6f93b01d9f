import type { Deadline } from "../call/deadline.ts";
import { COMMANDS } from "../channel/commands.ts";
import type { ChannelInfo, ChannelValues, WritableFieldName } from "../channel/fields.ts";
import { type Failure, isTransient } from "../chat-api/errors/failure.ts";
import { REPLICA_LAG_MS, UNANSWERED_SETTLE_MS, WRITE_TIMEOUT_MS } from "../chat-api/limits.ts";
import { envelopeOf, explain, explanationOf, type FailedCall } from "../explanations/explain.ts";
import { mustConfirm } from "../guard/policy.ts";
import { confirmationRequestFor } from "./confirmation-request.ts";
import { type Attempt, beginEdit, type CallResult, type EditCall, type EditServices } from "./edit.ts";
import { channelEditError } from "./edit-error.ts";
import type { EditLock } from "./edit-lock.ts";
import { fieldsOf, judge, type SentReply } from "./outcome.ts";
import { audienceOf, receiptOf } from "./receipt.ts";
import { type ChannelEdit, undoOf } from "./undo.ts";

/** An edit of a channel, from its place in the queue to its receipt. */

/** When to read back, in milliseconds after the end of an attempt. The last read decides. */
const READ_BACK_MS: Readonly<Record<SentReply, readonly number[]>> = {
  ok: [0, 500, 1_000, REPLICA_LAG_MS],
  noAnswer: [0, REPLICA_LAG_MS, UNANSWERED_SETTLE_MS],
  refused: [],
};
/** A second attempt needs this much time, in milliseconds, for itself and for the reads that tell what it did. */
const ATTEMPT_NEEDS_MS = WRITE_TIMEOUT_MS + UNANSWERED_SETTLE_MS;

/**
 * Changes fields of a channel and says what became of it.
 * @throws ExplainedError where nothing was sent
 */
export async function editChannel(
  services: EditServices,
  id: string,
  desired: ChannelValues,
  call: EditCall,
): Promise<CallResult> {
  const { api, policy, locks, sdkAppId, application } = services;
  const { deadline, confirmed, warnings = [] } = call;
  const failedCall: FailedCall = { sdkAppId, channelIds: [id], attempts: 0 };
  const lock = await locks.acquire(id, "channel", deadline, failedCall);
  try {
    const read = await api.getChannel(id, deadline);
    if (read.kind !== "ok")
      throw explain(read.failure, failedCall, "This was the read before the edit: no edit was sent.");
    const before = read.value;
    const edit: ChannelEdit = { id, desired, before, application, warnings };
    const names = fieldsOf(desired);
    if (names.every((name) => before[name] === desired[name])) {
      const { verdicts } = judge("ok", desired, before, before);
      return { content: { receipt: receiptOf(edit, { outcome: "unchanged", verdicts }, before) } };
    }
    const declined = receiptOf(edit, { outcome: "declined", verdicts: {} });
    if (confirmed !== undefined || mustConfirm(policy.rules.confirmEdits, before.SubscriberNum)) {
      const request = confirmationRequestFor(audienceOf(id, before.SubscriberNum), services, declined, confirmed);
      if (request) return { confirmationRequest: request };
    }

    const { undo } = undoOf(edit);
    const intent = { tool: COMMANDS.modifyChannel, channel: id, changes: declined.changes, undo };
    const begun = beginEdit(services, call, intent);
    let attempt = await attemptEdit(services, edit, lock, deadline);
    if (!("reply" in attempt)) {
      begun.abort();
      throw explain(attempt.notSent, failedCall, "No edit was sent.");
    }
    if (mayTryAgain(attempt, deadline)) {
      const second = await attemptEdit(services, edit, lock, deadline);
      if ("reply" in second) attempt = { ...second, attempts: attempt.attempts + second.attempts };
    }
    const { failure, outcome, after, conflicts, envelope, attempts } = attempt;
    const explanation = failure && explanationOf(failure, { ...failedCall, attempts });
    const more =
      explanation && outcome === "applied"
        ? [`${explanation.cause} The channel was read back and shows the new values: do not send the edit again.`]
        : [];
    const receipt = receiptOf({ ...edit, warnings: [...warnings, ...more] }, attempt, after, conflicts);
    return begun.finish(envelope, receipt, channelEditError(id, attempt, explanation));
  } finally {
    lock.release();
  }
}

/** Sends the fields that differ, and reads back until nothing is left to see. */
async function attemptEdit(
  { api }: EditServices,
  edit: ChannelEdit,
  lock: EditLock,
  deadline: Deadline,
): Promise<Attempt | { readonly notSent: Failure }> {
  const { id, desired, before } = edit;
  const reply = await api.modifyChannel(id, fieldsToSend(edit), deadline);
  const endedAt = performance.now();
  if (reply.kind === "notSent") return { notSent: reply.failure };
  lock.holdUntil(endedAt + (reply.kind === "noAnswer" ? UNANSWERED_SETTLE_MS : REPLICA_LAG_MS));

  const conflicts = new Map<WritableFieldName, Set<string | number>>();
  let after: ChannelInfo | undefined;
  for (const ms of READ_BACK_MS[reply.kind]) {
    after = undefined; // only the last read counts
    if (!(await deadline.sleepUntil(endedAt + ms, "the edit to show"))) break;
    const read = await api.getChannel(id, deadline);
    after = read.kind === "ok" ? read.value : undefined;
    noteConflicts(edit, after, conflicts);
    if (after && isFinal(reply.kind, edit, after)) break;
  }
  return {
    reply: reply.kind,
    failure: reply.kind === "ok" ? undefined : reply.failure,
    envelope: reply.kind === "ok" ? reply.value : envelopeOf(reply.failure),
    attempts: reply.attempts,
    after,
    conflicts,
    ...judge(reply.kind, desired, before, after),
  };
}

/**
 * What has its new value already is not sent, so that a colleague's change of it in between is not undone.
 * MaxSubscriberNum is always sent: leaving it out may reset it (not documented).
 */
function fieldsToSend({ desired, before }: ChannelEdit): ChannelValues {
  const names = fieldsOf(desired).filter((name) => before[name] !== desired[name] || name === "MaxSubscriberNum");
  return Object.fromEntries(names.map((name) => [name, desired[name]]));
}

/** True if a later read could say no more. */
function isFinal(reply: SentReply, { desired, before }: ChannelEdit, info: ChannelInfo): boolean {
  const isWhole = Object.keys(before).every((name) => info[name as keyof ChannelInfo] !== undefined);
  return isWhole && judge(reply, desired, before, info).outcome === "applied";
}

function noteConflicts(
  { desired, before }: ChannelEdit,
  info: ChannelInfo | undefined,
  conflicts: Map<WritableFieldName, Set<string | number>>,
): void {
  for (const name of fieldsOf(desired)) {
    const [old, now] = [before[name], info?.[name]];
    // What the first read lacked cannot be told from the old value.
    if (old === undefined || now === undefined || now === old || now === desired[name]) continue;
    conflicts.set(name, (conflicts.get(name) ?? new Set()).add(now));
  }
}

/** An attempt without a valid answer that had no effect is made once more, unless somebody else edits this channel. */
function mayTryAgain({ outcome, failure, conflicts }: Attempt, deadline: Deadline): boolean {
  const isWorthIt = outcome === "notApplied" && failure !== undefined && isTransient(failure);
  return isWorthIt && conflicts.size === 0 && deadline.remainingMs > ATTEMPT_NEEDS_MS;
}
