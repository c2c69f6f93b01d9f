import { randomInt } from "node:crypto";
import { type Again, attemptMs, holdMs, mayGoAgain, RetryBudget } from "./again.ts";
import { type Answer, readAnswer } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { Deadline } from "./deadline.ts";
import type { Kind } from "./error-codes/index.ts";
import { Failure, whatStands } from "./failure.ts";
import { NotSent } from "./network-failure.ts";
import { Pace } from "./pace.ts";
import { ServiceRefusal } from "./service-refusal.ts";
import type { Signer } from "./user-sig.ts";

/** The three commands; also the names of the tools (page title of each in channel/fields). */
export type Command = "get_official_account_info" | "modify_official_account_base_info" | "modify_subscriber_info";

/** `random` is fresh for each attempt, 0 to 4294967295 (each of the three pages). */
const RANDOM_END = 4_294_967_296;
/** After refused credentials nothing is sent for so long: 70050 locks an account for a minute. */
const LOCK_MS = 60_000;
/** The one rate code that speaks of all commands together. */
const WHOLE_APP_TOO_FAST = 60011;

/** One request as a caller means it. */
interface Request<T> {
  readonly command: Command;
  readonly body: object;
  readonly writes: boolean;
  /** The channels that it names. */
  readonly channelIds: readonly string[];
  /** Takes what the answer should hold out of it; throws NoValidAnswer where it is not there. */
  readonly read: (answer: Answer) => T;
}

/** Something worth a line in the log. */
export type Note = (event: string, details: Record<string, unknown>) => void;

/** Sends signed requests: in turn, within the deadline, and again where that is safe. */
export class Sender {
  readonly #connection: Connection;
  readonly #signer: Signer;
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #note: Note;
  readonly #paces = new Map<Command, Pace>();
  readonly #budget = new RetryBudget();
  #locked: { readonly until: number; readonly code: number } | undefined;

  /**
   * @param options.perSecond requests a second to each command, 1 to 200
   * @param options.now milliseconds since 1970
   */
  constructor(options: { connection: Connection; signer: Signer; perSecond: number; now?: () => number; note?: Note }) {
    this.#connection = options.connection;
    this.#signer = options.signer;
    this.#perSecond = options.perSecond;
    this.#now = options.now ?? Date.now;
    this.#note = options.note ?? (() => {});
  }

  /**
   * Sends a request until it has an answer, or a failure that stands.
   * @throws NotSent, NoValidAnswer, ServiceRefusal; each with the number of attempts in its explanation
   */
  async send<T>(request: Request<T>, deadline: Deadline): Promise<{ value: T; attempts: number }> {
    const { command, writes, channelIds } = request;
    const pace = this.#paceOf(command);
    let attempts = 0;
    let userSig = "";
    let told: Failure | undefined;
    const refusals = new Map<Kind, number>();
    for (;;) {
      try {
        await pace.turn(deadline);
        userSig = this.#signature();
        attempts += 1;
        const value = request.read(await this.#attempt(request, userSig, attempts, pace, deadline));
        this.#budget.giveBack();
        return { value, attempts };
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (failure instanceof NotSent && failure.reason === "keptBack") attempts -= 1;
        told = whatStands(told, failure, writes);
        told.call = { attempts, writes, channelIds };
        this.#holdAfter(failure, pace);
        const again = mayGoAgain(failure, { attempts, timesOfKind: count(failure, refusals), writes });
        if (!again || !this.#allows(again, userSig, deadline)) {
          this.#lockAfter(failure);
          throw told;
        }
        this.#note("again", { command, attempts, failure: failure.message, pauseMs: Math.round(again.pauseMs) });
        if (!(await deadline.pause(again.pauseMs))) throw told;
      }
    }
  }

  /** True if there is time for another attempt, a signature for it, and budget. */
  #allows({ pauseMs, signsAgain, costs }: Again, userSig: string, deadline: Deadline): boolean {
    if (pauseMs >= deadline.remainingMs) return false;
    if (signsAgain && !this.#signer.signAgain(userSig)) return false;
    return !costs || this.#budget.take();
  }

  /** The UserSig to send, unless credentials were refused less than a minute ago. */
  #signature(): string {
    if (this.#locked && performance.now() < this.#locked.until) {
      const seconds = Math.ceil((this.#locked.until - performance.now()) / 1000);
      throw new NotSent("locked", `${this.#locked.code}; ${seconds} seconds left`);
    }
    this.#locked = undefined;
    return this.#signer.current();
  }

  async #attempt<T>(
    request: Request<T>,
    userSig: string,
    attempts: number,
    pace: Pace,
    deadline: Deadline,
  ): Promise<Answer> {
    const { sdkAppId, identifier } = this.#signer;
    const query = new URLSearchParams({
      sdkappid: String(sdkAppId),
      identifier,
      usersig: userSig,
      random: String(randomInt(RANDOM_END)),
      contenttype: "json",
    });
    const post = {
      path: `/v4/official_account_open_http_svc/${request.command}`,
      query,
      body: JSON.stringify(request.body),
    };
    const inTime = deadline.within(attemptMs(deadline, request.writes));
    try {
      const fresh = request.writes || attempts > 1;
      const raw = await this.#connection.post(post, fresh, () => pace.mayStart(), inTime);
      return readAnswer(raw, this.#now());
    } finally {
      inTime.release();
    }
  }

  #lockAfter(failure: Error): void {
    if (!(failure instanceof ServiceRefusal)) return;
    const { kind, code } = failure.meaning;
    if (kind === "credentials" || kind === "signAgain") this.#locked = { until: performance.now() + LOCK_MS, code };
  }

  #holdAfter(failure: Failure, pace: Pace): void {
    const ms = holdMs(failure);
    if (ms === 0) return;
    const isOfWholeApp = failure instanceof ServiceRefusal && failure.head.ErrorCode === WHOLE_APP_TOO_FAST;
    for (const held of isOfWholeApp ? this.#paces.values() : [pace]) held.hold(ms);
  }

  #paceOf(command: Command): Pace {
    const pace = this.#paces.get(command) ?? new Pace(this.#perSecond);
    this.#paces.set(command, pace);
    return pace;
  }
}

/** Counts a refusal by its kind. */
function count(failure: Failure, refusals: Map<Kind, number>): number {
  if (!(failure instanceof ServiceRefusal)) return 0;
  const times = (refusals.get(failure.meaning.kind) ?? 0) + 1;
  refusals.set(failure.meaning.kind, times);
  return times;
}
