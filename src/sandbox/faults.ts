/** Scripted faults: what the next requests meet instead of a good answer, for tests. */

/** One fault. The first in the script whose command fits is consumed by a request. */
export interface Fault {
  /** The command it waits for; any if left out. */
  readonly command?: string;
  /** What the body must hold; any if left out. */
  readonly mentions?: string;
  /** True if the request is carried out before the fault strikes. */
  readonly applied?: boolean;
  /** The request is carried out so many milliseconds after the fault struck. */
  readonly landsAfterMs?: number;
  /** What the client meets. */
  readonly meets:
    | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
    /** The documented answer with this ErrorCode. */
    | { readonly code: number; readonly info?: string }
    /** The documented answer, with these keys of the whole put in or replaced. */
    | { readonly change: (answer: Record<string, unknown>) => unknown }
    /** 200 with exactly these bytes. */
    | { readonly raw: string | Buffer; readonly headers?: Record<string, string> }
    /** The good answer, so many milliseconds late. */
    | { readonly delayMs: number }
    /** RST, or nothing at all. */
    | "reset"
    | "silence";
}

/** The faults that wait, and whether all were met. */
export class FaultScript {
  readonly #waiting: Fault[] = [];
  #consumed = 0;

  /** Adds faults, each to be met once. */
  add(...faults: Fault[]): void {
    this.#waiting.push(...faults);
  }

  /** The fault for a request to this command; it is consumed. */
  take(command: string, body = ""): Fault | undefined {
    const at = this.#waiting.findIndex(
      (fault) => (fault.command ?? command) === command && body.includes(fault.mentions ?? ""),
    );
    if (at < 0) return undefined;
    this.#consumed += 1;
    return this.#waiting.splice(at, 1)[0];
  }

  /** Takes back the faults that wait: for scripts in which not each must be met. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** How many were met, and which were not: a test that leaves any proves nothing. */
  account(): { readonly consumed: number; readonly left: readonly Fault[] } {
    return { consumed: this.#consumed, left: this.#waiting };
  }
}
