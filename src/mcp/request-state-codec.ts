import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/**
 * State that a client carries between the two legs of a confirmed call. The client could change or replay it, so it is
 * encrypted and authenticated (AES-256-GCM) with a key of this process, bound to the tool and its arguments, valid for
 * a limited time, and taken once.
 */

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class RequestStateCodec {
  readonly #key = randomBytes(32);
  readonly #lifetimeMs: number;
  /** Used nonces, with the time at which their state expires anyway. */
  readonly #used = new Map<string, number>();

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  seal(content: object, tool: string, args: object): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(bindingOf(tool, args));
    const text = JSON.stringify({ content, expiresAt: performance.now() + this.#lifetimeMs });
    const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    return sealed.toString("base64url");
  }

  /** Opens a state, once. Undefined where it is forged, of another call or process, expired or used. */
  take(state: string, tool: string, args: object): unknown {
    const sealed = Buffer.from(state, "base64url");
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce)
        .setAAD(bindingOf(tool, args))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const text =
        decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
      const { content, expiresAt } = JSON.parse(text) as { content: unknown; expiresAt: number };
      const now = performance.now();
      for (const [used, until] of this.#used) if (until < now) this.#used.delete(used);
      if (now > expiresAt || this.#used.has(nonce.toString("hex"))) return undefined;
      this.#used.set(nonce.toString("hex"), expiresAt);
      return content;
    } catch {
      return undefined;
    }
  }
}

function bindingOf(tool: string, args: object): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([tool, sortKeys(args)]))
    .digest();
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, part]) => [key, sortKeys(part)]),
  );
}
