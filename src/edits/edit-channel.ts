import type { ChannelInfo, ChannelValues } from "../channel/fields.ts";
import {
  type Ending,
  type Evidence,
  fieldsOf,
  type Inference,
  inferOutcome,
  isDecided,
  isNoop,
  mayHaveChanged,
  type Observation,
  type Outcome,
} from "../channel/outcome.ts";
import { audienceOf, listChanges, type Receipt, summarize, undoOf } from "../channel/receipt.ts";
import { warningsAbout } from "../channel/warnings.ts";
import type { CallOptions } from "../chat-api/chat-api.ts";
import { COMMANDS, type FailedSend } from "../chat-api/client.ts";
import { networkReason } from "../chat-api/errors/network-reasons.ts";
import type { Connection } from "../chat-api/http/http-client.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS } from "../chat-api/regions.ts";
import { WRITE_TIMEOUT_MS } from "../chat-api/retry/retry-policy.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { beginEdit, type EditCall, type EditResult, type EditServices, notSentError, unreadableError } from "./edit.ts";
import { channelEditError, type SentEdit } from "./edit-error.ts";
import type { EditLock } from "./edit-lock.ts";
import { questionBefore } from "./question.ts";
import { distrustMs, type RecentValues } from "./recent-writes.ts";

/** An edit of a channel, from its place in the queue to its receipt. */

const TOOL = COMMANDS.modifyChannel;

/**
 * When to look at the channel after an edit, in milliseconds after the end of its last attempt. Except after a refusal,
 * a last look follows when no attempt can take effect any more and no replica can lag behind.
 */
const EARLY_LOOKS: Readonly<Record<Ending, readonly number[]>> = {
  ok: [0, 500, 1_000],
  refused: [0],
  ambiguous: [0, REPLICA_LAG_MS],
};
/** A second attempt needs this much time, in milliseconds, for itself and for the looks that tell what it did. */
const RESEND_NEEDS_MS = WRITE_TIMEOUT_MS + SERVER_TIMEOUT_MS + REPLICA_LAG_MS;
/** A first read that may lag behind a write of ours is repeated at this interval, in milliseconds. */
const REREAD_MS = 1_000;

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
  const { api, policy, locks, recentWrites } = services;
  const { deadline } = call;
  const lock = await locks.acquire(id, deadline, "an earlier edit of the same channel");
  if (typeof lock === "string") throw notSentError(lock);
  let connection: Connection | undefined;
  try {
    connection = await api.borrowConnection();
    const options: CallOptions = { deadline, connection };
    const { info: before, newerFrom, recent } = await readBefore(services, id, options);
    const edit: Edit = { services, id, wanted, before, newerFrom, recent };

    if (isNoop(wanted, before))
      return { envelope: {}, receipt: receiptOf(edit, "unchanged", before, all(wanted, "noChange")) };
    if (call.confirmation || mustConfirm(policy.rules.confirmEdits, before.SubscriberNum)) {
      const declined = receiptOf(edit, "declined", undefined, all(wanted, "old"));
      const audience = audienceOf(id, before.SubscriberNum);
      const question = questionBefore(audience, services.application, declined, call.confirmation);
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
    if (sent.ending === "notSent") {
      begun.notSent();
      throw sent.error;
    }

    const looked = await lookAfter(edit, sent, options);
    const inference = inferOutcome(looked);
    const seen = looked.looks.at(-1);
    const { outcome, evidence } = inference;
    const wasSeen = outcome === "applied";
    // What was seen has taken effect by now; what was not seen can do so until the server timeout, unless refused.
    const lateMs = sent.ending === "refused" ? 0 : SERVER_TIMEOUT_MS;
    const appliedBy = wasSeen ? performance.now() : sent.endedAt + lateMs;
    recentWrites.record(id, before, wasSeen ? { ...wanted, ...pick(seen, wanted) } : wanted, appliedBy, wasSeen);

    const wasCut = deadline.ended !== undefined && !looked.isComplete;
    const error = channelEditError(id, sent, inference, { wasRead: seen !== undefined, wasCut });
    const receipt = receiptOf(edit, outcome, seen, evidence, warningsOf(sent, edit, inference, looked));
    return begun.finish({ envelope: sent.envelope, receipt, error });
  } finally {
    if (connection) api.release(connection);
    lock.release();
  }
}

interface Edit {
  readonly services: EditServices;
  readonly id: string;
  readonly wanted: ChannelValues;
  readonly before: ChannelInfo;
  /** A read that begins before this time (milliseconds of `performance.now`) may be older than `before`. */
  readonly newerFrom: number;
  /** What such a read may still show. */
  readonly recent: RecentValues;
}

