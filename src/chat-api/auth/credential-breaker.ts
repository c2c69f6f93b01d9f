/** After refused credentials nothing is sent for this long: 70050 locks an account for a minute. */
const OPEN_MS = 60_000;

/**
 * A circuit breaker for credentials: refused ones are not sent again and again, which would lock the account. Open for
 * a minute after a refusal, closed otherwise.
 */
export class CredentialBreaker {
  #opened: { readonly until: number; readonly code: number } | undefined;

  /** Why nothing may be sent now, or undefined. */
  get openReason(): string | undefined {
    const leftMs = this.#opened ? this.#opened.until - performance.now() : 0;
    if (!this.#opened || leftMs <= 0) return undefined;
    return `code ${this.#opened.code}; ${Math.ceil(leftMs / 1000)} seconds left`;
  }

  /** Stops every request for a minute. @param code the service's refusal */
  open(code: number): void {
    this.#opened = { until: performance.now() + OPEN_MS, code };
  }
}
