import type { Stage } from "../call/explained-error.ts";
import type { NetworkReasonName } from "../chat-api/errors/network-reasons.ts";
import type { Fix } from "./fixes.ts";

/** What happened where no valid answer came, who can fix it, and what to do next. */

interface NetworkCause extends Fix {
  /** Where the call failed, if it was not in the network. */
  readonly stage?: Stage;
  readonly cause: string;
}

const CHECK_NETWORK =
  "Check this machine's network, and TENCENT_CHAT_REGION or TENCENT_CHAT_ENDPOINT. Trying again may help once the network works.";
const CHECK_PAGE = "Check the network, and the service's status page.";
const CHECK_ENDPOINT =
  "Check TENCENT_CHAT_ENDPOINT, which must be the REST API itself, and any gateway or firewall in front of the service. Restart the MCP host after a change.";
const LATER = "Call again in a minute. Send it at most 3 times in total, then stop and";

// biome-ignore format: one row a reason
export const NETWORK_CAUSES: Readonly<Record<NetworkReasonName, NetworkCause>> = {
  connectionRefused: { cause: "The connection was refused", fixedBy: "operator", step: CHECK_NETWORK },
  hostNotFound: { cause: "The host name was not found (DNS)", fixedBy: "operator", step: "Check this machine's internet and DNS, and HTTPS_PROXY if it needs a proxy. With DNS trouble, TENCENT_CHAT_ENDPOINT can name the region's backup host (the doctor command shows it); restart the MCP host after the change." },
  unreachable: { cause: "The host could not be reached", fixedBy: "operator", step: CHECK_NETWORK },
  tlsFailed: { cause: "The TLS certificate of the host was not accepted", fixedBy: "operator", step: "If a company proxy signs certificates itself, put its CA file into NODE_EXTRA_CA_CERTS in the host's env block and restart the MCP host. Certificate checks are never turned off." },
  proxyRefused: { cause: "The proxy refused the connection", fixedBy: "operator", step: "Check the proxy's address, user and password (HTTPS_PROXY or ALL_PROXY), or exempt the host with NO_PROXY, and restart the MCP host." },
  proxyFailed: { cause: "The proxy could not make the connection", fixedBy: "operator", step: "Check that the proxy (HTTPS_PROXY or ALL_PROXY) runs and reaches the service." },
  noTimeToSend: { cause: "The call's time ended before its request could be sent", fixedBy: "agent", step: "Call again with fewer calls at once, at most 3 times in total. If the network is slow, an operator can raise TENCENT_CHAT_TIMEOUT_SECONDS." },
  cancelledBeforeSending: { cause: "The call was cancelled before its request was sent", fixedBy: "agent", step: "Nothing to do." },
  userSigUnusable: { cause: "The ready-made UserSig cannot be used", fixedBy: "operator", step: "Put a new, complete UserSig for TENCENT_CHAT_SDKAPPID and TENCENT_CHAT_IDENTIFIER into TENCENT_CHAT_USERSIG or its file. After a change of TENCENT_CHAT_USERSIG, restart the MCP host.", stage: "settings" },
  authCooldown: { cause: "The service refused this server's credential a moment ago, so it is not sent for a minute (further failures would lock the account)", fixedBy: "operator", step: "Correct the credential, and restart the MCP host unless it is in a file. Another credential is used at once, the same one after that minute.", stage: "policy" },
  tooManyRequests: { cause: "A gateway refused the request because there were too many (HTTP 429); it does not forward such a request", fixedBy: "agent", step: "Wait some seconds, then call again with fewer calls at once, at most 3 times in total. If it continues, tell the person to find out what else uses that gateway." },
  connectionLost: { cause: "The connection broke after the request was sent", fixedBy: "operator", step: CHECK_PAGE, first: LATER },
  timedOut: { cause: "No complete answer arrived in time", fixedBy: "operator", step: CHECK_PAGE, first: LATER },
  cancelledAfterSending: { cause: "The call was cancelled after its request was sent", fixedBy: "agent", step: "Read the channel to see whether the request was carried out." },
  serverError: { cause: "The network layer in front of the service failed", fixedBy: "operator", step: CHECK_PAGE, first: LATER },
  statusRejected: { cause: "The answer is not the service's own: it always answers with HTTP 200", fixedBy: "operator", step: CHECK_ENDPOINT },
  answerMalformed: { cause: "The answer is not what the service documents", fixedBy: "operator", step: CHECK_ENDPOINT, first: "Call again in a minute. If it fails again, stop and" },
};
