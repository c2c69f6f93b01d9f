/** Knows the secrets of this process and keeps them out of everything that leaves it. */

const REPLACEMENT = "[secret]";

/**
 * An unbroken run of characters that URLs, base64, percent and backslash escapes are made of. In the service's text a
 * long one may be a credential that was cut, escaped or encoded again, so it is replaced without decoding anything.
 */
const LONG_RUN = /[A-Za-z0-9\-._~%+/=*\\]{32,}/g;
/** A shorter ID is not exempt: it could stand by chance inside a credential and cut it in two. */
const MIN_EXEMPT = 6;
/** A RequestId as the service forms it; Tencent's support asks for it. */
const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;
/** A run of this many characters of a secret counts as a part of it. */
const FRAGMENT_LENGTH = 16;

/** The secret key, and every UserSig that this process has made or was given. They are ASCII. */
export class Secrets {
  /** By secret, in lower case because every comparison ignores it: when it may be forgotten (milliseconds since 1970). */
  readonly #known = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @param until when the secret opens nothing any more (milliseconds since 1970) */
  add(secret: string, until = Number.POSITIVE_INFINITY): void {
    if (secret === "") return;
    for (const [old, expiresAt] of this.#known) if (expiresAt <= this.#now()) this.#known.delete(old);
    this.#known.set(lowerAscii(secret), until);
  }

  /** True if a text holds a known secret, plain or percent-encoded, in any letter case. */
  appearIn(text: string): boolean {
    return this.#isIn(text) || (text.includes("%") && this.#isIn(percentDecode(text)));
  }

  /** The text with every known secret replaced; one that is percent-encoded leaves the text decoded. */
  redact(text: string): string {
    const plain = this.#replaceIn(text);
    return plain.includes("%") && this.appearIn(plain) ? this.#replaceIn(percentDecode(plain)) : plain;
  }

  /**
   * The service's text with known secrets and every long run of credential characters replaced.
   * @param exempt the command and the IDs that the call itself named; they stay unless a part of a secret is in them
   */
  redactServiceText(text: string, exempt: readonly string[] = []): string {
    const ids = exempt.filter((id) => id.length >= MIN_EXEMPT && text.includes(id) && !this.#holdsFragment(id));
    return redactRuns(
      this.redact(text),
      ids.sort((one, other) => other.length - one.length),
    );
  }

  /** A RequestId, kept where it has the usual form and holds no part of a secret. */
  redactRequestId(id: string): string {
    if (this.#holdsFragment(id)) return REPLACEMENT;
    return REQUEST_ID.test(id) ? id : this.redactServiceText(id);
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

  #isIn(text: string): boolean {
    const lower = lowerAscii(text);
    return [...this.#known.keys()].some((secret) => lower.includes(secret));
  }

  /** The longest secret first, so that none hides a longer one that begins the same. */
  #replaceIn(text: string): string {
    let result = text;
    for (const secret of [...this.#known.keys()].sort((one, other) => other.length - one.length)) {
      const lower = lowerAscii(result);
      let end = 0;
      let replaced = "";
      for (let at = lower.indexOf(secret); at >= 0; at = lower.indexOf(secret, end)) {
        replaced += result.slice(end, at) + REPLACEMENT;
        end = at + secret.length;
      }
      if (end > 0) result = replaced + result.slice(end);
    }
    return result;
  }

  #holdsFragment(text: string): boolean {
    const lower = lowerAscii(text);
    for (let from = 0; from + FRAGMENT_LENGTH <= lower.length; from += 1) {
      const part = lower.slice(from, from + FRAGMENT_LENGTH);
      if ([...this.#known.keys()].some((secret) => secret.includes(part))) return true;
    }
    return false;
  }
}

/** In lower case, as long as before: some letters beyond ASCII would become two. */
function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/** The text between the exempt words with its long runs replaced. */
function redactRuns(text: string, [exempt, ...others]: readonly string[]): string {
  if (exempt === undefined) return text.replace(LONG_RUN, REPLACEMENT);
  return text
    .split(exempt)
    .map((part) => redactRuns(part, others))
    .join(exempt);
}

/** Decodes each percent escape of an ASCII character; leaves everything else as it is, so it never throws. */
function percentDecode(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
