import type { AnswerHead, ExplainedError } from "../channel/explanation.ts";
import type { ChannelFacts, ChannelValues } from "../channel/fields.ts";
import {
  type Change,
  compare,
  type Outcome,
  type Receipt,
  shownBy,
  standsAlready,
  summarize,
  undoOf,
  warningsAbout,
} from "../channel/receipt.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import type { Deadline } from "../chat-api/deadline.ts";
import { NotSent, NoValidAnswer } from "../chat-api/network-failure.ts";
import { ServiceRefusal } from "../chat-api/service-refusal.ts";
import type { Journal } from "../guard/journal.ts";
import type { Policy, WriteSlot } from "../guard/policy.ts";
import type { ChannelQueue } from "./channel-queue.ts";
import { UnseenOutcome } from "./unseen-outcome.ts";

/** An edit of a channel that can be trusted: read, write, read back, and a receipt of what was seen. */

const TOOL = "modify_official_account_base_info";
/** Where a read-back still shows the old value, one more look after so many milliseconds. */
const SECOND_LOOK_MS = 300;
/** The service gives up on a request after so long (page: RESTful API Overview); later it cannot land any more. */
export const LANDS_WITHIN_MS = 3_000;

/** Who asks, and how long there is. */
export interface Call {
  readonly deadline: Deadline;
  /** The MCP client's name. */
  readonly client: string;
}

/** What a write needs. */
export interface WriteHouse {
  readonly api: ChatApi;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly queue: ChannelQueue;
}

/** A write that reached its end: the service's own words, the receipt, and a failure where it is not as wanted. */
export interface Written {
  readonly head: AnswerHead;
  readonly receipt: Receipt;
  readonly failure?: ExplainedError | undefined;
}

/** How the sending of a write ended: with an OK, with nothing changed, or open, with what a read showed afterwards. */
type Sent =
  | { readonly end: "ok"; readonly head: AnswerHead; readonly attempts: number }
  | { readonly end: "notSent"; readonly failure: NotSent }
  | { readonly end: "refused"; readonly failure: ServiceRefusal }
  | Open;

interface Open {
  readonly end: "open";
  readonly failure: ServiceRefusal | NoValidAnswer;
  readonly seen: ChannelFacts | undefined;
  readonly attempts: number;
}

/**
 * Changes fields of a channel and says what came of it.
 * @throws PolicyRefusal, NotSent, NoValidAnswer, ServiceRefusal: nothing was changed
 */
export async function editChannel(house: WriteHouse, id: string, wanted: ChannelValues, call: Call): Promise<Written> {
  const slot = house.policy.takeWriteSlot();
  let wrote = false;
  try {
    return await house.queue.inTurn(id, call.deadline, async (hold) => {
      const edit = new ChannelEdit(house, id, wanted, call, slot, hold);
      const before = await edit.read();
      if (standsAlready(wanted, before)) return edit.unchanged(before);
      wrote = true;
      return edit.write(before);
    });
  } finally {
    if (!wrote) slot.giveBack();
  }
}

class ChannelEdit {
  readonly #house: WriteHouse;
  readonly #id: string;
  readonly #wanted: ChannelValues;
  readonly #call: Call;
  readonly #slot: WriteSlot;
  readonly #hold: (ms: number) => void;

  constructor(
    house: WriteHouse,
    id: string,
    wanted: ChannelValues,
    call: Call,
    slot: WriteSlot,
    hold: (ms: number) => void,
  ) {
    this.#house = house;
    this.#id = id;
    this.#wanted = wanted;
    this.#call = call;
    this.#slot = slot;
    this.#hold = hold;
  }

  /** The channel as it stands. @throws the refusal where it cannot be read, so that nothing is written blindly */
  async read(): Promise<ChannelFacts> {
    const { channels } = await this.#house.api.getChannels([this.#id], undefined, this.#call.deadline);
    const [channel] = channels;
    if (channel?.refusal) throw channel.refusal;
    return channel?.facts ?? {};
  }

