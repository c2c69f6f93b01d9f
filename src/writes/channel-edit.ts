import type { ChannelFacts, ChannelValues } from "../channel/fields.ts";
import {
  type Change,
  compare,
  type NextCall,
  type Outcome,
  type Receipt,
  shownBy,
  standsAlready,
  summarize,
  undoOf,
  warningsAbout,
} from "../channel/receipt.ts";
import type { Deadline } from "../chat-api/deadline.ts";
import type { Journal } from "../guard/journal.ts";
import { ChannelSending, type OpenEnd, type Sent } from "./channel-sending.ts";
import { UnseenOutcome } from "./unseen-outcome.ts";
import { type Call, cancelledIn, type Effects, type WriteHouse, type Written } from "./write.ts";

/** An edit of a channel that can be trusted: read, write, read back, and a receipt of what was seen. */

const TOOL = "modify_official_account_base_info";
/** Where a read-back still shows the old value, one more look after so many milliseconds. */
const SECOND_LOOK_MS = 300;

/**
 * Changes fields of a channel and says what came of it.
 * @throws PolicyRefusal, NotSent, NoValidAnswer, ServiceRefusal: nothing was changed
 */
export function editChannel(house: WriteHouse, id: string, wanted: ChannelValues, call: Call): Promise<Written> {
  return house.policy.withinBudget((spend) =>
    house.queue.inTurn(id, call.deadline, async (hold) => {
      const channel = new ChannelSending(house.api, id, call.deadline);
      const before = await channel.read();
      const edit = new ChannelEdit(channel, id, wanted, before);
      return standsAlready(wanted, before) ? edit.unchanged() : edit.write(house.journal, call, { spend, hold });
    }),
  );
}

/** One edit of one channel whose values before are known. */
class ChannelEdit {
  readonly #channel: ChannelSending;
  readonly #id: string;
  readonly #wanted: ChannelValues;
  readonly #before: ChannelFacts;
  readonly #undo: NextCall | undefined;

  constructor(channel: ChannelSending, id: string, wanted: ChannelValues, before: ChannelFacts) {
    this.#channel = channel;
    this.#id = id;
    this.#wanted = wanted;
    this.#before = before;
    this.#undo = undoOf(TOOL, id, wanted, before);
  }

  unchanged(): Written {
    return { head: {}, receipt: this.#receipt("unchanged", this.#compare(this.#before)) };
  }

  async write(journal: Journal, { client, deadline }: Call, { spend, hold }: Effects): Promise<Written> {
    const changes = this.#compare(undefined).map(({ verdict: _, ...change }) => change);
    const end = journal.begin({ tool: TOOL, channel: this.#id, client, changes, undo: this.#undo });
    const sent = await this.#channel.send(this.#wanted, this.#before, hold);
    if (sent.end === "notSent") {
      end({ outcome: "notSent", ...cancelledIn(deadline) });
      throw sent.failure;
    }
    spend();
    if (sent.end === "refused") {
      end({ outcome: "refused", code: sent.failure.head.ErrorCode });
      throw sent.failure;
    }
    const written = sent.end === "ok" ? await this.#afterOk(sent, deadline) : this.#afterFailure(sent);
    const { receipt } = written;
    const warning = end({ outcome: receipt.outcome, changes: receipt.changes, ...cancelledIn(deadline) });
    return warning ? { ...written, receipt: { ...receipt, warnings: [...receipt.warnings, warning] } } : written;
  }

  async #afterOk({ head, attempts }: Extract<Sent, { end: "ok" }>, deadline: Deadline): Promise<Written> {
    let seen = await this.#channel.tryToRead();
    let changes = this.#compare(seen);
    if (differingIn(changes).length > 0 && (await deadline.pause(SECOND_LOOK_MS))) {
      seen = (await this.#channel.tryToRead()) ?? seen;
      changes = this.#compare(seen);
    }
    const differing = differingIn(changes);
    if (differing.length === 0) {
      const unread = seen ? [] : ["The service said OK, but the channel could not be read back to see it."];
      return { head, receipt: this.#receipt("applied", changes, unread) };
    }
    const failure = new UnseenOutcome(undefined, {
      seen: `The service said OK, but reading back shows another value for ${differing.join(", ")}.`,
      nextStep: `Read the channel again in some seconds with ${getCall(this.#id)}; if it still differs, ask who else edits it.`,
      attempts,
    });
    return { head, receipt: this.#receipt("unknown", changes), failure };
  }

  #afterFailure({ failure, seen, attempts }: OpenEnd): Written {
    const changes = this.#compare(seen);
    const shown = shownBy(this.#wanted, this.#before, seen);
    if (shown === "new") {
      const warning = "No answer said that the edit was carried out; reading the channel shows that it was.";
      return { head: {}, receipt: this.#receipt("applied", changes, [warning]) };
    }
    const outcome = shown === "old" ? "notApplied" : "unknown";
    const told =
      shown === "old"
        ? OLD_STANDS
        : {
            seen: seen ? TELLS_NOTHING : NOT_READ,
            nextStep: this.#undo ? `Look with ${getCall(this.#id)}. ${HARMLESS}` : HARMLESS,
          };
    const unseen = new UnseenOutcome(failure, { ...told, attempts });
    return { head: {}, receipt: this.#receipt(outcome, changes), failure: unseen };
  }

  #compare(seen: ChannelFacts | undefined): Change[] {
    return compare(this.#wanted, this.#before, seen);
  }

  #receipt(outcome: Outcome, changes: Change[], more: string[] = []): Receipt {
    const mayHaveChanged = outcome === "applied" || outcome === "unknown";
    return {
      outcome,
      summary: summarize(this.#id, outcome, changes, this.#before.SubscriberNum),
      changes,
      ...(this.#undo && mayHaveChanged && { undo: this.#undo }),
      warnings: [...more, ...(mayHaveChanged ? warningsAbout(this.#wanted, this.#before) : [])],
    };
  }
}

const OLD_STANDS = {
  seen: "No answer said that the edit was carried out, and reading the channel shows that the old values stand.",
  nextStep: "Call again in a minute with the same arguments.",
};
const TELLS_NOTHING = "Whether the edit was carried out is not known: reading the channel does not tell.";
const NOT_READ = "Whether the edit was carried out is not known: the channel could not be read late enough to tell.";

const HARMLESS = "Sending the same edit again is harmless: it sets the same values.";

function getCall(id: string): string {
  return `get_official_account_info ${JSON.stringify({ OfficialAccountIdList: [{ Official_Account: id }] })}`;
}

function differingIn(changes: readonly Change[]): string[] {
  return changes.filter(({ verdict }) => verdict === "differs").map(({ field }) => field);
}
