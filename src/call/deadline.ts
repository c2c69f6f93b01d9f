/** Why a call's time is over: the clock, or the client that asked. */
export type DeadlineEnd = "timeout" | "cancelled";

/**
 * The time one call has, everything included. It ends once, by its clock or by the client's cancellation. It
 * holds a timer: release it when the call is answered.
 */
export class Deadline {
  ended: DeadlineEnd | undefined;
  readonly end: Promise<DeadlineEnd>;
  /** What the call waits for now, for a progress notification; undefined while it does not wait. */
  waitingFor: string | undefined;
  readonly totalMs: number;
  readonly #expiresAt: number;
  readonly #timer: NodeJS.Timeout;
  #end: (end: DeadlineEnd) => void = () => {};

  constructor(totalMs: number) {
    this.totalMs = totalMs;
    this.#expiresAt = performance.now() + totalMs;
    this.end = new Promise((resolve) => {
      this.#end = (end) => {
        this.ended ??= end;
        clearTimeout(this.#timer);
        resolve(end);
      };
    });
    this.#timer = setTimeout(() => this.#end("timeout"), totalMs);
  }

  /** Milliseconds left; 0 once it has ended. */
  get remainingMs(): number {
    return this.ended ? 0 : Math.max(0, this.#expiresAt - performance.now());
  }

  /** Ends the call because its client no longer wants it. */
  cancel(): void {
    this.#end("cancelled");
  }

  release(): void {
    clearTimeout(this.#timer);
  }

  /** Waits until a promise resolves; it must not reject. Returns why the time ended, if it ended first. */
  async race(promise: Promise<unknown>, waitingFor: string): Promise<DeadlineEnd | undefined> {
    this.waitingFor = waitingFor;
    const end = await Promise.race([this.end, promise.then(() => undefined)]);
    this.waitingFor = undefined;
    return end;
  }

  /** Waits `ms` milliseconds; true if they passed, false if the time ended first. */
  async sleep(ms: number, waitingFor: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    const end = await this.race(slept, waitingFor);
    clearTimeout(timer);
    return end === undefined;
  }

  /** Waits until a time (milliseconds of `performance.now`); false if the call's time ended first, or has ended. */
  async sleepUntil(time: number, waitingFor: string): Promise<boolean> {
    const ms = time - performance.now();
    if (ms <= 0) return this.ended === undefined;
    return this.sleep(Math.ceil(ms) + 1, waitingFor); // a timer can fire early
  }
}
