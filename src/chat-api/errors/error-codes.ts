/**
 * The table of error codes ([Error Codes](https://www.tencentcloud.com/document/product/1047/34348), and the
 * codes of each of the three calls' pages). One row a code: its kind, the key of what fixes it (explanations/fixes.ts),
 * and what happened. `{sdkAppId}` stands for the application.
 */

/**
 * What may be done after a code:
 * - request: the call is wrong; the same call fails again
 * - config: a person must change the application or its plan
 * - credentials: the signature or account is wrong; sending again may lock the account, so nothing is sent for a minute
 * - expired: one new signature helps, once
 * - rate: slow down, then send again
 * - transient: an error inside the service; what the request did is not known
 * - disputed: the pages disagree; it may be sent again once, and what the request did is not known
 * - unlisted: a code without a row
 */
export type CodeKind =
  | "request"
  | "config"
  | "credentials"
  | "expired"
  | "rate"
  | "transient"
  | "disputed"
  | "unlisted";

export interface ErrorCode {
  readonly code: number;
  readonly kind: CodeKind;
  readonly fix: FixName;
  readonly cause: string;
  /** Cause where the call names a subscriber too: then the code may speak of either ID, and the fix is to check both. */
  readonly subscriberCause?: string | undefined;
}

// biome-ignore format: one row a code
const ROWS = [
  // 1–59999: the backends behind the gateway
  [6017, "request", "fixArgument", "A request parameter is invalid"],
  [10002, "transient", "retryLater", "The group backend had an internal error"],
  [10003, "request", "checkEndpoint", "The service does not know this command"],
  [10004, "disputed", "readErrorInfo", "The pages disagree about this code: an internal error by the channel pages, an invalid parameter by the group table"],
  [10006, "rate", "slowDown", "This operation was requested too often in a short time"],
  [10007, "credentials", "useAdministrator", "No permission for this operation; most likely the account that signs is not an app administrator"],
  [10010, "request", "askForId", "The channel does not exist, or it was ended", "The channel does not exist or was ended, or the subscriber does not exist"],
  [20001, "request", "fixArgument", "The request packet is invalid"],
  [20002, "expired", "checkClock", "The messaging backend says that the UserSig has expired"],
  [20004, "transient", "retryLater", "A network error inside the service"],
  [20005, "transient", "retryLater", "The channel service had an internal error"],
  [20018, "transient", "retryLater", "The messaging backend had an internal error"],
  // 60000–69999: the REST gateway
  [60002, "request", "checkEndpoint", "The gateway could not parse the HTTP request"],
  [60003, "request", "checkJson", "The gateway could not parse the JSON body"],
  [60004, "disputed", "checkCredential", "The account check failed: a temporary problem by today's page, a wrong account or signature by an older one"],
  [60005, "disputed", "checkCredential", "The second account check failed: a temporary problem by today's page, wrong credentials by an older one"],
  [60006, "config", "checkSdkAppId", "SDKAppID {sdkAppId} is invalid"],
  [60007, "rate", "shareLimit", "More REST calls to this command than its limit of 200 a second allows"],
  [60008, "transient", "retryLater", "The service timed out, or its answer to the gateway had a wrong format"],
  [60009, "request", "checkEndpoint", "The requested resource is wrong"],
  [60010, "credentials", "useAdministrator", "This call needs an app administrator, and the account that signs is not one"],
  [60011, "rate", "findOtherCallers", "The application as a whole calls the REST API too often"],
  [60012, "request", "checkEndpoint", "The SDKAppID is missing in the URL"],
  [60013, "transient", "retryLater", "The gateway could not parse the answer of a backend"],
  [60014, "transient", "retryLater", "The account check timed out"],
  [60015, "request", "fixArgument", "A UserID has the wrong type"],
  [60016, "config", "askSupport", "SDKAppID {sdkAppId} is disabled"],
  [60017, "config", "askSupport", "This kind of request is disabled for the application"],
  [60018, "rate", "slowDown", "Requests are too frequent"],
  [60019, "rate", "slowDown", "Requests are too frequent (older code)"],
  [60020, "config", "checkPlan", "The plan was not bought, has expired, or is in arrears"],
  [60021, "config", "allowIp", "The source IP of this machine is not on the application's allow-list"],
  [60025, "credentials", "checkCredential", "SDKAppID, identifier, UserSig or contenttype is wrong in the URL"],
  [60026, "config", "checkRegion", "The host does not belong to the data centre of SDKAppID {sdkAppId}"],
  [60027, "config", "checkSdkAppId", "SDKAppID {sdkAppId} is for push only, not a Chat application"],
  [60028, "config", "waitForQuota", "The trial application has used up its calls for 24 hours"],
  // 70000–79999: signatures, accounts and plans
  [70001, "expired", "checkClock", "The UserSig has expired"],
  [70002, "credentials", "setCredential", "The UserSig is empty"],
  [70003, "credentials", "setCredential", "The UserSig is invalid, most often because it was cut when copied"],
  [70005, "credentials", "setCredential", "The UserSig is invalid by a second check"],
  [70009, "credentials", "replaceKey", "The UserSig could not be verified: most likely the secret key belongs to another application than SDKAppID {sdkAppId}, or the key was replaced or cut when copied"],
  [70013, "credentials", "matchUserSig", "The account that signs differs from the account in the UserSig"],
  [70014, "credentials", "matchUserSig", "SDKAppID {sdkAppId} differs from the one in the UserSig"],
  [70016, "config", "checkRegion", "This data centre has no public key for SDKAppID {sdkAppId}"],
  [70020, "config", "checkRegion", "This data centre does not know SDKAppID {sdkAppId}"],
  [70050, "credentials", "waitForUnlock", "The UserSig failed too often, and the account is locked for a minute"],
  [70051, "credentials", "askSupport", "The account is on the block list"],
  [70052, "expired", "replaceUserSig", "The UserSig was invalidated, as happens when the account is kicked"],
  [70101, "credentials", "setCredential", "A login ticket has expired; a ticket of an SDK login does not work here"],
  [70107, "request", "importAccount", "The account was never imported into SDKAppID {sdkAppId}"],
  [70114, "rate", "findOtherCallers", "Logins of this account are limited for security"],
  [70169, "transient", "retryLater", "The account service had an internal timeout"],
  [70202, "transient", "retryLater", "The account service had an internal timeout (older code)"],
  [70206, "request", "fixArgument", "The batch size is invalid"],
  [70398, "config", "checkPlan", "The application has more accounts than its plan allows"],
  [70399, "config", "askSupport", "A deleted account cannot be restored for three months"],
  [70402, "request", "fixArgument", "A parameter is invalid or a required one is missing"],
  [70403, "credentials", "useAdministrator", "This call needs an app administrator (older code)"],
  [70404, "config", "updateSdk", "The client SDK is too old for the account service"],
  [70500, "transient", "retryLater", "The account service had an internal error"],
  [72000, "config", "waitForQuota", "The free quota of daily users is used up"],
  [72001, "config", "enableInConsole", "User status is not enabled for the application"],
  [72002, "config", "waitForQuota", "The free quota of monthly users is used up"],
  [72010, "rate", "slowDown", "Calls about one user are too frequent"],
  [72011, "config", "enableInConsole", "Do-not-disturb is not enabled for the application"],
  // 130000–131999: the official-channel service itself
  [130002, "request", "askForPermission", "The account has no permission for this channel", "The account has no permission for this channel or this subscriber"],
  [130004, "request", "askForId", "The channel does not exist, or it was ended", "The channel does not exist or was ended, or the subscriber does not exist"],
  [130006, "config", "raiseLimit", "The channel has as many subscribers as its limit allows"],
  [130007, "request", "fixId", "The channel ID is malformed", "The user is not a subscriber of the channel, or one of the two IDs is malformed"],
  [130008, "request", "fixId", "The channel ID is already in use by another channel"],
  [130010, "config", "checkPlan", "A quota is used up: either the user's subscriptions or the number of channels created"],
  [131000, "config", "enableChannels", "The official-channel service is not enabled for SDKAppID {sdkAppId}"],
  [131003, "request", "checkBothIds", "There is no such subscription: most likely the user does not subscribe to this channel"],
  [131005, "config", "updateSdk", "The client SDK of the application is too old for official channels"],
] as const satisfies readonly (readonly [number, CodeKind, string, string, string?])[];

export type FixName = (typeof ROWS)[number][2] | "unlistedCode";

/** What a code without a row most likely means, by its range. */
const RANGES = [
  { from: 1, to: 59999, cause: "A backend behind the service's gateway refused the call" },
  { from: 60000, to: 69999, cause: "The REST gateway refused the call" },
  { from: 70000, to: 79999, cause: "The account service refused the call" },
  { from: 130000, to: 131999, cause: "The official-channel service refused the call" },
] as const;

export const ERROR_CODES: readonly ErrorCode[] = ROWS.map(([code, kind, fix, cause, subscriberCause]) => ({
  code,
  kind,
  fix,
  cause,
  subscriberCause,
}));

const BY_CODE = new Map(ERROR_CODES.map((row) => [row.code, row]));

export function lookUpCode(code: number): ErrorCode {
  const row = BY_CODE.get(code);
  if (row) return row;
  const range = RANGES.find(({ from, to }) => code >= from && code <= to);
  const cause = range
    ? `${range.cause} with a code that this server does not list (${range.from}–${range.to})`
    : "The service answered with a code outside every documented range";
  return { code, kind: "unlisted", fix: "unlistedCode", cause };
}
