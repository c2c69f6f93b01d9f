import type { FixedBy, Stage } from "../channel/explanation.ts";

/** THE table of what can go wrong between this server and the service, without an answer that means anything. */

/** One row: what happened, who can mend it, what to do next. */
export interface Reason {
  /** Where the call ended; "network" if left out. */
  readonly stage?: Stage;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  readonly nextStep: string;
  /** True if trying again at once can help. */
  readonly again: boolean;
}

const CHECK_NETWORK = "Check this machine's network, and TENCENT_CHAT_REGION or TENCENT_CHAT_ENDPOINT.";
const LATER = "Call again in a minute; if it stays, check the service's status page.";

/** Failures before the first byte of the request left: the service has heard nothing, so even a write may go again. */
export const NOT_SENT = {
  connectionRefused: {
    cause: "The connection was refused",
    fixedBy: "operator",
    nextStep: CHECK_NETWORK,
    again: true,
  },
  hostNotFound: {
    cause: "The host name was not found (DNS)",
    fixedBy: "operator",
    nextStep: "Check this machine's DNS. With DNS trouble, set TENCENT_CHAT_ENDPOINT to the region's backup host.",
    again: true,
  },
  unreachable: {
    cause: "The host could not be reached",
    fixedBy: "operator",
    nextStep: CHECK_NETWORK,
    again: true,
  },
  tlsFailed: {
    cause: "The host's TLS certificate was not accepted",
    fixedBy: "operator",
    nextStep:
      "If a company proxy signs its own certificates, put its CA file into NODE_EXTRA_CA_CERTS in the host's env block. Checks are never turned off.",
    again: false,
  },
  proxyRefused: {
    cause: "The proxy of HTTPS_PROXY refused the connection",
    fixedBy: "operator",
    nextStep: "Check the proxy's address, user and password in HTTPS_PROXY, or exempt the host with NO_PROXY.",
    again: false,
  },
  proxyFailed: {
    cause: "The proxy of HTTPS_PROXY could not make the connection",
    fixedBy: "operator",
    nextStep: "Check that the proxy of HTTPS_PROXY runs and reaches the service.",
    again: true,
  },
  noTimeToSend: {
    cause: "The call's time passed before its request could be sent",
    fixedBy: "operator",
    nextStep:
      "Call again with fewer calls at once; if the network is slow, raise TENCENT_CHAT_TIMEOUT_SECONDS or check the connection.",
    again: false,
  },
  keptBack: {
    cause: "More requests were about to go out in one second than the limit allows, so this one was kept back",
    fixedBy: "agent",
    nextStep: "Call again with fewer calls at once.",
    again: true,
  },
  cancelledBeforeSending: {
    cause: "The call was cancelled before its request was sent",
    fixedBy: "agent",
    nextStep: "Nothing needs doing.",
    again: false,
  },
  userSigUnusable: {
    stage: "settings",
    cause: "TENCENT_CHAT_USERSIG cannot be used",
    fixedBy: "operator",
    nextStep:
      "Put a new UserSig, whole and for this application and account, into TENCENT_CHAT_USERSIG and start the server again.",
    again: false,
  },
  locked: {
    stage: "policy",
    cause:
      "The service refused the credentials a moment ago, so nothing is sent for a minute (more failures lock the account)",
    fixedBy: "operator",
    nextStep: "Fix the credentials, then wait until the minute is over.",
    again: false,
  },
} as const satisfies Record<string, Reason>;

/** Failures after the request left: whether the service carried it out is not known from them. */
export const NO_VALID_ANSWER = {
  connectionLost: {
    cause: "The connection broke after the request was sent",
    fixedBy: "agent",
    nextStep: LATER,
    again: true,
  },
  noAnswer: { cause: "No complete answer came in time", fixedBy: "agent", nextStep: LATER, again: true },
  cancelledAfterSending: {
    cause: "The call was cancelled after its request was sent",
    fixedBy: "agent",
    nextStep: "Read the channel to see whether the request was carried out.",
    again: false,
  },
  serverError: {
    cause: "The network layer before the service failed",
    fixedBy: "tencent",
    nextStep: LATER,
    again: true,
  },
  redirected: {
    cause: "The host answered with a redirect, which is never followed",
    fixedBy: "operator",
    nextStep: "Check TENCENT_CHAT_ENDPOINT: it must be the REST API itself.",
    again: false,
  },
  statusRefused: {
    cause: "Something before the service refused the request",
    fixedBy: "operator",
    nextStep: "Check TENCENT_CHAT_ENDPOINT, and any gateway or firewall in between.",
    again: false,
  },
  tooManyRequests: {
    cause: "A gateway asked for fewer requests",
    fixedBy: "agent",
    nextStep: "Wait some seconds, then call again with fewer calls at once.",
    again: true,
  },
  answerTooLarge: {
    cause: "The answer was larger than any honest one",
    fixedBy: "operator",
    nextStep: "Check what stands between this server and the service; ask for fewer channels at once.",
    again: false,
  },
  answerMalformed: {
    cause: "The answer is not what the service documents",
    fixedBy: "operator",
    nextStep: "Check TENCENT_CHAT_ENDPOINT and any gateway; if they are right, call again in a minute.",
    again: true,
  },
} as const satisfies Record<string, Reason>;

/** Why nothing was sent. */
export type NotSentReason = keyof typeof NOT_SENT;
/** Why there is no valid answer to what was sent. */
export type NoValidAnswerReason = keyof typeof NO_VALID_ANSWER;
