import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import type { CallOptions, ChannelsResult, SubscriberValues } from "../../src/chat-api/chat-api.ts";
import { type Failure, networkFailure } from "../../src/chat-api/errors/failure.ts";
import type { Connection } from "../../src/chat-api/http/http-client.ts";
import { codeFailure } from "../../src/chat-api/http/response.ts";
import { type FailedSend, type SendResult, toFailedSend } from "../../src/chat-api/request.ts";
import type { Deadline } from "../../src/chat-api/retry/deadline.ts";
import type { EditApi } from "../../src/edits/edit.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";

/**
 * A service with replicas that lag, answers that are lost, edits that take effect late or in part, and people who edit
 * in between; and the whole truth about it, to compare receipts with.
 */

/** What the service can do at worst, in milliseconds. */
export interface Bounds {
  /** A request takes effect at most this long after its attempt ended. */
  readonly lateMs: number;
  /** A read shows the state of at most this long ago. */
  readonly lagMs: number;
}

/** A seeded random number generator (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One change of a subscriber's custom field. */
interface SubscriberWrite {
  readonly at: number;
  readonly subscriber: string;
  readonly value: string;
}

/** The limit that the service sets where an edit does not name it, in the runs in which it does so (assumed). */
const DEFAULT_LIMIT = 100_000;

/** One change of the primary copy. */
interface AppliedWrite {
  readonly at: number;
  readonly values: ChannelValues;
  /** The values of the edit it belongs to, the same object; undefined for a colleague's. */
  readonly edit: ChannelValues | undefined;
}

const ENVELOPE = { ActionStatus: "OK", ErrorCode: 0 };
const CONNECTION = {} as Connection;

export class SimulatedService implements EditApi {
  readonly history: AppliedWrite[] = [];
  readonly subscriberHistory: SubscriberWrite[] = [];
  /** What each read showed, and for which call. */
  readonly reads: { readonly at: number; readonly deadline: Deadline; readonly info: ChannelInfo }[] = [];
  /** When each call sent its first edit. */
  readonly firstSends = new Map<Deadline, number>();
  readonly #initial: ChannelInfo;
  readonly #stored = new WeakMap<ChannelValues, ChannelValues>();
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #bounds: Bounds;
  /** True for a service that trims every text. */
  readonly #trims: boolean;
  /** True for a service whose answers lack a field now and then. */
  readonly lacksFields: boolean;
  /** True for a service that takes an edit without MaxSubscriberNum for one that sets it to its default. */
  readonly #resetsLimit: boolean;

  constructor(clock: VirtualClock, random: () => number, bounds: Bounds, initial: ChannelInfo) {
    this.#clock = clock;
    this.#random = random;
    this.#bounds = bounds;
    this.#initial = initial;
    this.#trims = random() < 0.1;
    this.lacksFields = random() < 0.3;
    this.#resetsLimit = random() < 0.2;
  }

