import { inflateSync } from "node:zlib";
import TlsSigApi from "tls-sig-api-v2/TLSSigAPIv2.js";
import { NotSent } from "./network-failure.ts";

/** UserSig: the signature every request carries (page: Generating UserSig). It grants all that the admin may do. */

/** Seconds that a UserSig of ours is valid; at least a day is advised. */
const VALID_SECONDS = 86_400;
/** A UserSig is renewed when fewer seconds than this are left. */
const RENEW_SECONDS = 3_600;

/** What a UserSig says of itself; it can be read without the key. */
export interface UserSigFacts {
  readonly sdkAppId: number;
  readonly identifier: string;
  /** Unix seconds. */
  readonly madeAt: number;
  /** Unix seconds. */
  readonly endsAt: number;
}

/** How requests are signed: with the key, or with a UserSig made elsewhere. */
export type Credential = { readonly secretKey: string } | { readonly userSig: string };

/** Reads a UserSig without checking its signature; undefined where it is not one, or was cut. */
export function decodeUserSig(userSig: string): UserSigFacts | undefined {
  try {
    const base64 = userSig.replaceAll("*", "+").replaceAll("-", "/").replaceAll("_", "=");
    const json = inflateSync(Buffer.from(base64, "base64"), { maxOutputLength: 10_000 }).toString("utf8");
    const document = JSON.parse(json) as Record<string, unknown>;
    const [sdkAppId, madeAt, validSeconds] = ["TLS.sdkappid", "TLS.time", "TLS.expire"].map((key) =>
      Number(document[key]),
    );
    const identifier = document["TLS.identifier"];
    if (typeof identifier !== "string" || typeof document["TLS.sig"] !== "string") return undefined;
    if (!isWhole(sdkAppId) || !isWhole(madeAt) || !isWhole(validSeconds)) return undefined;
    return { sdkAppId, identifier, madeAt, endsAt: madeAt + validSeconds };
  } catch {
    return undefined;
  }
}

function isWhole(value: number | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** What is wrong with a ready-made UserSig for this application and account, or undefined. It never quotes the UserSig. */
function faultOfUserSig(
  facts: UserSigFacts | undefined,
  { sdkAppId, identifier }: Pick<Signer, "sdkAppId" | "identifier">,
  nowSeconds: number,
): string | undefined {
  if (!facts) return "it cannot be read, most often because it was cut when copied: code 70003";
  if (facts.sdkAppId !== sdkAppId) {
    return `it was made for application ${facts.sdkAppId}, not for TENCENT_CHAT_SDKAPPID ${sdkAppId} (code 70014)`;
  }
  if (facts.identifier !== identifier) {
    return `it was made for the account ${JSON.stringify(facts.identifier)}, not for TENCENT_CHAT_IDENTIFIER ${JSON.stringify(identifier)} (code 70013)`;
  }
  if (facts.endsAt <= nowSeconds) {
    return `it expired on ${new Date(facts.endsAt * 1000).toUTCString()} (code 70001)`;
  }
  return undefined;
}

/** Gives each request its UserSig: one signature for many calls, renewed before it ends. */
export class Signer {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly #credential: Credential;
  readonly #now: () => number;
  /** What a ready-made UserSig says of itself. */
  readonly #readyMade: UserSigFacts | undefined;
  /** One second more of validity for each time: two signatures of one second would else be the same. */
  #timesAgain = 0;
  #made: { readonly userSig: string; readonly madeAt: number } | undefined;

  /** @param now milliseconds since 1970 */
  constructor(options: { sdkAppId: number; identifier: string; credential: Credential; now?: () => number }) {
    this.sdkAppId = options.sdkAppId;
    this.identifier = options.identifier;
    this.#credential = options.credential;
    this.#readyMade = "userSig" in options.credential ? decodeUserSig(options.credential.userSig) : undefined;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The UserSig to send now.
   * @throws NotSent where a ready-made one cannot be used: unreadable, of another application or account, expired
   */
  current(): string {
    const now = Math.floor(this.#now() / 1000);
    if ("userSig" in this.#credential) {
      const fault = faultOfUserSig(this.#readyMade, this, now);
      if (fault) throw new NotSent("userSigUnusable", fault);
      return this.#credential.userSig;
    }
    // A clock that jumped back leaves a signature from the future: sign again as well.
    const age = this.#made ? now - this.#made.madeAt : Number.POSITIVE_INFINITY;
    if (!this.#made || age < 0 || age > VALID_SECONDS - RENEW_SECONDS) {
      const api = new TlsSigApi.Api(this.sdkAppId, this.#credential.secretKey);
      this.#made = { userSig: api.genUserSig(this.identifier, VALID_SECONDS + this.#timesAgain), madeAt: now };
    }
    return this.#made.userSig;
  }

  /**
   * Forgets a signature that the service no longer takes, so that the next request gets a new one.
   * @returns false where that is impossible: a ready-made UserSig cannot be made again here
   */
  signAgain(refused: string): boolean {
    if ("userSig" in this.#credential) return false;
    if (this.#made?.userSig === refused) {
      this.#made = undefined;
      this.#timesAgain += 1;
    }
    return true;
  }

  /** True if a text holds the secret key, the UserSig in use, or anything that reads as a UserSig. */
  appearsIn(text: string): boolean {
    return this.scrub(text) !== text;
  }

  /** The text with every secret in it replaced: a service or a gateway may echo what it was sent. */
  scrub(text: string): string {
    const known = [...Object.values(this.#credential), ...(this.#made ? [this.#made.userSig] : [])];
    const told = known.reduce((rest, secret) => rest.replaceAll(secret, SCRUBBED), text);
    let tries = 0;
    return told.replace(MAY_HOLD_USERSIG, (word) => {
      for (const { index } of word.matchAll(USERSIG_BEGINS)) {
        tries += 1;
        if (tries > MOST_TRIES || decodeUserSig(word.slice(index, index + LONGEST_USERSIG))) return SCRUBBED;
      }
      return word;
    });
  }
}

const SCRUBBED = "[secret]";
/** A word of the letters of a UserSig, long enough for one. */
const MAY_HOLD_USERSIG = /[A-Za-z0-9*_-]{80,}/g;
/** The header of deflate, in base64. */
const USERSIG_BEGINS = /eJ[w-z]/g;
/** Far longer than any, in characters. */
const LONGEST_USERSIG = 1_000;
/** So many words of one text may begin like a UserSig and be none; then the next is taken for one unread. */
const MOST_TRIES = 100;
