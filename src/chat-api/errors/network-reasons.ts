/** What an attempt without a valid answer tells of its request (see Reply). */
export type FailedReplyKind = "refused" | "noAnswer" | "notSent";

/** What can go wrong between this process and the service: what is known of the request, and whether trying again can help. */
interface NetworkReason {
  readonly reply: FailedReplyKind;
  /** True if the same request may well succeed a moment later. */
  readonly isTransient: boolean;
}

export const NETWORK_REASONS = {
  connectionRefused: { reply: "notSent", isTransient: true },
  hostNotFound: { reply: "notSent", isTransient: true },
  unreachable: { reply: "notSent", isTransient: true },
  tlsFailed: { reply: "notSent", isTransient: false },
  proxyRefused: { reply: "notSent", isTransient: false },
  proxyFailed: { reply: "notSent", isTransient: true },
  noTimeToSend: { reply: "notSent", isTransient: false },
  cancelledBeforeSending: { reply: "notSent", isTransient: false },
  userSigUnusable: { reply: "notSent", isTransient: false },
  authCooldown: { reply: "notSent", isTransient: false },
  tooManyRequests: { reply: "refused", isTransient: true }, // HTTP 429: a gateway does not forward such a request
  connectionLost: { reply: "noAnswer", isTransient: true },
  timedOut: { reply: "noAnswer", isTransient: true },
  cancelledAfterSending: { reply: "noAnswer", isTransient: false },
  serverError: { reply: "noAnswer", isTransient: true },
  statusRejected: { reply: "noAnswer", isTransient: false },
  answerMalformed: { reply: "noAnswer", isTransient: true },
} as const satisfies Record<string, NetworkReason>;

export type NetworkReasonName = keyof typeof NETWORK_REASONS;
