import type { ChannelInfo, ChannelValues, WritableFieldName } from "../channel/fields.ts";
import { REPLICA_LAG_MS } from "../chat-api/limits.ts";

/** What a read must show of a field that this process wrote a moment ago. */
interface RecentValue {
  /** As last seen, or as sent where it was not seen; undefined where no value would prove that the read is new. */
  readonly value: string | number | undefined;
  /** What it was before, as far back as a read can still show. */
  readonly earlier: ReadonlySet<string | number | undefined>;
  /** From this time on (milliseconds of `performance.now`) any read is believed. */
  readonly until: number;
}

/** The writes that a read may not show yet, as they were when it began. */
export type RecentValues = ReadonlyMap<WritableFieldName, RecentValue>;

/**
 * Decides when a read before an edit may be believed. A replica may lag behind a write of ours, so for a while a read
 * counts only if it shows every value that we wrote.
 */
export class RecentWrites {
  readonly #byChannel = new Map<string, Map<WritableFieldName, RecentValue>>();

  /**
   * @param before the channel as read before the edit
   * @param written the fields of the edit, as last seen or else as sent
   * @param appliedBy when the edit took effect at the latest (milliseconds of `performance.now`)
   * @param wasSeen true if the written values have been read back
   */
  record(channel: string, before: ChannelInfo, written: ChannelValues, appliedBy: number, wasSeen: boolean): void {
    const until = appliedBy + REPLICA_LAG_MS;
    const fields = new Map(this.of(channel));
    for (const name of Object.keys(written) as WritableFieldName[]) {
      // A field that was written twice in a moment may have had this value before the first of the two.
      const previous = fields.get(name);
      const value = wasSeen || !previous ? written[name] : undefined;
      const earlier = new Set([...(previous ? [...previous.earlier, previous.value] : []), before[name]]);
      fields.set(name, { value, earlier, until });
    }
    this.#byChannel.set(channel, fields);
  }

  /** What a read that begins now may not show yet. */
  of(channel: string): RecentValues {
    const now = performance.now();
    for (const [id, fields] of this.#byChannel) {
      for (const [name, { until }] of fields) if (until <= now) fields.delete(name);
      if (fields.size === 0) this.#byChannel.delete(id);
    }
    return new Map(this.#byChannel.get(channel));
  }
}

/**
 * Milliseconds after which to read again, or 0 where a read may be believed.
 * @param recent the writes when the read began
 */
export function rereadDelayMs(recent: RecentValues, info: ChannelInfo): number {
  if (recent.size === 0) return 0;
  const shown = [...recent].filter(([name]) => info[name] !== undefined);
  const latest = Math.max(...[...recent.values()].map(({ until }) => until));
  // A read that shows nothing of the latest edit can be older than that.
  const showsLatest = shown.some(([, { until }]) => until === latest);
  if (showsLatest && shown.every(([name, { value }]) => info[name] === value)) return 0;
  return Math.max(1, latest - performance.now());
}
