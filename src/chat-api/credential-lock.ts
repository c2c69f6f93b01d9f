import type { Deadline } from "./deadline.ts";
import type { Failure } from "./failure.ts";
import { NotSent } from "./network-failure.ts";
import { ServiceRefusal } from "./service-refusal.ts";
import type { Signer } from "./user-sig.ts";

/** After refused credentials nothing is sent for so long: 70050 locks an account for a minute. */
const LOCK_MS = 60_000;

/**
 * Keeps refused credentials from being sent again and again, which would lock the account: after a refusal nothing
 * goes out for a minute, and a signature that the service has not taken yet goes out with one request at a time.
 */
export class CredentialLock {
  readonly #signer: Signer;
  #locked: { readonly until: number; readonly code: number } | undefined;
  /** The UserSig that the service took last. */
  #accepted = "";
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

  /**
   * Sends something with the UserSig of now, once it may go.
   * @throws NotSent within a minute of a refusal, where the UserSig cannot be used, or where the deadline ends first
   */
  async sign<T>(deadline: Deadline, send: (userSig: string) => Promise<T>): Promise<T> {
    let userSig: string;
    for (;;) {
      const refusal = this.refusal();
      if (refusal) throw refusal;
      userSig = this.#signer.current();
      if (userSig === this.#accepted || !this.#trial) break;
      const end = await deadline.race(this.#trial);
      if (end) throw NotSent.before(end);
    }
    const endTrial = userSig === this.#accepted ? undefined : this.#beginTrial();
    try {
      const value = await send(userSig);
      this.#accepted = userSig;
      return value;
    } catch (failure) {
      if (failure instanceof ServiceRefusal) {
        this.#accepted = refusesCredentials(failure) ? "" : userSig;
        if (failure.meaning.kind === "credentials") this.lockAfter(failure); // before the next one may try
      }
      throw failure;
    } finally {
      endTrial?.();
    }
  }

  /** Locks where a call ends because its credentials were refused. */
  lockAfter(failure: Failure): void {
    if (!(failure instanceof ServiceRefusal && refusesCredentials(failure))) return;
    this.#locked = { until: performance.now() + LOCK_MS, code: failure.meaning.code };
  }

  #beginTrial(): () => void {
    let end = () => {};
    this.#trial = new Promise((resolve) => {
      end = resolve;
    });
    return () => {
      this.#trial = undefined;
      end();
    };
  }
}

function refusesCredentials({ meaning: { kind } }: ServiceRefusal): boolean {
  return kind === "credentials" || kind === "signAgain";
}
