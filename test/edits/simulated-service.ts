import type { Deadline } from "../../src/call/deadline.ts";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import type { ChannelsResult, SubscriberValues } from "../../src/chat-api/chat-api.ts";
import { type Failure, networkFailure, replyKindOf } from "../../src/chat-api/errors/failure.ts";
import { codeFailure } from "../../src/chat-api/http/response.ts";
import type { FailedReply, Reply } from "../../src/chat-api/reply.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";

/**
 * A service with replicas that lag, answers that are lost, edits that take effect late, and people who edit in between;
 * and the whole truth about it, to compare receipts with.
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

/** One change of the primary copy. */
export interface AppliedWrite {
  readonly at: number;
  readonly values: ChannelValues;
  /** The call that it belongs to; undefined for a colleague's. */
  readonly call: Deadline | undefined;
}

/** The limit that the service sets where an edit does not name it, in the runs in which it does so (assumed). */
const DEFAULT_LIMIT = 100_000;
const ENVELOPE = { ActionStatus: "OK", ErrorCode: 0 };

export class SimulatedService {
  readonly history: AppliedWrite[] = [];
  readonly subscriberHistory: SubscriberWrite[] = [];
  /** What each read showed, and when it began. */
  readonly reads: { readonly at: number; readonly call: Deadline; readonly info: ChannelInfo }[] = [];
  /** When each attempt to edit the channel began. */
  readonly sends: { readonly at: number; readonly call: Deadline; readonly values: ChannelValues }[] = [];
  readonly #initial: ChannelInfo;
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #bounds: Bounds;
  /** True for a service that changes every text a little. */
  readonly #rewrites: boolean;
  /** True for a service whose answers lack a field now and then. */
  readonly lacksFields: boolean;
  /** True for a service that takes an edit without MaxSubscriberNum for one that sets it to its default. */
  readonly #resetsLimit: boolean;

  constructor(clock: VirtualClock, random: () => number, bounds: Bounds, initial: ChannelInfo) {
    this.#clock = clock;
    this.#random = random;
    this.#bounds = bounds;
    this.#initial = initial;
    this.lacksFields = random() < 0.3;
    // Where fields are missing an OK is true: nothing could tell a stale value from the desired one otherwise.
    this.#rewrites = random() < 0.15 && !this.lacksFields;
    this.#resetsLimit = random() < 0.2 && initial.MaxSubscriberNum !== undefined;
  }

  /** The primary copy as it was at a time. */
  stateAt(time: number): ChannelInfo {
    const state = { ...this.#initial };
    for (const { at, values } of this.history) if (at <= time) Object.assign(state, values);
    return state;
  }

  /** A colleague, in the console or in another process, edits the channel. */
  editAsColleague(values: ChannelValues): void {
    this.history.push({ at: this.#clock.now, values, call: undefined });
  }

  async getChannels(ids: readonly string[], _fields: unknown, call: Deadline): Promise<Reply<ChannelsResult>> {
    const at = this.#clock.now;
    await this.#travel();
    const lagMs = this.#chance(0.5) ? 0 : this.#random() * this.#bounds.lagMs;
    const seen = this.stateAt(this.#clock.now - lagMs);
    await this.#travel();
    if (call.ended || this.#chance(0.05)) return fail(networkFailure("connectionLost"));
    const info = Object.fromEntries(Object.entries(seen).filter(() => !(this.lacksFields && this.#chance(0.05))));
    this.reads.push({ at, call, info });
    const channels = ids.map((id) => ({ id, envelope: ENVELOPE, info }));
    return { kind: "ok", attempts: 1, value: { envelope: ENVELOPE, clockNote: "", channels } };
  }

  async getChannel(id: string, call: Deadline): Promise<Reply<ChannelInfo>> {
    const reply = await this.getChannels([id], undefined, call);
    return reply.kind === "ok" ? { ...reply, value: reply.value.channels[0]?.info ?? {} } : reply;
  }

  async modifyChannel(_id: string, values: ChannelValues, call: Deadline): Promise<Reply<object>> {
    if (this.#chance(0.05)) return fail(networkFailure("connectionRefused"));
    this.sends.push({ at: this.#clock.now, call, values });
    await this.#travel();
    const what = this.#random();
    if (what < 0.5) {
      this.#apply(values, call);
      await this.#travel();
      return { kind: "ok", attempts: 1, value: ENVELOPE };
    }
    if (what < 0.6) return fail(codeFailure({ ErrorCode: 6017, ActionStatus: "FAIL" }));
    // No valid answer: applied now, late, or never.
    const effect = this.#random();
    if (effect < 0.35) this.#apply(values, call);
    await (this.#chance(0.3) && !call.ended ? call.sleep(4_000, "") : this.#travel());
    if (effect >= 0.35 && effect < 0.6) void this.#clock.sleep(this.#lateMs()).then(() => this.#apply(values, call));
    const code = this.#chance(0.2) ? 60008 : this.#chance(0.1) ? 10004 : undefined;
    if (code) return fail(codeFailure({ ErrorCode: code, ActionStatus: "FAIL" }));
    return fail(networkFailure(call.ended ? "cancelledAfterSending" : "connectionLost"));
  }

  async modifySubscriber(values: SubscriberValues, call: Deadline): Promise<Reply<object>> {
    const { Subscriber_Account: subscriber, CustomString: value } = values;
    const apply = () => void this.subscriberHistory.push({ at: this.#clock.now, subscriber, value });
    await this.#travel();
    const what = this.#random();
    if (what < 0.1 || call.ended) return fail(networkFailure("connectionRefused"));
    if (what < 0.2) return fail(codeFailure({ ErrorCode: 6017, ActionStatus: "FAIL" }));
    // Some attempts have no valid answer first, and may take effect after those that follow.
    const lost = what < 0.6 ? 0 : 1;
    if (lost > 0 && this.#chance(0.7)) void this.#clock.sleep(this.#lateMs()).then(apply);
    if (what < 0.8) {
      apply();
      await this.#travel();
      return { kind: "ok", attempts: lost + 1, value: ENVELOPE };
    }
    return { kind: "noAnswer", failure: networkFailure("connectionLost"), attempts: lost };
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #travel(): Promise<void> {
    return this.#clock.sleep(10 + this.#random() * 150);
  }

  #apply(sent: ChannelValues, call: Deadline): void {
    const rewritten = Object.entries(sent).map(([name, value]) => [
      name,
      typeof value === "string" ? `*${value}` : value,
    ]);
    const stored: ChannelValues = this.#rewrites ? Object.fromEntries(rewritten) : sent;
    const isReset = this.#resetsLimit && sent.MaxSubscriberNum === undefined;
    const values = isReset ? { MaxSubscriberNum: DEFAULT_LIMIT, ...stored } : stored;
    this.history.push({ at: this.#clock.now, values, call });
  }

  /** A millisecond inside the bound: what happens at the bound itself is the bound's business. */
  #lateMs(): number {
    return Math.max(0, this.#random() * this.#bounds.lateMs - 1);
  }
}

function fail(failure: Failure): FailedReply {
  const kind = replyKindOf(failure);
  return { kind, failure, attempts: kind === "notSent" ? 0 : 1 };
}
