/** Why a call's time is over: the clock, or the client that asked. */
export type End = "timeout" | "cancelled";

/**
 * The time one call has, everything included. It ends once, by its clock or by the client's cancellation, and then
 * tells everyone who listens. It holds a timer: release it when the call is answered.
 */
export class Deadline {
  /** Why it ended, or undefined while it runs. */
  ended: End | undefined;
  /** The milliseconds it was given. */
  readonly totalMs: number;
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<(end: End) => void>();

  /** @param totalMs milliseconds from now */
  constructor(totalMs: number) {
    this.totalMs = totalMs;
    this.#endsAt = performance.now() + totalMs;
    this.#timer = setTimeout(() => this.#end("timeout"), totalMs);
  }

  /** Milliseconds left; 0 once it has ended. */
  get remainingMs(): number {
    return this.ended ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Ends the call because its client no longer wants it. */
  cancel(): void {
    this.#end("cancelled");
  }

  /** Stops the clock; nobody is told anything any more. */
  release(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  /** Calls the listener when the time ends, at once if it has. Returns how to stop listening. */
  onEnd(listener: (end: End) => void): () => void {
    if (this.ended) listener(this.ended);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A shorter deadline inside this one, for one attempt. Ends when either does. */
  within(ms: number): Deadline {
    const inner = new Deadline(Math.min(ms, this.remainingMs));
    this.onEnd((end) => inner.#end(end));
    return inner;
  }

  /** Waits until a promise resolves. Gives back why the time ended, where it did so first. */
  race(promise: Promise<unknown>): Promise<End | undefined> {
    return new Promise((resolve) => {
      const stopListening = this.onEnd(resolve);
      void promise.then(() => {
        stopListening();
        resolve(undefined);
      });
    });
  }

  /** Waits so many milliseconds; true if they passed, false if the time ended first. */
  pause(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        stopListening();
        resolve(true);
      }, ms);
      const stopListening = this.onEnd(() => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }

  #end(end: End): void {
    if (this.ended) return;
    this.ended = end;
    clearTimeout(this.#timer);
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(end);
  }
}