/** Reads the channel until the read may be believed: a replica may lag behind an earlier edit of ours. */
async function readBefore(
  { api, recentWrites }: EditServices,
  id: string,
  options: CallOptions,
): Promise<{ info: ChannelInfo; newerFrom: number; recent: RecentValues }> {
  const { deadline } = options;
  for (;;) {
    const recent = recentWrites.of(id); // as they are before the read: what it shows is not newer than that
    const result = await api.getChannels([id], undefined, options);
    if (result.kind !== "ok") throw unreadableError(result.error);
    const [channel] = result.value.channels;
    if (!channel) throw new Error("the answer holds no channel");
    if (channel.error) throw unreadableError(channel.error);
    const { info } = channel;
    if (recent.size === 0) return { info, newerFrom: 0, recent };
    const waitMs = distrustMs(recent, info);
    if (waitMs === 0) return { info, newerFrom: performance.now() + REPLICA_LAG_MS, recent };
    const isTime = await deadline.sleep(Math.min(REREAD_MS, waitMs), "the channel to show the edit before this one");
    if (!isTime) throw notSentError(deadline.ended ?? "timeout");
  }
}

/** In milliseconds of `performance.now`. */
interface SentTimes {
  /** When the last attempt ended. */
  readonly endedAt: number;
  /** From this time on no attempt can take effect any more. */
  readonly settledAt: number;
}

/** An edit that was sent, or that was not. */
type Sending =
  | (SentEdit & SentTimes & { readonly looks: readonly ChannelInfo[] })
  | { readonly ending: "notSent"; readonly error: Error };

/** Sends the edit; once more where no valid answer came and a look shows the old values. */
async function sendEdit(edit: Edit, options: CallOptions, lock: EditLock): Promise<Sending> {
  const { services, id, wanted, before, newerFrom } = edit;
  const { api } = services;
  const first = await api.modifyChannel(id, wanted, options);
  const firstEndedAt = performance.now();
  const definite: SentTimes = { endedAt: firstEndedAt, settledAt: firstEndedAt };
  const ambiguous: SentTimes = { endedAt: firstEndedAt, settledAt: firstEndedAt + SERVER_TIMEOUT_MS };
  if (first.kind === "ok") return ok(first.value, first.attempts, definite);
  if (first.kind === "notSent") return { ending: "notSent", error: first.error };
  if (first.kind === "rejected") return failed("refused", first, first.attempts, definite);

  lock.holdFor(SERVER_TIMEOUT_MS);
  const mayResend = isResendable(first) && options.deadline.remainingMs > RESEND_NEEDS_MS;
  if (!mayResend) return failed("ambiguous", first, first.attempts, ambiguous);
  const isNewer = await waitUntil(newerFrom, options, "a read that shows the present state");
  const look = isNewer ? await readOnce(api, id, options) : undefined;
  const looks = look ? [look] : [];
  const shows = inferOutcome({ ending: "ambiguous", wanted, before, looks, isComplete: true }).outcome;
  if (shows !== "notApplied" || !api.consumeRetryBudget()) {
    return { ...failed("ambiguous", first, first.attempts, ambiguous), looks };
  }

  const second = await api.modifyChannel(id, wanted, options);
  const attempts = first.attempts + second.attempts;
  if (second.kind === "notSent") return failed("ambiguous", first, first.attempts, ambiguous);
  const endedAt = performance.now();
  // Whatever the second attempt ended in, the first may still take effect.
  if (second.kind === "ok") return ok(second.value, attempts, { endedAt, settledAt: ambiguous.settledAt });
  lock.holdFor(SERVER_TIMEOUT_MS);
  return failed("ambiguous", second, attempts, { endedAt, settledAt: endedAt + SERVER_TIMEOUT_MS });
}

function ok(envelope: SentEdit["envelope"], attempts: number, times: SentTimes): Sending & SentEdit {
  return { ending: "ok", attempts, envelope, happened: "The service said OK.", error: undefined, ...times, looks: [] };
}

function failed(ending: Ending, { error, happened }: FailedSend, attempts: number, times: SentTimes) {
  return { ending, attempts, envelope: error.envelope, happened, error, ...times, looks: [] };
}

/** True after no valid answer and after a transient code; other codes with an unknown outcome may mean a wrong call. */
function isResendable({ failure }: FailedSend): boolean {
  if (failure.kind === "code") return failure.meaning.kind === "transient";
  return networkReason(failure.reason).isRetryable;
}

/** Looks at the channel by the schedule of the ending, until the outcome is decided. */
async function lookAfter(
  edit: Edit,
  sent: SentEdit & SentTimes & { readonly looks: readonly ChannelInfo[] },
  options: CallOptions,
): Promise<Observation> {
  const { services, id, wanted, before, newerFrom } = edit;
  const looks = [...sent.looks];
  let isComplete = false;
  const observe = (): Observation => ({ ending: sent.ending, wanted, before, looks, isComplete });
  if (isDecided(observe())) return observe();
  const times = EARLY_LOOKS[sent.ending].map((ms) => sent.endedAt + ms);
  if (sent.ending !== "refused") times.push(Math.max(sent.endedAt, sent.settledAt) + REPLICA_LAG_MS);
  for (const [index, time] of times.entries()) {
    // Without an OK, a read that may be older than `before` must not be taken for the outcome.
    const at = sent.ending === "ok" ? time : Math.max(time, newerFrom);
    if (!(await waitUntil(at, options, "the edit to show"))) break;
    const mayBeOlder = performance.now() < newerFrom;
    const look = await readOnce(services.api, id, options);
    if (!look || (mayBeOlder && !showsAll(look, edit))) continue;
    looks.push(mayBeOlder ? onlyWanted(look, wanted) : look);
    isComplete = index === times.length - 1;
    if (isDecided(observe())) break;
  }
  return observe();
}

