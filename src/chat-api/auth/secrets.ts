/** Knows the secrets of this process and keeps them out of everything that leaves it. */

const REPLACEMENT = "[secret]";

/**
 * An unbroken run of characters that URLs, base64, percent and backslash escapes are made of. In the service's words a
 * long one may be a credential that was cut, escaped or encoded again, so it is replaced without decoding anything.
 */
const LONG_RUN = /[A-Za-z0-9\-._~%+/=*\\]{32,}/g;
const MIN_RUN = 32;
/** A RequestId as the service forms it; Tencent's support asks for it. */
const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;
/** So many consecutive characters of a secret count as a part of it. */
const FRAGMENT_LENGTH = 16;

/** The secret key, and every UserSig that this process has made or was given. */
export class Secrets {
  /** In lower case, because every comparison ignores it. */
  readonly #known = new Set<string>();
  /** Matches every known secret in any letter case; undefined while there is none. */
  #pattern: RegExp | undefined;

  add(secret: string): void {
    const lower = secret.toLowerCase();
    if (lower === "" || this.#known.has(lower)) return;
    this.#known.add(lower);
    // Longest first, so that no secret hides a longer one that begins the same.
    const alternatives = [...this.#known].sort((one, other) => other.length - one.length).map(escapeRegExp);
    this.#pattern = new RegExp(alternatives.join("|"), "gi");
  }

  /** True if a text holds a known secret, plain or percent-encoded, in any letter case. */
  appearIn(text: string): boolean {
    return this.#matches(text) || (text.includes("%") && this.#matches(percentDecode(text)));
  }

  /** The text with every known secret replaced. For channel data and for our own sentences. */
  redact(text: string): string {
    return this.#matches(text) && this.#pattern ? text.replace(this.#pattern, REPLACEMENT) : text;
  }

  /**
   * The service's words with known secrets and every long run of credential characters replaced.
   * @param exempt IDs that the call itself named; they stay unless a part of a secret is in them
   */
  redactServiceText(text: string, exempt: readonly string[] = []): string {
    const kept = exempt.filter((id) => id.length >= MIN_RUN && !this.#holdsFragment(id));
    const [separator, ...rest] = kept;
    if (separator === undefined) return this.redact(text).replace(LONG_RUN, REPLACEMENT);
    return text
      .split(separator)
      .map((part) => this.redactServiceText(part, rest))
      .join(separator);
  }

  /** A RequestId, kept where it has the usual form and holds no part of a secret. */
  redactRequestId(id: string): string {
    return REQUEST_ID.test(id) && !this.#holdsFragment(id) ? id : this.redactServiceText(id);
  }

  /** A copy of a value of plain JSON with every known secret in its strings replaced. */
  redactDeep<T>(value: T): T {
    return this.#redactPart(value) as T;
  }

  #redactPart(value: unknown): unknown {
    if (typeof value === "string") return this.redact(value);
    if (Array.isArray(value)) return value.map((part) => this.#redactPart(part));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.#redactPart(part)]));
  }

  #matches(text: string): boolean {
    if (!this.#pattern) return false;
    this.#pattern.lastIndex = 0;
    return this.#pattern.test(text);
  }

  /** @param text short: a RequestId or an ID */
  #holdsFragment(text: string): boolean {
    const lower = text.toLowerCase();
    for (const secret of this.#known) {
      for (let from = 0; from + FRAGMENT_LENGTH <= lower.length; from += 1) {
        if (secret.includes(lower.slice(from, from + FRAGMENT_LENGTH))) return true;
      }
    }
    return false;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Decodes each percent escape of an ASCII character; leaves everything else as it is, so it never throws. */
function percentDecode(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
