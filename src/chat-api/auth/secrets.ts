/** Knows the secrets of this process and keeps them out of everything that leaves it. */

export const REPLACEMENT = "[secret]";

/**
 * An unbroken run of characters that URLs, base64, percent and backslash escapes are made of. In the service's text a
 * long one may be a credential that was cut, escaped or encoded again, so it is replaced without decoding anything.
 */
const LONG_RUN = /[A-Za-z0-9\-._~%+/=*\\]{32,}/g;
/** A shorter ID is not exempt: it could stand by chance inside a credential and cut it in two. */
const MIN_EXEMPT = 6;
/** A RequestId as the service forms it; Tencent's support asks for it. A longer one could be a part of a credential. */
const REQUEST_ID = /^[A-Za-z0-9-]{1,48}$/;

/** The secret key, and every UserSig that this process has made or was given, in any letter case. */
export class Secrets {
  readonly #known = new Set<string>();
  #pattern = anyOf([]);

  /** @param known secrets that are known from the beginning */
  constructor(known: readonly string[] = []) {
    for (const secret of known) this.add(secret);
  }

  add(secret: string): void {
    if (secret !== "") this.#pattern = anyOf(this.#known.add(secret));
  }

  appearIn(text: string): boolean {
    return text.search(this.#pattern) >= 0;
  }

  redact(text: string): string {
    return text.replace(this.#pattern, REPLACEMENT);
  }

  /**
   * The service's text with known secrets and every long run of credential characters replaced.
   * @param exempt the command and the IDs that the call itself named; they stay
   */
  redactServiceText(text: string, exempt: readonly string[] = []): string {
    const kept = exempt.filter((each) => each.length >= MIN_EXEMPT);
    const parts = this.redact(text).split(anyOf(kept, "g"));
    // Every second part is one of the exempt texts.
    return parts.map((part, at) => (at % 2 === 1 ? part : part.replace(LONG_RUN, REPLACEMENT))).join("");
  }

  redactRequestId(id: string): string {
    return REQUEST_ID.test(id) ? this.redact(id) : this.redactServiceText(id);
  }

  /** A copy of a value of plain JSON with every known secret in its strings replaced. */
  redactDeep<T>(value: T): T {
    const redactPart = (_key: string, part: unknown) => (typeof part === "string" ? this.redact(part) : part);
    return JSON.parse(JSON.stringify(value), redactPart);
  }
}

/** Finds any of these texts, by default in any letter case: the longest first, so that none hides one that begins alike. */
function anyOf(texts: Iterable<string>, flags = "gi"): RegExp {
  const longestFirst = [...texts].sort((one, other) => other.length - one.length);
  const sources = longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`(${sources.join("|") || "(?!)"})`, flags);
}
