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

/** The secret key, and every UserSig that this process has made or was given. They are ASCII. */
export class Secrets {
  /** In lower case: every comparison ignores it. */
  readonly #known = new Set<string>();

  /** @param known secrets that are known for as long as this process runs */
  constructor(known: readonly string[] = []) {
    for (const secret of known) this.add(secret);
  }

  add(secret: string): void {
    if (secret !== "") this.#known.add(lowerAscii(secret));
  }

  appearIn(text: string): boolean {
    const lower = lowerAscii(text);
    return [...this.#known].some((secret) => lower.includes(secret));
  }

  /** The text with every known secret replaced: the longest first, so that none hides one that begins the same. */
  redact(text: string): string {
    let result = text;
    for (const secret of [...this.#known].sort((one, other) => other.length - one.length)) {
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

  /**
   * The service's text with known secrets and every long run of credential characters replaced.
   * @param exempt the command and the IDs that the call itself named; they stay
   */
  redactServiceText(text: string, exempt: readonly string[] = []): string {
    const ids = exempt.filter((id) => id.length >= MIN_EXEMPT && text.includes(id));
    return redactRuns(
      this.redact(text),
      ids.sort((one, other) => other.length - one.length),
    );
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

/** In lower case, as long as before: some letters beyond ASCII would become two. */
function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

function redactRuns(text: string, [exempt, ...others]: readonly string[]): string {
  if (exempt === undefined) return text.replace(LONG_RUN, REPLACEMENT);
  return text
    .split(exempt)
    .map((part) => redactRuns(part, others))
    .join(exempt);
}
