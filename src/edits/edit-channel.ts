import type { Envelope, ExplainedError } from "../channel/explanation.ts";
import type { ChannelInfo, ChannelValues, WritableFieldName } from "../channel/fields.ts";
import { fieldsOf, foreignValues, inferOutcome, isNoop, lastSeen, type Outcome } from "../channel/outcome.ts";
import { audienceOf, changedLimit, listChanges, undoOf } from "../channel/receipt.ts";
import type { CallOptions } from "../chat-api/chat-api.ts";
import type { Connection } from "../chat-api/http/http-client.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS, WRITE_TIMEOUT_MS } from "../chat-api/limits.ts";
import { COMMANDS, type SendResult } from "../chat-api/request.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { allFields, outcomeWarnings, receiptOf } from "./channel-receipt.ts";
import { beginEdit, type EditCall, type EditResult, type EditServices, notSentError } from "./edit.ts";
import { channelEditError } from "./edit-error.ts";
import type { EditLock } from "./edit-lock.ts";
import { type ChannelEdit, lookAfter, readBefore, readOnce, type SentChannelEdit, waitUntil } from "./look.ts";
import { pendingQuestion } from "./question.ts";

/** An edit of a channel, from its place in the queue to its receipt. */

const TOOL = COMMANDS.modifyChannel;

/** A second attempt needs this much time, in milliseconds, for itself and for the looks that tell what it did. */
const RESEND_NEEDS_MS = WRITE_TIMEOUT_MS + SERVER_TIMEOUT_MS + REPLICA_LAG_MS;

/**
 * Changes fields of a channel and says what became of it.
 * @throws ExplainedError where nothing was sent
 */
export async function editChannel(
  services: EditServices,
  id: string,
  wanted: ChannelValues,
  call: EditCall,
): Promise<EditResult> {
  const { api, policy, locks } = services;
  const { deadline } = call;
  const lock = await locks.acquire(id, deadline, "an earlier edit of the same channel");
  if (typeof lock === "string") throw notSentError(lock);
  let connection: Connection | undefined;
  try {
    connection = await api.borrowConnection();
    const options: CallOptions = { deadline, connection };
    const { info: before, newerFrom, recent } = await readBefore(services, id, options);
    const edit: ChannelEdit = { services, id, wanted, before, newerFrom, recent };

    if (isNoop(wanted, before))
      return {
        envelope: {},
        receipt: receiptOf(edit, "unchanged", { seen: before, evidence: allFields(wanted, "noChange") }),
      };
    if (call.confirmation || mustConfirm(policy.rules.confirmEdits, before.SubscriberNum)) {
      const declined = receiptOf(edit, "declined", { evidence: allFields(wanted, "old") });
      const audience = audienceOf(id, before.SubscriberNum);
      const question = pendingQuestion(audience, services.application, declined, call.confirmation);
      if (question) return { question };
    }

    const begun = beginEdit(services, call, {
      tool: TOOL,
      channel: id,
      changes: listChanges(wanted, services.secrets.redactDeep(before), {}).map(({ field, before, after }) => ({
        field,
        ...(before !== undefined && { before }),
        after,
      })),
      undo: undoOf(TOOL, id, edit, services.secrets).undo,
    });
    const sent = await sendEdit(edit, options, lock);
    if ("notSent" in sent) {
      begun.abort();
      throw sent.notSent;
    }
    begun.commit();

    const looked = await lookAfter(edit, sent, options);
    const inference = inferOutcome(looked);
    const seen = lastSeen(looked);
    const foreign = foreignValues(looked);
    const { outcome, evidence } = inference;
    rememberEdit(edit, sent, outcome, seen);

    const error = channelEditError(id, sent, inference, {
      wasRead: seen !== undefined,
      wasCut: deadline.ended !== undefined && !looked.isComplete,
      foreign,
      missing: missingIn(looked.looks.at(-1), edit),
    });
    const warnings = outcomeWarnings(sent, edit, inference, seen, foreign);
    const receipt = receiptOf(edit, outcome, { seen, evidence, reply: sent.reply, warnings });
    return begun.finish({ envelope: sent.envelope, receipt, error });
  } finally {
    if (connection) api.release(connection);
    lock.release();
  }
}

