import type { Journal } from "../guard/journal.ts";

/** Another process may have added to the journal since it was read this many milliseconds ago. */
const RECALL_AGAIN_MS = 10_000;

/**
 * The undo calls that were given by this process, or stand in the journal, and look like an accident. Such a call is
 * taken as it is, also where it empties several fields or puts an odd text back.
 */
export class GivenUndos {
  readonly #calls = new Set<string>();
  readonly #journal: Pick<Journal, "undos">;
  #recalled: Promise<void> | undefined;
  #recalledAt = Number.NEGATIVE_INFINITY;

  /** @param journal what other processes gave; read when it is needed */
  constructor(journal: Pick<Journal, "undos">) {
    this.#journal = journal;
  }

  add(args: object): void {
    this.#calls.add(keyOf(args));
  }

  async has(args: object): Promise<boolean> {
    const key = keyOf(args);
    if (!this.#calls.has(key) && performance.now() - this.#recalledAt > RECALL_AGAIN_MS) {
      this.#recalledAt = performance.now();
      this.#recalled = this.#recall();
    }
    await this.#recalled;
    return this.#calls.has(key);
  }

  async #recall(): Promise<void> {
    for await (const undo of this.#journal.undos()) this.add(undo);
  }
}

function keyOf(args: object): string {
  return JSON.stringify(Object.entries(args).sort());
}
