import type { ChannelInfo, ChannelValues, WritableFieldName } from "../channel/fields.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS } from "../chat-api/regions.ts";

/** What a read must show of a field that this process wrote a moment ago. */
interface RecentValue {
  /** As last seen, or as sent where it was not seen. */
  readonly value: string | number | undefined;
  /** From this time on (milliseconds of `performance.now`) any read is believed. */
  readonly until: number;
}

/**
 * Decides when a read before an edit may be believed. A replica may lag behind a write of ours, so for a while a read
 * counts only if it shows every value that we wrote.
 */
export class RecentWrites {
  readonly #byChannel = new Map<string, Map<WritableFieldName, RecentValue>>();

  /**
   * @param written the fields of the edit, as last seen or else as sent
   * @param endedAt when the last attempt ended
   * @param wasSeen true if the written values have just been read back
   */
  record(channel: string, written: ChannelValues, endedAt: number, wasSeen: boolean): void {
    // What was seen has taken effect by now; what was not seen may take effect until the server timeout.
    const appliedBy = wasSeen ? performance.now() : endedAt + SERVER_TIMEOUT_MS;
    const until = appliedBy + REPLICA_LAG_MS;
    const fields = this.#byChannel.get(channel) ?? new Map<WritableFieldName, RecentValue>();
    this.#byChannel.set(channel, fields);
    for (const name of Object.keys(written) as WritableFieldName[]) {
      const recent = { value: written[name], until };
      fields.set(name, recent);
      const forget = () => {
        if (fields.get(name) === recent) fields.delete(name);
        if (fields.size === 0 && this.#byChannel.get(channel) === fields) this.#byChannel.delete(channel);
      };
      setTimeout(forget, Math.max(0, until - performance.now())).unref();
    }
  }

  /** True if a read that begins now may not show yet what this process wrote. */
  has(channel: string): boolean {
    return this.#byChannel.has(channel);
  }

  /** Milliseconds after which to read again, or 0 where a read may be believed. */
  distrustMs(channel: string, info: ChannelInfo): number {
    const recent = [...(this.#byChannel.get(channel) ?? [])];
    const shown = recent.filter(([name]) => info[name] !== undefined);
    const agrees = shown.length > 0 && shown.every(([name, { value }]) => info[name] === value);
    if (recent.length === 0 || agrees) return 0;
    return Math.max(1, ...recent.map(([, { until }]) => until - performance.now()));
  }
}
