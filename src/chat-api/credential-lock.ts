import type { Deadline } from "./deadline.ts";
import { NotSent } from "./network-failure.ts";
import { ServiceRefusal } from "./service-refusal.ts";
import type { Signer } from "./user-sig.ts";

/** After refused credentials nothing is sent for so long: 70050 locks an account for a minute. */
const LOCK_MS = 60_000;
/** A request that got no answer by then gets none (page: RESTful API Overview), so another may try. */
const TRIAL_MS = 3_000;

/**
 * Keeps refused credentials from being sent again and again, which would lock the account: after a refusal nothing
 * goes out for a minute, and a signature that the service has not taken yet goes out with one request at a time.
 */
export class CredentialLock {
  readonly #signer: Signer;
  #locked: { readonly until: number; readonly code: number } | undefined;
  /** The UserSig that the service took last; empty if it has refused one since. */
  #accepted = "";
  /** The UserSig that was refused as expired last, for which there is a new one. */
  #outworn = "";
  /** Counts refusals: a late answer to what was sent before one proves nothing. */
  #refusals = 0;
  /** Pending while one request tries a UserSig. */
  #trial: Promise<void> | undefined;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** What keeps every request back just now; undefined where nothing does. */
  refusal(): NotSent | undefined {
    const leftMs = this.#locked ? this.#locked.until - performance.now() : 0;
    if (!this.#locked || leftMs <= 0) return undefined;
    return new NotSent("locked", `${this.#locked.code}; ${Math.ceil(leftMs / 1000)} seconds left`);
  }

  /** True if a request that carries this UserSig, and waited for its turn, must not go out any more. */
  keepsBack(userSig: string): boolean {
    return userSig === this.#outworn || this.refusal() !== undefined;
  }

  /**
   * Sends something with the UserSig of now, once it may go.
   * @throws NotSent within a minute of a refusal, where the UserSig cannot be used, or where the deadline ends first
   */
  async sign<T>(deadline: Deadline, send: (userSig: string) => Promise<T>): Promise<T> {
    const { userSig, endTrial } = await this.#turn(deadline);
    const before = this.#refusals;
    try {
      const value = await send(userSig);
      if (before === this.#refusals) this.#accepted = userSig;
      return value;
    } catch (failure) {
      if (failure instanceof ServiceRefusal) {
        if (refusesCredentials(failure)) this.#refuse(userSig, failure);
        else if (before === this.#refusals) this.#accepted = userSig;
      }
      throw failure;
    } finally {
      endTrial();
    }
  }

  async #turn(deadline: Deadline): Promise<{ userSig: string; endTrial: () => void }> {
    for (;;) {
      const refusal = this.refusal();
      if (refusal) throw refusal;
      const trial = this.#trial;
      if (!trial || this.#accepted) {
        const userSig = this.#signer.current();
        if (userSig === this.#accepted) return { userSig, endTrial: () => {} };
        if (!trial) return { userSig, endTrial: this.#beginTrial() };
      }
      const end = await deadline.race(trial);
      if (end) throw NotSent.before(end);
    }
  }

  #beginTrial(): () => void {
    let resolve = () => {};
    const trial = new Promise<void>((settle) => {
      resolve = settle;
    });
    const end = () => {
      clearTimeout(timer);
      if (this.#trial === trial) this.#trial = undefined;
      resolve();
    };
    const timer = setTimeout(end, TRIAL_MS);
    this.#trial = trial;
    return end;
  }

  /** Makes a new signature where the refused one had served its time and no new one was refused yet; else locks. */
  #refuse(userSig: string, { meaning: { kind, code } }: ServiceRefusal): void {
    this.#refusals += 1;
    const isKnown = userSig === this.#outworn;
    const isFirst = this.#accepted !== "" || this.#outworn === "";
    if (userSig === this.#accepted) this.#accepted = "";
    if (kind === "signAgain" && (isKnown || (isFirst && this.#signer.signAgain(userSig)))) this.#outworn = userSig;
    else this.#locked = { until: performance.now() + LOCK_MS, code };
  }
}

function refusesCredentials({ meaning: { kind } }: ServiceRefusal): boolean {
  return kind === "credentials" || kind === "signAgain";
}
