/** Knows the secrets of this process and keeps them out of everything that leaves it. */

const REPLACEMENT = "[secret]";

/**
 * An unbroken run of characters that URLs, base64, percent and backslash escapes are made of. In the service's words a
 * long one may be a credential that was cut, escaped or encoded again, so it is replaced without decoding anything.
 */
const LONG_RUN = /[A-Za-z0-9\-._~%+/=*\\]{32,}/g;
/** A shorter ID is not exempt: it could stand by chance inside a credential and cut it in two. */
const MIN_EXEMPT = 6;
/** A RequestId as the service forms it; Tencent's support asks for it. */
const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;
/** A run of this many characters of a secret counts as a part of it. */
const FRAGMENT_LENGTH = 16;

/** The secret key, and every UserSig that this process has made or was given. */
export class Secrets {
  /** In lower case, because every comparison ignores it. */
  readonly #known = new Set<string>();
  /** Every part of FRAGMENT_LENGTH characters of them. */
  readonly #fragments = new Set<string>();
  /** Matches every known secret in any letter case; undefined while there is none. */
  #pattern: RegExp | undefined;

  add(secret: string): void {
    const lower = secret.toLowerCase();
    if (lower === "" || this.#known.has(lower)) return;
    this.#known.add(lower);
    for (const part of partsOf(lower)) this.#fragments.add(part);
    // Longest first, so that no secret hides a longer one that begins the same.
    const alternatives = [...this.#known].sort((one, other) => other.length - one.length).map(escapeRegExp);
    this.#pattern = new RegExp(alternatives.join("|"), "gi");
  }

  /** True if a text holds a known secret, plain or percent-encoded, in any letter case. */
  appearIn(text: string): boolean {
    return this.#matches(text) || (text.includes("%") && this.#matches(percentDecode(text)));
  }

  /** The text with every known secret replaced; one that is percent-encoded leaves the text decoded. */
  redact(text: string): string {
    if (!this.#pattern || !this.appearIn(text)) return text;
    const plain = text.replace(this.#pattern, REPLACEMENT);
    return this.appearIn(plain) ? percentDecode(plain).replace(this.#pattern, REPLACEMENT) : plain;
  }

  /**
   * The service's words with known secrets and every long run of credential characters replaced.
   * @param exempt the command and the IDs that the call itself named; they stay unless a part of a secret is in them
   */
  redactServiceText(text: string, exempt: readonly string[] = []): string {
    const ids = exempt.filter((id) => id.length >= MIN_EXEMPT && text.includes(id) && !this.#holdsFragment(id));
    const plain = this.redact(text);
    const isNamed = new Uint8Array(plain.length);
    for (const id of ids) {
      for (let at = plain.indexOf(id); at >= 0; at = plain.indexOf(id, at + id.length))
        isNamed.fill(1, at, at + id.length);
    }
    return plain.replace(LONG_RUN, (run, from: number) =>
      replaceExcept(run, isNamed.subarray(from, from + run.length)),
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

  #matches(text: string): boolean {
    if (!this.#pattern) return false;
    this.#pattern.lastIndex = 0;
    return this.#pattern.test(text);
  }

  #holdsFragment(text: string): boolean {
    return partsOf(text.toLowerCase()).some((part) => this.#fragments.has(part));
  }
}

/** A run with each part of it replaced that `isKept` does not mark. */
function replaceExcept(run: string, isKept: Uint8Array): string {
  const parts: string[] = [];
  for (let from = 0; from < run.length; ) {
    let to = from + 1;
    while (to < run.length && isKept[to] === isKept[from]) to += 1;
    parts.push(isKept[from] ? run.slice(from, to) : REPLACEMENT);
    from = to;
  }
  return parts.join("");
}

function partsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - FRAGMENT_LENGTH + 1) }, (_, from) =>
    text.slice(from, from + FRAGMENT_LENGTH),
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Decodes each percent escape of an ASCII character; leaves everything else as it is, so it never throws. */
function percentDecode(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