/** Sends the edit; once more where no valid answer came and a look shows the old values. */
async function sendEdit(
  edit: ChannelEdit,
  options: CallOptions,
  lock: EditLock,
): Promise<SentChannelEdit | { readonly notSent: ExplainedError }> {
  const { services, id, wanted, before, newerFrom } = edit;
  const { api } = services;
  const first = await api.modifyChannel(id, wanted, options);
  if (first.kind === "notSent") return { notSent: first.error };
  const sent = toSentEdit(first);
  if (first.kind !== "ambiguous") return sent;

  lock.keepLockedFor(SERVER_TIMEOUT_MS);
  const hasTime = () => options.deadline.remainingMs > RESEND_NEEDS_MS;
  if (!first.isTransient || !hasTime()) return sent;
  const isNewer = await waitUntil(newerFrom, options, "a read that shows the present state");
  const look = isNewer ? await readOnce(api, id, options) : undefined;
  const looks = look ? [look] : [];
  const observation = { reply: "ambiguous", wanted, before, looks, isComplete: true } as const;
  // A resend would also write the fields that somebody else has changed meanwhile.
  const isForeign = Object.keys(foreignValues(observation)).length > 0;
  const isWhole = missingIn(look, edit).length === 0;
  const showsOld = inferOutcome(observation).outcome === "notApplied" && !isForeign && isWhole;
  if (!showsOld || !hasTime() || !api.consumeRetryBudget()) return { ...sent, looks };

  const second = await api.modifyChannel(id, wanted, options);
  if (second.kind === "notSent") return { ...sent, looks };
  const resent = { ...toSentEdit(second), attempts: first.attempts + second.attempts };
  // Whatever the second attempt ended in, the first may still take effect.
  if (second.kind === "ok") return { ...resent, settledAt: sent.settledAt };
  lock.keepLockedFor(SERVER_TIMEOUT_MS);
  return { ...resent, reply: "ambiguous", settledAt: resent.endedAt + SERVER_TIMEOUT_MS };
}

/** Fields of the edit that the first read showed and a look lacks. */
function missingIn(look: ChannelInfo | undefined, { wanted, before }: ChannelEdit): WritableFieldName[] {
  return look ? fieldsOf(wanted).filter((name) => before[name] !== undefined && look[name] === undefined) : [];
}

/** An attempt that ended a moment ago. */
function toSentEdit(result: Exclude<SendResult<Envelope>, { kind: "notSent" }>): SentChannelEdit {
  const reply = result.kind;
  const endedAt = performance.now();
  const settledAt = reply === "ambiguous" ? endedAt + SERVER_TIMEOUT_MS : endedAt;
  const common = { reply, attempts: result.attempts, endedAt, settledAt, looks: [] };
  if (result.kind === "ok") {
    const happened = "The service said OK.";
    return { ...common, envelope: result.value, happened, error: undefined, isTransient: false };
  }
  const { error, happened, isTransient } = result;
  return { ...common, envelope: error.envelope, happened, error, isTransient };
}

/** Records what reads may not show yet. */
function rememberEdit(edit: ChannelEdit, sent: SentChannelEdit, outcome: Outcome, seen: ChannelInfo | undefined): void {
  const { services, id, wanted, before } = edit;
  const wasSeen = outcome === "applied";
  // What was not seen can take effect until the server timeout, unless refused; of two attempts, the other one can.
  const lateMs = sent.reply === "refused" ? 0 : SERVER_TIMEOUT_MS;
  const appliedBy = Math.max(wasSeen ? performance.now() : sent.endedAt + lateMs, sent.settledAt);
  const limit = changedLimit({ wanted, before, seen });
  const written = {
    ...wanted,
    ...(wasSeen && pick(seen, wanted)),
    ...(limit && { MaxSubscriberNum: limit.after }),
  };
  services.recentWrites.record(id, before, written, appliedBy, wasSeen);
}

/** The written fields as a read showed them. */
function pick(seen: ChannelInfo | undefined, wanted: ChannelValues): ChannelInfo {
  const fields = Object.entries(seen ?? {}).filter(([name]) => wanted[name as keyof ChannelValues] !== undefined);
  return Object.fromEntries(fields);
}
