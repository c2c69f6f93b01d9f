import type { ChannelInfo, ChannelValues } from "../channel/fields.ts";
import { fieldsOf, isDecided, isNormalized, type Observation, type ServiceReply } from "../channel/outcome.ts";
import type { CallOptions } from "../chat-api/chat-api.ts";
import { REPLICA_LAG_MS } from "../chat-api/limits.ts";
import { type EditServices, notSentError, unreadableError } from "./edit.ts";
import type { SentEdit } from "./edit-error.ts";
import { type RecentValues, rereadDelayMs } from "./recent-writes.ts";

/** Looks at a channel before and after its edit, and which of them count. */

/**
 * When to look at the channel after an edit, in milliseconds after the end of its last attempt. Except after a refusal,
 * a last look follows when no attempt can take effect any more and no replica can lag behind.
 */
const EARLY_LOOKS: Readonly<Record<ServiceReply, readonly number[]>> = {
  ok: [0, 500, 1_000],
  refused: [0],
  ambiguous: [0, REPLICA_LAG_MS],
};
/** A first read that may lag behind a write of ours is repeated at this interval, in milliseconds. */
const REREAD_MS = 1_000;

/** An edit, and the channel as a read that may be believed showed it. */
export interface ChannelEdit {
  readonly services: EditServices;
  readonly id: string;
  readonly wanted: ChannelValues;
  readonly before: ChannelInfo;
  /** A read that begins before this time (milliseconds of `performance.now`) may be older than `before`. */
  readonly newerFrom: number;
  /** What such a read may still show. */
  readonly recent: RecentValues;
}

/** An edit that was sent. Times are in milliseconds of `performance.now`. */
export interface SentChannelEdit extends SentEdit {
  /** When the last attempt ended. */
  readonly endedAt: number;
  /** From this time on no attempt can take effect any more. */
  readonly settledAt: number;
  /** Looks between the attempts. */
  readonly looks: readonly ChannelInfo[];
}

/** Reads the channel until the read may be believed: a replica may lag behind an earlier edit of ours. */
export async function readBefore(
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
    const waitMs = rereadDelayMs(recent, info);
    if (waitMs === 0) return { info, newerFrom: performance.now() + REPLICA_LAG_MS, recent };
    const isTime = await deadline.sleep(Math.min(REREAD_MS, waitMs), "the channel to show the edit before this one");
    if (!isTime) throw notSentError(deadline.ended ?? "timeout");
  }
}

/** Looks at the channel by the schedule of the reply, until the outcome is decided. */
export async function lookAfter(edit: ChannelEdit, sent: SentChannelEdit, options: CallOptions): Promise<Observation> {
  const { services, id, wanted, before, newerFrom } = edit;
  const looks = [...sent.looks];
  let isComplete = false;
  const observe = (): Observation => ({ reply: sent.reply, wanted, before, looks, isComplete });
  if (isDecided(observe())) return observe();
  const times = EARLY_LOOKS[sent.reply].map((ms) => sent.endedAt + ms);
  if (sent.reply !== "refused") times.push(Math.max(sent.endedAt, sent.settledAt) + REPLICA_LAG_MS);
  // Without an OK, a read that may be older than `before` must not be taken for the outcome. It also says nothing about
  // a limit that the edit does not name.
  const watchesLimit = before.MaxSubscriberNum !== undefined && wanted.MaxSubscriberNum === undefined;
  const mayUseOlder = sent.reply === "ok" && !watchesLimit;
  for (const [index, time] of times.entries()) {
    const at = mayUseOlder ? time : Math.max(time, newerFrom);
    if (!(await waitUntil(at, options, "the edit to show"))) break;
    const mayBeOlder = performance.now() < newerFrom;
    const look = await readOnce(services.api, id, options);
    const counts = look && mayBeOlder && !showsAll(look, edit) ? foreignIn(look, edit) : look;
    if (!counts) continue;
    looks.push(counts);
    isComplete = index === times.length - 1;
    if (isDecided(observe())) break;
  }
  return observe();
}

/**
 * A read that may be older than the edit counts after an OK, and only if each field that it has shows the wanted value,
 * and that value is not one from before.
 */
function showsAll(look: ChannelInfo, { wanted, before, recent }: ChannelEdit): boolean {
  return fieldsOf(wanted).every((name) => {
    if (look[name] === undefined) return true;
    const mayBeFromBefore = before[name] !== wanted[name] && recent.get(name)?.earlier.has(wanted[name]) === true;
    return look[name] === wanted[name] && !mayBeFromBefore;
  });
}

/** What such a read says otherwise: values that cannot be from before, so that somebody else wrote them. */
function foreignIn(look: ChannelInfo, { wanted, before, recent }: ChannelEdit): ChannelInfo | undefined {
  const isForeign = (name: keyof ChannelValues) => {
    const [value, known] = [look[name], recent.get(name)];
    const mayBeOld = value === before[name] || value === known?.value || known?.earlier.has(value);
    const isWanted = value === wanted[name] || isNormalized(value, wanted[name]);
    return before[name] !== undefined && value !== undefined && !mayBeOld && !isWanted;
  };
  const names = fieldsOf(wanted).filter(isForeign);
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, look[name]]));
}

/** Waits until a time (milliseconds of `performance.now`); false if the call ended first. */
export async function waitUntil(time: number, { deadline }: CallOptions, waitingFor: string): Promise<boolean> {
  // A timer can fire a millisecond early, and a read that early would not count.
  for (let ms = time - performance.now(); ms > 0; ms = time - performance.now()) {
    if (!(await deadline.sleep(Math.ceil(ms), waitingFor))) return false;
  }
  return deadline.ended === undefined;
}

/** The channel as it is now, or undefined where it could not be read. */
export async function readOnce(
  api: EditServices["api"],
  id: string,
  options: CallOptions,
): Promise<ChannelInfo | undefined> {
  const result = await api.getChannels([id], undefined, options);
  const channel = result.kind === "ok" ? result.value.channels[0] : undefined;
  return channel?.error ? undefined : channel?.info;
}
