import type { AnswerHead, Explanation } from "../channel/explanation.ts";
import { hintAboutId } from "../channel/fields.ts";
import { type CodeMeaning, type Kind, meaningOf } from "./error-codes/index.ts";
import { Failure } from "./failure.ts";

/** A clock further off than this many seconds is worth a word where a signature was refused. */
const CLOCK_OFF_SECONDS = 120;

const LEAVES_OPEN: ReadonlySet<Kind> = new Set(["transient", "once", "unknown"]);

// Refusals that a wrong channel ID can cause.
const ABOUT_THE_ID: ReadonlySet<number> = new Set([6017, 130002, 130004, 130007, 130008]);

/**
 * Thrown when the service gave a valid answer and its ErrorCode is not 0, for the whole request or for one channel.
 * Not for answers that make no sense (NoValidAnswer).
 */
export class ServiceRefusal extends Failure {
  override readonly name = "ServiceRefusal";
  readonly wasSent = true;
  override readonly head: AnswerHead & { readonly ErrorCode: number };
  readonly meaning: CodeMeaning;
  readonly #clock: string;

  /** @param clock what to say of this machine's clock against the server's Date, or nothing */
  constructor(head: AnswerHead & { readonly ErrorCode: number }, clock = "") {
    super(`ErrorCode ${head.ErrorCode}`);
    this.head = head;
    this.meaning = meaningOf(head.ErrorCode);
    this.#clock = clock;
  }

  get explanation(): Explanation {
    const { fixedBy, nextStep, safeToResend } = this.meaning;
    const { attempts, writes } = this.call;
    const changed = writes && !this.leavesOutcomeOpen ? " Nothing was changed." : "";
    return { stage: "service", cause: `${this.happened}${changed}`, fixedBy, nextStep, safeToResend, attempts };
  }

  /** What the code means; an ID that lacks the prefix is hinted at, and a clock that is wrong. */
  get happened(): string {
    const { cause, kind } = this.meaning;
    const remarks = [`${cause}.`];
    if (ABOUT_THE_ID.has(this.head.ErrorCode)) {
      remarks.push(...new Set(this.call.channelIds.flatMap((id) => hintAboutId(id) ?? [])));
    }
    if (this.#clock && (kind === "credentials" || kind === "signAgain")) remarks.push(this.#clock);
    return remarks.join(" ");
  }

  /**
   * An inner timeout or fault says only that the service did not see the request through to its answer; an answer that
   * says OK and refuses in one says nothing for certain.
   */
  get leavesOutcomeOpen(): boolean {
    return LEAVES_OPEN.has(this.meaning.kind) || this.head.ActionStatus === "OK";
  }
}

/**
 * What to say of this machine's clock where it and the server's Date header differ by more than two minutes.
 * @param now milliseconds since 1970
 */
export function remarkOnClock(serverDate: string | undefined, now: number): string {
  const server = serverDate ? Date.parse(serverDate) : Number.NaN;
  const offSeconds = Math.round((now - server) / 1000);
  if (!(Math.abs(offSeconds) > CLOCK_OFF_SECONDS)) return ""; // not so for a Date that cannot be read, too
  const minutes = Math.round(Math.abs(offSeconds) / 60);
  return `This machine's clock is ${minutes} minutes ${offSeconds > 0 ? "ahead of" : "behind"} the server's Date (${new Date(server).toUTCString()}): set the clock right.`;
}
