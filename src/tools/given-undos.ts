import { createHash } from "node:crypto";

/** Undos beyond this many are forgotten, the oldest first. */
const MAX_REMEMBERED = 10_000;

/**
 * The undo calls that were given by this process, or stand in the journal. Such a call is taken as it is, also where it empties several fields or puts an
 * odd text back.
 */
export class GivenUndos {
  readonly #hashes = new Set<string>();

  add(args: object): void {
    this.#hashes.add(hashOf(args));
    const [oldest] = this.#hashes;
    if (this.#hashes.size > MAX_REMEMBERED && oldest !== undefined) this.#hashes.delete(oldest);
  }

  has(args: object): boolean {
    return this.#hashes.has(hashOf(args));
  }

  /** Looks for a call among those that earlier processes gave. */
  async recall(args: object, given: AsyncIterable<object>): Promise<void> {
    const hash = hashOf(args);
    for await (const undo of given) {
      if (hashOf(undo) !== hash) continue;
      this.#hashes.add(hash);
      return;
    }
  }
}

function hashOf(args: object): string {
  return createHash("sha256")
    .update(JSON.stringify(Object.entries(args).sort()))
    .digest("base64");
}
