import { createHash } from "node:crypto";

/** Undos beyond this many are forgotten, the oldest first. */
const MAX_REMEMBERED = 10_000;

/**
 * The undo calls that were given by this process, or stand in the journal. Such a call is taken as it is, also where it
 * empties several fields or puts an odd text back.
 */
export class GivenUndos {
  readonly #hashes = new Set<string>();
  #recalled: Set<string> | undefined;

  add(args: object): void {
    this.#hashes.add(hashOf(args));
    const [oldest] = this.#hashes;
    if (this.#hashes.size > MAX_REMEMBERED && oldest !== undefined) this.#hashes.delete(oldest);
  }

  has(args: object): boolean {
    const hash = hashOf(args);
    return this.#hashes.has(hash) || this.#recalled?.has(hash) === true;
  }

  /** Takes in, once, what earlier processes gave. */
  async recall(given: AsyncIterable<object>): Promise<void> {
    if (this.#recalled) return;
    this.#recalled = new Set();
    for await (const undo of given) this.#recalled.add(hashOf(undo));
  }
}

function hashOf(args: object): string {
  return createHash("sha256")
    .update(JSON.stringify(Object.entries(args).sort()))
    .digest("base64");
}