  unchanged(before: ChannelFacts): Written {
    const changes = compare(this.#wanted, before, before);
    return { head: {}, receipt: this.#receipt("unchanged", changes, before, []) };
  }

  async write(before: ChannelFacts): Promise<Written> {
    const { journal } = this.#house;
    const undo = undoOf(TOOL, this.#id, this.#wanted, before);
    const { client, deadline } = this.#call;
    const planned = compare(this.#wanted, before, undefined).map(({ verdict: _, ...change }) => change);
    let end: ReturnType<Journal["begin"]>;
    try {
      end = journal.begin({ tool: TOOL, channel: this.#id, client, changes: planned, undo });
    } catch (refusal) {
      this.#slot.giveBack();
      throw refusal;
    }
    const cancelled = () => (deadline.ended === "cancelled" ? { cancelled: true as const } : {});

    const sent = await this.#send(before);
    if (sent.end === "notSent") {
      this.#slot.giveBack();
      end({ outcome: "notSent", ...cancelled() });
      throw sent.failure;
    }
    if (sent.end === "refused") {
      end({ outcome: "refused", code: sent.failure.head.ErrorCode });
      throw sent.failure;
    }
    const written = sent.end === "ok" ? await this.#afterOk(sent, before) : this.#afterFailure(sent, before);
    const { outcome, changes } = written.receipt;
    const warning = end({ outcome, changes, ...cancelled() });
    return warning ? { ...written, receipt: withWarning(written.receipt, warning) } : written;
  }

  /** Sends the write; where no valid answer comes, reads the channel, and sends once more if the old values stand. */
  async #send(before: ChannelFacts): Promise<Sent> {
    let open: Open | undefined;
    for (;;) {
      const sentAt = performance.now();
      try {
        const { head, attempts } = await this.#house.api.modifyChannel(this.#id, this.#wanted, this.#call.deadline);
        return { end: "ok", head, attempts: attempts + (open?.attempts ?? 0) };
      } catch (failure) {
        if (failure instanceof NotSent) return open ?? { end: "notSent", failure };
        const answered = failure instanceof ServiceRefusal;
        if (!answered && !(failure instanceof NoValidAnswer)) throw failure;
        if (answered && !failure.leavesOutcomeOpen && !open) return { end: "refused", failure };

        this.#hold(Math.max(0, LANDS_WITHIN_MS - (performance.now() - sentAt)));
        const isSecond = open !== undefined;
        const seen = await this.#tryToRead();
        open = { end: "open", failure, seen, attempts: failure.attempts + (open?.attempts ?? 0) };
        const mayHelp = !isSecond && !answered && failure.mayHelpAgain;
        if (!mayHelp || shownBy(this.#wanted, before, seen) !== "old") return open;
      }
    }
  }

  async #afterOk({ head, attempts }: Extract<Sent, { end: "ok" }>, before: ChannelFacts): Promise<Written> {
    let seen = await this.#tryToRead();
    let changes = compare(this.#wanted, before, seen);
    if (differingIn(changes).length > 0 && (await this.#call.deadline.pause(SECOND_LOOK_MS))) {
      seen = (await this.#tryToRead()) ?? seen;
      changes = compare(this.#wanted, before, seen);
    }
    const differing = differingIn(changes);
    if (differing.length === 0) {
      const unread = seen ? [] : ["The service said OK, but the channel could not be read back to see it."];
      return { head, receipt: this.#receipt("applied", changes, before, unread) };
    }
    const failure = new UnseenOutcome(undefined, {
      seen: `The service said OK, but reading back shows another value for ${differing.join(", ")}.`,
      nextStep: `Read the channel again in some seconds with ${getCall(this.#id)}; if it still differs, ask who else edits it.`,
      attempts,
    });
    return { head, receipt: this.#receipt("unknown", changes, before, []), failure };
  }

  #afterFailure({ failure, seen, attempts }: Open, before: ChannelFacts): Written {
    const changes = compare(this.#wanted, before, seen);
    const shown = shownBy(this.#wanted, before, seen);
    if (shown === "new") {
      const warning = "No valid answer to the write came back; reading the channel shows that it was applied.";
      return { head: {}, receipt: this.#receipt("applied", changes, before, [warning]) };
    }
    if (shown === "old") {
      const told = {
        seen: "Reading the channel shows that the old values stand.",
        nextStep: "Call again in a minute with the same arguments.",
        attempts,
      };
      return {
        head: {},
        receipt: this.#receipt("notApplied", changes, before, []),
        failure: new UnseenOutcome(failure, told),
      };
    }
    const told = {
      seen: seen ? "Reading the channel does not tell whether it was." : "The channel could not be read afterwards.",
      nextStep: `Look with ${getCall(this.#id)}. Sending the same edit again is harmless: it sets the same values.`,
      attempts,
    };
    return {
      head: {},
      receipt: this.#receipt("unknown", changes, before, []),
      failure: new UnseenOutcome(failure, told),
    };
  }

  #receipt(outcome: Outcome, changes: Change[], before: ChannelFacts, more: string[]): Receipt {
    const undo = undoOf(TOOL, this.#id, this.#wanted, before);
    const isOfUse = outcome === "applied" || outcome === "unknown";
    return {
      outcome,
      summary: summarize(this.#id, outcome, changes, before.SubscriberNum),
      changes,
      ...(undo && isOfUse && { undo }),
      warnings: [...more, ...(isOfUse ? warningsAbout(this.#wanted, before) : [])],
    };
  }

  async #tryToRead(): Promise<ChannelFacts | undefined> {
    try {
      return await this.read();
    } catch {
      return undefined;
    }
  }
}

function differingIn(changes: readonly Change[]): string[] {
  return changes.filter(({ verdict }) => verdict === "differs").map(({ field }) => field);
}

function withWarning(receipt: Receipt, warning: string): Receipt {
  return { ...receipt, warnings: [...receipt.warnings, warning] };
}

function getCall(id: string): string {
  return `get_official_account_info ${JSON.stringify({ OfficialAccountIdList: [{ Official_Account: id }] })}`;
}
