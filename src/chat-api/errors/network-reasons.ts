import type { FixedBy, Stage } from "../../channel/explanation.ts";

/** THE table of what can go wrong between this server and the service, without a valid answer. */

/**
 * What is known of the request:
 * - notSent: no byte of it reached the service, so even a write may be sent again
 * - refused: a gateway refused it without forwarding it
 * - ambiguous: it was sent, and whether the service carried it out is not known
 */
type NetworkKind = "notSent" | "refused" | "ambiguous";

/** One row: what happened, who can fix it, what to do next. */
interface NetworkReason {
  readonly kind: NetworkKind;
  /** Where the call failed; "network" if left out. */
  readonly stage?: Stage;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  readonly nextStep: string;
  /** True if trying again at once can help. */
  readonly isRetryable: boolean;
}

const CHECK_NETWORK =
  "Tell the person to check this machine's network, and TENCENT_CHAT_REGION or TENCENT_CHAT_ENDPOINT. Trying again may help once the network works.";
const TRY_LATER =
  "Call again in a minute. If it fails twice more, stop and tell the person to check the service's status page.";
const CHECK_ENDPOINT =
  "Tell the person to check TENCENT_CHAT_ENDPOINT, and any gateway or firewall in front of the service; restart the server after a change.";

export const NETWORK_REASONS = {
  connectionRefused: {
    kind: "notSent",
    cause: "The connection was refused",
    fixedBy: "operator",
    nextStep: CHECK_NETWORK,
    isRetryable: true,
  },
  hostNotFound: {
    kind: "notSent",
    cause: "The host name was not found (DNS)",
    fixedBy: "operator",
    nextStep:
      "Tell the person to check this machine's internet and DNS, and HTTPS_PROXY if it needs a proxy. With DNS trouble, TENCENT_CHAT_ENDPOINT can name the region's backup host (the doctor command shows it); restart the server after the change.",
    isRetryable: true,
  },
  unreachable: {
    kind: "notSent",
    cause: "The host could not be reached",
    fixedBy: "operator",
    nextStep: CHECK_NETWORK,
    isRetryable: true,
  },
  tlsFailed: {
    kind: "notSent",
    cause: "The TLS certificate of the host was not accepted",
    fixedBy: "operator",
    nextStep:
      "If a company proxy signs certificates itself, the person must put its CA file into NODE_EXTRA_CA_CERTS in the host's env block and restart the server. Certificate checks are never turned off.",
    isRetryable: false,
  },
  proxyRefused: {
    kind: "notSent",
    cause: "The proxy in HTTPS_PROXY refused the connection",
    fixedBy: "operator",
    nextStep:
      "Tell the person to check the proxy's address, user and password in HTTPS_PROXY, or exempt the host with NO_PROXY, and restart the server.",
    isRetryable: false,
  },
  proxyFailed: {
    kind: "notSent",
    cause: "The proxy in HTTPS_PROXY could not make the connection",
    fixedBy: "operator",
    nextStep: "Tell the person to check that the proxy in HTTPS_PROXY runs and reaches the service.",
    isRetryable: true,
  },
  noTimeToSend: {
    kind: "notSent",
    cause: "The call's time ended before its request could be sent",
    fixedBy: "agent",
    nextStep:
      "Call again with fewer calls at once. If the network is slow, an operator can raise TENCENT_CHAT_TIMEOUT_SECONDS.",
    isRetryable: false,
  },
  cancelledBeforeSending: {
    kind: "notSent",
    cause: "The call was cancelled before its request was sent",
    fixedBy: "agent",
    nextStep: "Nothing to do.",
    isRetryable: false,
  },
  userSigUnusable: {
    kind: "notSent",
    stage: "settings",
    cause: "TENCENT_CHAT_USERSIG cannot be used",
    fixedBy: "operator",
    nextStep:
      "The person must put a new, complete UserSig for this application and account into TENCENT_CHAT_USERSIG and restart the server.",
    isRetryable: false,
  },
  breakerOpen: {
    kind: "notSent",
    stage: "policy",
    cause:
      "The service refused this server's credentials a moment ago, so nothing is sent for a minute (further failures would lock the account)",
    fixedBy: "operator",
    nextStep:
      "Stop and tell the person: the credentials must be fixed and the server restarted. The doctor command checks them.",
    isRetryable: false,
  },
  tooManyRequests: {
    kind: "refused",
    cause: "A gateway refused the request because there were too many (HTTP 429); it does not forward such a request",
    fixedBy: "agent",
    nextStep:
      "Wait some seconds, then call again with fewer calls at once. If it continues, tell the person to find out what else uses that gateway.",
    isRetryable: true,
  },
  connectionLost: {
    kind: "ambiguous",
    cause: "The connection broke after the request was sent",
    fixedBy: "agent",
    nextStep: TRY_LATER,
    isRetryable: true,
  },
  noAnswer: {
    kind: "ambiguous",
    cause: "No complete answer arrived in time",
    fixedBy: "agent",
    nextStep: TRY_LATER,
    isRetryable: true,
  },
  cancelledAfterSending: {
    kind: "ambiguous",
    cause: "The call was cancelled after its request was sent",
    fixedBy: "agent",
    nextStep: "Read the channel to see whether the request was carried out.",
    isRetryable: false,
  },
  serverError: {
    kind: "ambiguous",
    cause: "The network layer in front of the service failed",
    fixedBy: "tencent",
    nextStep: TRY_LATER,
    isRetryable: true,
  },
  redirected: {
    kind: "ambiguous",
    cause: "The host answered with a redirect, which is never followed",
    fixedBy: "operator",
    nextStep:
      "Tell the person to check TENCENT_CHAT_ENDPOINT, which must be the REST API itself, and restart the server.",
    isRetryable: false,
  },
  statusRejected: {
    kind: "ambiguous",
    cause: "Something in front of the service refused the request",
    fixedBy: "operator",
    nextStep: CHECK_ENDPOINT,
    isRetryable: false,
  },
  answerTooLarge: {
    kind: "ambiguous",
    cause: "The answer was larger than any the service documents",
    fixedBy: "operator",
    nextStep: `Ask for fewer channels at once. If that does not help: ${CHECK_ENDPOINT}`,
    isRetryable: false,
  },
  answerMalformed: {
    kind: "ambiguous",
    cause: "The answer is not what the service documents",
    fixedBy: "operator",
    nextStep: `Call again in a minute. If it fails again: ${CHECK_ENDPOINT}`,
    isRetryable: true,
  },
} as const satisfies Record<string, NetworkReason>;

export type NetworkReasonName = keyof typeof NETWORK_REASONS;
/** Reasons that mean that nothing was sent. */
export type NotSentReason = {
  [Name in NetworkReasonName]: (typeof NETWORK_REASONS)[Name]["kind"] extends "notSent" ? Name : never;
}[NetworkReasonName];

/** The row of a reason. */
export function networkReason(name: NetworkReasonName): NetworkReason {
  return NETWORK_REASONS[name];
}