/**
 * A read that may be older than the edit counts after an OK, and only if each field that it has shows the wanted value,
 * and that value is not one from before.
 */
function showsAll(look: ChannelInfo, { wanted, before, recent }: Edit): boolean {
  return fieldsOf(wanted).every((name) => {
    if (look[name] === undefined) return true;
    const mayBeFromBefore = before[name] !== wanted[name] && recent.get(name)?.earlier.has(wanted[name]) === true;
    return look[name] === wanted[name] && !mayBeFromBefore;
  });
}

/** What such a read says: nothing about other fields. */
function onlyWanted(look: ChannelInfo, wanted: ChannelValues): ChannelInfo {
  const fields = fieldsOf(wanted).filter((name) => look[name] === wanted[name]);
  return Object.fromEntries(fields.map((name) => [name, look[name]]));
}

/** Waits until a time (milliseconds of `performance.now`); false if the call ended first. */
async function waitUntil(time: number, { deadline }: CallOptions, waitingFor: string): Promise<boolean> {
  // A timer can fire a millisecond early, and a read that early would not count.
  for (let ms = time - performance.now(); ms > 0; ms = time - performance.now()) {
    if (!(await deadline.sleep(Math.ceil(ms), waitingFor))) return false;
  }
  return deadline.ended === undefined;
}

/** The channel as it is now, or undefined where it could not be read. */
async function readOnce(api: EditServices["api"], id: string, options: CallOptions): Promise<ChannelInfo | undefined> {
  const result = await api.getChannels([id], undefined, options);
  const channel = result.kind === "ok" ? result.value.channels[0] : undefined;
  return channel?.error ? undefined : channel?.info;
}

/** The written fields as a read showed them. */
function pick(seen: ChannelInfo | undefined, wanted: ChannelValues): ChannelInfo {
  const fields = Object.entries(seen ?? {}).filter(([name]) => wanted[name as keyof ChannelValues] !== undefined);
  return Object.fromEntries(fields);
}

function warningsOf(sent: SentEdit, { wanted }: Edit, { outcome, evidence }: Inference, { looks }: Observation) {
  const warnings: string[] = [];
  const seen = looks.at(-1);
  if (outcome === "applied" && sent.error)
    warnings.push(
      `${sent.happened} The server then read the channel and saw the new values: do not send the edit again.`,
    );
  if (outcome === "accepted" && !seen) warnings.push("The channel could not be read late enough after the edit.");
  for (const field of fieldsOf(wanted)) {
    const kind = evidence[field];
    if (kind === "normalized") warnings.push(`The service stored ${field} with other white space or letter case.`);
    if (kind === "tooEarly" && outcome === "accepted")
      warnings.push(`A read right after still showed the old value of ${field}, and no later one was possible.`);
    if (kind === "other" && mayHaveChanged(outcome))
      warnings.push(`undo would overwrite the value that ${field} has now, which this edit did not write.`);
    if (kind === "noChange" && seen?.[field] !== undefined && seen[field] !== wanted[field])
      warnings.push(`${field} had the wanted value before the edit and has another one now: somebody else edits it.`);
  }
  return warnings;
}

/** The same evidence for every field: nothing was written. */
function all(wanted: ChannelValues, evidence: Evidence): Inference["evidence"] {
  return Object.fromEntries(fieldsOf(wanted).map((name) => [name, evidence]));
}

function receiptOf(
  edit: Edit,
  outcome: Outcome,
  seen?: ChannelInfo,
  evidence: Inference["evidence"] = {},
  moreWarnings: readonly string[] = [],
): Receipt {
  const { services, id, wanted, before } = edit;
  const { secrets } = services;
  const subscribers = seen?.SubscriberNum ?? before.SubscriberNum;
  // Redacted before anything is cut: a part of a secret would not be recognized any more.
  const shown = { tool: TOOL, channel: id, wanted, before: secrets.redactDeep(before), seen: secrets.redactDeep(seen) };
  const changes = listChanges(wanted, shown.before, evidence, shown.seen);
  const { undo, warnings: undoWarnings } = mayHaveChanged(outcome)
    ? undoOf(TOOL, id, { wanted, before, seen }, secrets)
    : { undo: undefined, warnings: [] };
  const ownWarnings = mayHaveChanged(outcome) || outcome === "declined" ? warningsAbout(shown) : [];
  return {
    outcome,
    channel: id,
    ...(subscribers !== undefined && { subscribers }),
    summary: summarize(audienceOf(id, subscribers), services.application, outcome, changes),
    changes,
    ...(undo && { undo }),
    warnings: [...moreWarnings, ...ownWarnings, ...undoWarnings],
  };
}