  /** The primary copy as it was at a time. */
  stateAt(time: number): ChannelInfo {
    const state = { ...this.#initial };
    for (const { at, values } of this.history) if (at <= time) Object.assign(state, values);
    return state;
  }

  /** A colleague, in the console or in another process, edits the channel. */
  editAsColleague(values: ChannelValues): void {
    this.#apply(values, undefined);
  }

  async getChannels(
    ids: readonly string[],
    _fields: unknown,
    { deadline }: CallOptions,
  ): Promise<SendResult<ChannelsResult>> {
    const at = this.#clock.now;
    await this.#travel();
    const lagMs = this.#chance(0.5) ? 0 : this.#random() * this.#bounds.lagMs;
    const seen = this.stateAt(this.#clock.now - lagMs);
    await this.#travel();
    if (deadline.ended || this.#chance(0.05)) return this.#fail(networkFailure("connectionLost"), false);
    // A field may be missing from an answer.
    const info = Object.fromEntries(Object.entries(seen).filter(() => !(this.lacksFields && this.#chance(0.05))));
    this.reads.push({ at, deadline, info });
    const channels = ids.map((id) => ({ id, envelope: ENVELOPE, info }));
    return { kind: "ok", attempts: 1, value: { envelope: ENVELOPE, serverDate: undefined, channels } };
  }

  async modifyChannel(_id: string, values: ChannelValues, { deadline }: CallOptions): Promise<SendResult<object>> {
    if (this.#chance(0.05)) return this.#fail(networkFailure("connectionRefused"), true);
    if (!this.firstSends.has(deadline)) this.firstSends.set(deadline, this.#clock.now);
    await this.#travel();
    const part = Object.fromEntries(Object.entries(this.#storedFor(values)).filter(() => this.#chance(0.5)));
    const what = this.#random();
    if (what < 0.45) {
      this.#apply(this.#storedFor(values), values);
      await this.#travel();
      return { kind: "ok", attempts: 1, value: ENVELOPE };
    }
    if (what < 0.55) {
      if (this.#chance(0.5)) this.#apply(part, values); // a refusal that applied some fields all the same
      await this.#travel();
      return this.#fail(codeFailure({ ErrorCode: 6017, ActionStatus: "FAIL" }), true);
    }
    // No definite answer: applied now, in part, late, or never.
    const applied = this.#random();
    if (applied < 0.3) this.#apply(this.#storedFor(values), values);
    else if (applied < 0.4) this.#apply(part, values);
    await (this.#chance(0.3) && !deadline.ended ? deadline.sleep(4_000, "") : this.#travel());
    if (applied >= 0.4 && applied < 0.7) this.#applyLater(this.#chance(0.3) ? part : this.#storedFor(values), values);
    if (this.#chance(0.2)) return this.#fail(codeFailure({ ErrorCode: 60008, ActionStatus: "FAIL" }), true);
    if (this.#chance(0.1)) return this.#fail(codeFailure({ ErrorCode: 10004, ActionStatus: "FAIL" }), true);
    return this.#fail(networkFailure(deadline.ended ? "cancelledAfterSending" : "connectionLost"), true);
  }

  async modifySubscriber(
    { Subscriber_Account: subscriber, CustomString: value }: SubscriberValues,
    { deadline }: Pick<CallOptions, "deadline">,
  ): Promise<SendResult<object>> {
    const apply = () => this.subscriberHistory.push({ at: this.#clock.now, subscriber, value });
    await this.#travel();
    const what = this.#random();
    if (what < 0.1 || deadline.ended) return this.#fail(networkFailure("connectionRefused"), true);
    if (what < 0.2) return this.#fail(codeFailure({ ErrorCode: 6017, ActionStatus: "FAIL" }), true);
    if (what < 0.7) {
      apply();
      await this.#travel();
      return { kind: "ok", attempts: 1, value: ENVELOPE };
    }
    if (what < 0.8) apply();
    await this.#travel();
    if (what >= 0.8 && what < 0.95) void this.#clock.sleep(this.#lateMs()).then(apply);
    return this.#fail(networkFailure("connectionLost"), true);
  }

  async borrowConnection(): Promise<Connection> {
    return CONNECTION;
  }

  release(): void {}

  consumeRetryBudget(): boolean {
    return this.#chance(0.9);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #travel(): Promise<void> {
    return this.#clock.sleep(10 + this.#random() * 150);
  }

  /**
   * What the service makes of an edit that it answers with OK: all of it, a part, or another text, each time the same.
   * Where fields are missing, an OK is true: nothing could tell a stale value from the wanted one otherwise.
   */
  #storedFor(values: ChannelValues): ChannelValues {
    const known = this.#stored.get(values);
    if (known) return known;
    const how = this.lacksFields ? 0 : this.#random();
    const part = Object.fromEntries(Object.entries(values).filter(() => this.#chance(0.5)));
    const changed = mapText(values, (text) => `*${text}*`);
    const stored = how < 0.8 ? values : how < 0.9 ? part : changed;
    this.#stored.set(values, stored);
    return stored;
  }

  #apply(values: ChannelValues, edit: AppliedWrite["edit"]): void {
    if (Object.keys(values).length === 0) return;
    const stored = this.#trims ? mapText(values, (text) => text.trim()) : values;
    const isReset =
      edit !== undefined &&
      edit.MaxSubscriberNum === undefined &&
      this.#resetsLimit &&
      this.#initial.MaxSubscriberNum !== undefined;
    this.history.push({
      at: this.#clock.now,
      values: isReset ? { MaxSubscriberNum: DEFAULT_LIMIT, ...stored } : stored,
      edit,
    });
  }

  #applyLater(values: ChannelValues, edit: ChannelValues): void {
    void this.#clock.sleep(this.#lateMs()).then(() => this.#apply(values, edit));
  }

  /** A millisecond inside the bound: what happens at the bound itself is the bound's business. */
  #lateMs(): number {
    return Math.max(0, this.#random() * this.#bounds.lateMs - 1);
  }

  #fail(failure: Failure, isWrite: boolean): FailedSend {
    return toFailedSend(failure, { isWrite, channelIds: [], sdkAppId: 1, attempts: 1 });
  }
}

function mapText(values: ChannelValues, change: (text: string) => string): ChannelValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? change(value) : value]),
  );
}
