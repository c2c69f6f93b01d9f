import { inflateSync } from "node:zlib";
import TlsSigApi from "tls-sig-api-v2/TLSSigAPIv2.js";
import type { Secrets } from "./secrets.ts";

/** UserSig: the signature that every request carries (page: Generating UserSig). It grants all that the admin may do. */

/** Seconds that a UserSig of ours is valid; at least a day is advised. */
const VALID_SECONDS = 86_400;
/** A UserSig is renewed when fewer seconds than this are left. */
const RENEW_SECONDS = 3_600;

/** What a UserSig says about itself; it can be read without the key. */
export interface UserSigInfo {
  readonly sdkAppId: number;
  readonly identifier: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** How requests are signed: with the key, or with a UserSig made elsewhere. */
export type Credential = { readonly secretKey: string } | { readonly userSig: string };

/** Reads a UserSig without checking its signature; undefined where it is not one, or was cut. */
export function decodeUserSig(userSig: string): UserSigInfo | undefined {
  try {
    const base64 = userSig.replaceAll("*", "+").replaceAll("-", "/").replaceAll("_", "=");
    const json = inflateSync(Buffer.from(base64, "base64"), { maxOutputLength: 10_000 }).toString("utf8");
    const document = JSON.parse(json) as Record<string, unknown>;
    const [sdkAppId, issuedAt, validSeconds] = ["TLS.sdkappid", "TLS.time", "TLS.expire"].map((key) =>
      Number(document[key]),
    );
    const identifier = document["TLS.identifier"];
    if (typeof identifier !== "string" || typeof document["TLS.sig"] !== "string") return undefined;
    if (!isWholeNumber(sdkAppId) || !isWholeNumber(issuedAt) || !isWholeNumber(validSeconds)) return undefined;
    return { sdkAppId, identifier, issuedAt, expiresAt: issuedAt + validSeconds };
  } catch {
    return undefined;
  }
}

function isWholeNumber(value: number | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** What is wrong with a ready-made UserSig for this application and account, or undefined. Never quotes the UserSig. */
function problemOfUserSig(
  info: UserSigInfo | undefined,
  { sdkAppId, identifier }: Pick<Signer, "sdkAppId" | "identifier">,
  nowSeconds: number,
): string | undefined {
  if (!info) return "it cannot be read, most often because it was cut when copied: code 70003";
  if (info.sdkAppId !== sdkAppId) {
    return `it was made for application ${info.sdkAppId}, not for TENCENT_CHAT_SDKAPPID ${sdkAppId} (code 70014)`;
  }
  if (info.identifier !== identifier) {
    return `it was made for the account ${JSON.stringify(info.identifier)}, not for TENCENT_CHAT_IDENTIFIER ${JSON.stringify(identifier)} (code 70013)`;
  }
  if (info.expiresAt <= nowSeconds) {
    return `it expired on ${new Date(info.expiresAt * 1000).toUTCString()} (code 70001)`;
  }
  return undefined;
}

/** A UserSig to send, or what is wrong with the ready-made one. */
export type Signature = { readonly userSig: string } | { readonly problem: string };

/** Gives each request its UserSig: one signature for many calls, renewed before it expires. */
export class Signer {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly #credential: Credential;
  readonly #secrets: Secrets;
  readonly #now: () => number;
  /** What a ready-made UserSig says about itself. */
  readonly #readyMade: UserSigInfo | undefined;
  /** Each refresh adds a second of validity: signatures issued in the same second are identical otherwise. */
  #refreshes = 0;
  #issued: { readonly userSig: string; readonly issuedAt: number } | undefined;

  /**
   * @param options.secrets learns the credential and every UserSig that is made
   * @param options.now milliseconds since 1970
   */
  constructor(options: {
    sdkAppId: number;
    identifier: string;
    credential: Credential;
    secrets: Secrets;
    now?: () => number;
  }) {
    this.sdkAppId = options.sdkAppId;
    this.identifier = options.identifier;
    this.#credential = options.credential;
    this.#secrets = options.secrets;
    this.#now = options.now ?? Date.now;
    this.#readyMade = "userSig" in options.credential ? decodeUserSig(options.credential.userSig) : undefined;
    for (const secret of Object.values(options.credential)) this.#secrets.add(secret);
  }

  /** The UserSig to send now; a ready-made one that is unreadable, expired or of another application has a problem. */
  current(): Signature {
    const now = Math.floor(this.#now() / 1000);
    if ("userSig" in this.#credential) {
      const problem = problemOfUserSig(this.#readyMade, this, now);
      return problem ? { problem } : { userSig: this.#credential.userSig };
    }
    // A clock that was set back leaves a signature from the future: sign again then as well.
    const age = this.#issued ? now - this.#issued.issuedAt : Number.POSITIVE_INFINITY;
    if (!this.#issued || age < 0 || age > VALID_SECONDS - RENEW_SECONDS) {
      const api = new TlsSigApi.Api(this.sdkAppId, this.#credential.secretKey);
      const userSig = api.genUserSig(this.identifier, VALID_SECONDS + this.#refreshes);
      this.#secrets.add(userSig);
      this.#issued = { userSig, issuedAt: now };
    }
    return { userSig: this.#issued.userSig };
  }

  /** False with a ready-made UserSig. */
  get canRefreshSignature(): boolean {
    return "secretKey" in this.#credential;
  }

  /** Drops a signature that the service no longer accepts, so that the next request gets a new one. */
  refreshSignature(refused: string): void {
    if (this.#issued?.userSig !== refused) return;
    this.#issued = undefined;
    this.#refreshes += 1;
  }
}
