import { inflateSync } from "node:zlib";
import TlsSigApi from "tls-sig-api-v2/TLSSigAPIv2.js";
import type { Secrets } from "./secrets.ts";

/**
 * UserSig: the signature that every request carries ([Generating UserSig](https://www.tencentcloud.com/document/product/1047/34385)).
 * It grants all that the admin may do.
 */

/** Seconds that a UserSig of ours is valid; at least a day is advised. */
const VALID_SECONDS = 86_400;
/** A UserSig is renewed when fewer seconds than this are left. */
const RENEW_SECONDS = 3_600;

/** How requests are signed: with the key, or with a UserSig made elsewhere. */
export type Credential = { readonly secretKey: string } | { readonly userSig: string };

/** What a UserSig says about itself, its signature unchecked; undefined where it is not one, or was cut. */
export function decodeUserSig(userSig: string) {
  try {
    const base64 = userSig.replaceAll("*", "+").replaceAll("-", "/").replaceAll("_", "=");
    const json = inflateSync(Buffer.from(base64, "base64"), { maxOutputLength: 10_000 }).toString("utf8");
    const document = JSON.parse(json) as Record<string, unknown>;
    const identifier = document["TLS.identifier"];
    const sdkAppId = Number(document["TLS.sdkappid"]);
    const expiresAt = Number(document["TLS.time"]) + Number(document["TLS.expire"]); // Unix seconds
    if (typeof identifier !== "string" || typeof document["TLS.sig"] !== "string") return undefined;
    return [sdkAppId, expiresAt].every(Number.isSafeInteger) ? { sdkAppId, identifier, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}

type Signature = { readonly userSig: string } | { readonly problem: string };

/** A ready-made UserSig is warned of when fewer seconds than one of these are left: a day, an hour. */
export const WARN_SECONDS = [86_400, 3_600] as const;

interface SignerOptions {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly credential: Credential;
  readonly secrets: Secrets;
  /** The credential that its file holds now; undefined where it holds none at the moment. */
  readonly readFile?: (() => Credential | undefined) | undefined;
  /** Told of another credential in the file, and once each that a ready-made UserSig expires within a day, and an hour. */
  readonly warn?: (text: string) => void;
}

/** Gives each request its UserSig: one signature for many calls, renewed before it expires. */
export class Signer {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly #options: SignerOptions;
  #credential: Credential;
  /** Each renewal adds a second of validity: signatures issued in the same second are identical otherwise. */
  #renewals = 0;
  #issued: { readonly userSig: string; readonly issuedAt: number } | undefined;
  #warnings = 0;

  constructor(options: SignerOptions) {
    this.sdkAppId = options.sdkAppId;
    this.identifier = options.identifier;
    this.#options = options;
    this.#credential = options.credential;
    for (const secret of Object.values(options.credential)) options.secrets.add(secret);
  }

  /** The UserSig to send now; a ready-made one that is unreadable, expired or of another application has a problem. */
  current(): Signature {
    const now = Math.floor(Date.now() / 1000);
    if ("userSig" in this.#credential) {
      const problem = this.#problemOf(this.#credential);
      if (problem) return { problem };
      const { userSig } = this.#credential;
      this.#warnOfExpiry((decodeUserSig(userSig)?.expiresAt ?? 0) - now);
      return { userSig };
    }
    // A clock that was set back leaves a signature from the future: sign again then as well.
    const age = this.#issued ? now - this.#issued.issuedAt : Number.POSITIVE_INFINITY;
    if (!this.#issued || age < 0 || age > VALID_SECONDS - RENEW_SECONDS) {
      const api = new TlsSigApi.Api(this.sdkAppId, this.#credential.secretKey);
      const userSig = api.genUserSig(this.identifier, VALID_SECONDS + this.#renewals);
      this.#options.secrets.add(userSig);
      this.#issued = { userSig, issuedAt: now };
    }
    return { userSig: this.#issued.userSig };
  }

  /**
   * Drops a signature that the service refused. Returns true if the next request gets another one.
   * @param isExpired true if a new one by the same key helps
   */
  renew(refused: string, isExpired: boolean): boolean {
    if (this.refresh()) return true;
    if ("userSig" in this.#credential) return this.#credential.userSig !== refused;
    if (this.#issued?.userSig !== refused) return true; // another call has renewed it meanwhile
    if (!isExpired) return false;
    this.#issued = undefined;
    this.#renewals += 1;
    return true;
  }

  /** Takes the credential that the file holds now. Returns true if it is another one. */
  refresh(): boolean {
    const credential = this.#options.readFile?.();
    if (!credential || JSON.stringify(credential) === JSON.stringify(this.#credential)) return false;
    for (const secret of Object.values(credential)) this.#options.secrets.add(secret);
    if (this.#problemOf(credential) && !this.#problemOf(this.#credential)) return false; // it may be half written
    this.#options.warn?.("The file of the credential holds another one now, which is used from here on.");
    this.#credential = credential;
    this.#issued = undefined;
    this.#warnings = 0;
    return true;
  }

  /** What is wrong with a ready-made UserSig for this application and account, or undefined. Never quotes the UserSig. */
  #problemOf(credential: Credential): string | undefined {
    if (!("userSig" in credential)) return undefined;
    const info = decodeUserSig(credential.userSig);
    if (!info) return "it cannot be read, most often because it was cut when copied: code 70003";
    if (info.sdkAppId !== this.sdkAppId) {
      return `it was made for application ${info.sdkAppId}, not for ${this.sdkAppId} (code 70014)`;
    }
    if (info.identifier !== this.identifier) {
      return `it was made for the account ${JSON.stringify(info.identifier)}, not for ${JSON.stringify(this.identifier)} (code 70013)`;
    }
    if (info.expiresAt * 1000 <= Date.now()) {
      return `it expired on ${new Date(info.expiresAt * 1000).toUTCString()} (code 70001)`;
    }
    return undefined;
  }

  #warnOfExpiry(leftSeconds: number): void {
    const due = WARN_SECONDS.filter((seconds) => leftSeconds < seconds).length;
    if (due > this.#warnings)
      this.#options.warn?.(`The ready-made UserSig expires in ${Math.ceil(leftSeconds / 60)} minutes.`);
    this.#warnings = Math.max(due, this.#warnings);
  }
}
