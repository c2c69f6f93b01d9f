import type { AnswerHead } from "../channel/explanation.ts";
import type { ChannelFacts, ChannelValues } from "../channel/fields.ts";
import { shownBy } from "../channel/receipt.ts";
import type { ChatApi } from "../chat-api/chat-api.ts";
import type { Deadline } from "../chat-api/deadline.ts";
import { Failure } from "../chat-api/failure.ts";
import { NoValidAnswer } from "../chat-api/network-failure.ts";
import { LANDS_WITHIN_MS } from "./write.ts";

/** Sending an edit until it is known what came of it, or until nobody can know. */

/** How the sending ended: with an OK, with nothing changed, or open, with what a read showed afterwards. */
export type Sent =
  | { readonly end: "ok"; readonly head: AnswerHead; readonly attempts: number }
  | { readonly end: "notSent"; readonly failure: Failure }
  | { readonly end: "refused"; readonly failure: Failure }
  | OpenEnd;

/** No valid answer came, or one that leaves open whether the edit was carried out. */
export interface OpenEnd {
  readonly end: "open";
  readonly failure: Failure;
  /** The channel as read after it; undefined where it could not be read. */
  readonly seen: ChannelFacts | undefined;
  readonly attempts: number;
}

/** One channel, as long as one edit of it lasts. */
export class ChannelSending {
  readonly #api: ChatApi;
  readonly #id: string;
  readonly #deadline: Deadline;

  constructor(api: ChatApi, id: string, deadline: Deadline) {
    this.#api = api;
    this.#id = id;
    this.#deadline = deadline;
  }

  /** The channel as it stands. @throws the refusal where it cannot be read */
  async read(): Promise<ChannelFacts> {
    const { channels } = await this.#api.getChannels([this.#id], undefined, this.#deadline);
    const [channel] = channels;
    if (channel?.refusal) throw channel.refusal;
    return channel?.facts ?? {};
  }

  /** The channel as it stands, or undefined where it cannot be read. */
  async tryToRead(): Promise<ChannelFacts | undefined> {
    try {
      return await this.read();
    } catch {
      return undefined;
    }
  }

  /** The channel once nothing that was sent can land any more; undefined where there is no time to wait for that. */
  async #lookLater(sentAt: number): Promise<ChannelFacts | undefined> {
    const waitMs = Math.max(0, LANDS_WITHIN_MS - (performance.now() - sentAt));
    return (await this.#deadline.pause(waitMs)) ? this.tryToRead() : undefined;
  }

  /**
   * Sends the edit; where no valid answer comes, reads the channel, and sends once more if the old values stand.
   *
   * @param before the channel as read before
   * @param hold keeps the channel closed for so many milliseconds: what was sent may still land
   */
  async send(wanted: ChannelValues, before: ChannelFacts, hold: (ms: number) => void): Promise<Sent> {
    let open: OpenEnd | undefined;
    let sentAt = 0;
    for (;;) {
      try {
        const { head, attempts } = await this.#api.modifyChannel(this.#id, wanted, this.#deadline);
        return { end: "ok", head, attempts: attempts + (open?.attempts ?? 0) };
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (!failure.wasSent) {
          return open ? { ...open, seen: await this.#lookLater(sentAt) } : { end: "notSent", failure };
        }
        if (!failure.leavesOutcomeOpen && !open) return { end: "refused", failure };

        sentAt = performance.now();
        hold(LANDS_WITHIN_MS);
        const mayHelp = !open && failure instanceof NoValidAnswer && failure.mayHelpAgain;
        const attempts = failure.call.attempts + (open?.attempts ?? 0);
        open = { end: "open", failure, seen: await this.tryToRead(), attempts };
        if (open.seen && shownBy(wanted, before, open.seen) !== "old") return open;
        if (!open.seen || !mayHelp || !this.#api.mayModifyAgain())
          return { ...open, seen: await this.#lookLater(sentAt) };
      }
    }
  }
}
