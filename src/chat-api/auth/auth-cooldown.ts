/** After refused credentials nothing is sent for this long: 70050 locks an account for a minute. */
const COOLDOWN_MS = 60_000;

/** Keeps refused credentials from being sent again and again, which would lock the account. */
export class AuthCooldown {
  #started: { readonly until: number; readonly code: number } | undefined;

  /** Why nothing may be sent now, or undefined. */
  get reason(): string | undefined {
    const leftMs = this.#started ? this.#started.until - performance.now() : 0;
    if (!this.#started || leftMs <= 0) return undefined;
    return `code ${this.#started.code}; ${Math.ceil(leftMs / 1000)} seconds left`;
  }

  /** Stops every request for a minute. @param code the service's refusal */
  start(code: number): void {
    this.#started = { until: performance.now() + COOLDOWN_MS, code };
  }
}
