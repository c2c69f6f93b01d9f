import { createHmac, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";

/** The service's side of a UserSig: decoded and verified by its own code, not by the client's. */

export interface SandboxAccount {
  readonly sdkAppId: number;
  readonly secretKey: string;
  /** App administrators. */
  readonly admins: readonly string[];
}

/**
 * The error code of a signed query, or 0. The order of the checks is assumed.
 * @param nowSeconds Unix seconds
 */
export function verifyQuery(query: URLSearchParams, account: SandboxAccount, nowSeconds: number): number {
  const [sdkAppId, identifier, userSig] = ["sdkappid", "identifier", "usersig"].map((name) => query.get(name) ?? "");
  const random = Number(query.get("random") ?? Number.NaN);
  const isRandom = Number.isInteger(random) && random >= 0 && random <= 4_294_967_295;
  if (query.get("contenttype") !== "json" || !isRandom || !identifier || !userSig) return 60025; // assumed
  if (Number(sdkAppId) !== account.sdkAppId) return 70020;

  const signed = decode(userSig);
  if (!signed) return 70003;
  if (signed["TLS.sdkappid"] !== account.sdkAppId) return 70014;
  if (signed["TLS.identifier"] !== identifier) return 70013;
  if (!isSignedWith(account.secretKey, signed)) return 70009;
  if (signed["TLS.time"] + signed["TLS.expire"] <= nowSeconds) return 70001;
  return account.admins.includes(identifier) ? 0 : 60010;
}

interface SignedDocument {
  readonly "TLS.identifier": string;
  readonly "TLS.sdkappid": number;
  readonly "TLS.time": number;
  readonly "TLS.expire": number;
  readonly "TLS.sig": string;
}

function decode(userSig: string): SignedDocument | undefined {
  const base64 = userSig.replaceAll("*", "+").replaceAll("-", "/").replaceAll("_", "=");
  try {
    return JSON.parse(inflateSync(Buffer.from(base64, "base64")).toString()) as SignedDocument;
  } catch {
    return undefined;
  }
}

function isSignedWith(secretKey: string, signed: SignedDocument): boolean {
  const lines = ["identifier", "sdkappid", "time", "expire"] as const;
  const text = lines.map((line) => `TLS.${line}:${signed[`TLS.${line}`]}\n`).join("");
  const right = createHmac("sha256", secretKey).update(text).digest();
  const given = Buffer.from(signed["TLS.sig"], "base64");
  return given.length === right.length && timingSafeEqual(given, right);
}
