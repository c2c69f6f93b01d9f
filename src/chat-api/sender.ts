import { randomInt } from "node:crypto";
import { type Again, attemptMs, holdMs, mayGoAgain, RetryBudget } from "./again.ts";
import { type Answer, readAnswer } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { CredentialLock } from "./credential-lock.ts";
import type { Deadline } from "./deadline.ts";
import type { Kind } from "./error-codes/index.ts";
import { Failure, whatStands } from "./failure.ts";
import { NotSent } from "./network-failure.ts";
import { Pace } from "./pace.ts";
import { ServiceRefusal } from "./service-refusal.ts";
import type { Signer } from "./user-sig.ts";

/** The three commands; also the names of the tools (page title of each in channel/fields). */
const COMMANDS = ["get_official_account_info", "modify_official_account_base_info", "modify_subscriber_info"] as const;
export type Command = (typeof COMMANDS)[number];

/** `random` is fresh for each attempt, 0 to 4294967295 (each of the three pages). */
const RANDOM_END = 4_294_967_296;
/** The one rate code that speaks of all commands together. */
const WHOLE_APP_TOO_FAST = 60011;

/** What requests to one command share. */
interface Lane {
  readonly pace: Pace;
  readonly budget: RetryBudget;
}

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
  readonly #now: () => number;
  readonly #note: Note;
  readonly #lanes: Readonly<Record<Command, Lane>>;
  readonly #lock: CredentialLock;

  /**
   * @param options.perSecond requests a second to each command, 1 to 200
   * @param options.now milliseconds since 1970
   */
  constructor(options: { connection: Connection; signer: Signer; perSecond: number; now?: () => number; note?: Note }) {
    this.#connection = options.connection;
    this.#signer = options.signer;
    this.#lock = new CredentialLock(options.signer);
    this.#now = options.now ?? Date.now;
    this.#note = options.note ?? (() => {});
    const lanes = COMMANDS.map((command) => {
      const lane: Lane = { pace: new Pace(options.perSecond), budget: new RetryBudget() };
      return [command, lane] as const;
    });
    this.#lanes = Object.fromEntries(lanes) as Record<Command, Lane>;
  }

  /** Takes one attempt more out of a command's budget for outages; false if it is used up. */
  takeFromBudget(command: Command): boolean {
    return this.#lanes[command].budget.take();
  }

  /**
   * Sends a request until it has an answer, or a failure that stands.
   * @throws NotSent, NoValidAnswer, ServiceRefusal; each with the number of attempts in its explanation
   */
  async send<T>(request: Request<T>, deadline: Deadline): Promise<{ value: T; attempts: number }> {
    const { command, writes, channelIds } = request;
    const { pace, budget } = this.#lanes[command];
    let attempts = 0;
    let told: Failure | undefined;
    const refusals = new Map<Kind, number>();
    for (;;) {
      try {
        const value = await this.#lock.sign(deadline, async (userSig) => {
          await pace.turn(deadline);
          attempts += 1;
          const mayStart = () => !this.#lock.keepsBack(userSig) && pace.mayStart();
          return request.read(await this.#attempt(request, userSig, mayStart, deadline));
        });
        budget.giveBack();
        return { value, attempts };
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (isKeptBack(failure)) attempts -= 1;
        told = whatStands(isKeptBack(told) ? undefined : told, failure, writes);
        told.call = { attempts, writes, channelIds };
        this.#holdAfter(failure, pace);
        const again = mayGoAgain(failure, { attempts, timesOfKind: count(failure, refusals), writes });
        if (!again || !this.#allows(again, budget, deadline)) throw told;
        this.#note("again", { command, attempts, failure: failure.message, pauseMs: Math.round(again.pauseMs) });
        if (!(await deadline.pause(again.pauseMs))) throw told;
      }
    }
  }

  /** True if there is time for another attempt, a signature for it, and budget. */
  #allows({ pauseMs, signsAgain, costs }: Again, budget: RetryBudget, deadline: Deadline): boolean {
    if (pauseMs >= deadline.remainingMs) return false;
    if (signsAgain && this.#lock.refusal()) return false;
    return !costs || budget.take();
  }

  async #attempt<T>(
    request: Request<T>,
    userSig: string,
    mayStart: () => boolean,
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
      const raw = await this.#connection.post(post, request.writes, mayStart, inTime);
      return readAnswer(raw, this.#now(), (text) => this.#signer.scrub(text));
    } finally {
      inTime.release();
    }
  }

  #holdAfter(failure: Failure, pace: Pace): void {
    const ms = holdMs(failure);
    if (ms === 0) return;
    const isOfWholeApp = failure instanceof ServiceRefusal && failure.head.ErrorCode === WHOLE_APP_TOO_FAST;
    for (const held of isOfWholeApp ? Object.values(this.#lanes).map((lane) => lane.pace) : [pace]) held.hold(ms);
  }
}

/** True for a request that was kept back in its last moment: it was no attempt, and says nothing of the call. */
function isKeptBack(failure: Failure | undefined): boolean {
  return failure instanceof NotSent && failure.reason === "keptBack";
}

/** Counts a refusal by its kind. */
function count(failure: Failure, refusals: Map<Kind, number>): number {
  if (!(failure instanceof ServiceRefusal)) return 0;
  const times = (refusals.get(failure.meaning.kind) ?? 0) + 1;
  refusals.set(failure.meaning.kind, times);
  return times;
}
