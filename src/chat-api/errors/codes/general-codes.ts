import { type CodeFamily, GIVE_REQUEST_ID } from "./family.ts";

/** 1–59999: codes of the backends behind the gateway. */
export const GENERAL_CODES: CodeFamily = {
  from: 1,
  to: 59999,
  unlisted: { fixedBy: "agent", cause: "A backend behind the service's gateway refused the call" },
  rows: [
    [
      6017,
      "request",
      "agent",
      "A request parameter is invalid",
      "Fix the argument that ErrorInfo names, then call again.",
    ],
    [10002, "transient", "tencent", "The group backend had an internal error", GIVE_REQUEST_ID],
    [
      10003,
      "request",
      "operator",
      "The service does not know this command",
      "Tell the person to check that TENCENT_CHAT_ENDPOINT is the Chat REST API and that the plan includes official channels.",
    ],
    [
      10004,
      "disputed",
      "agent",
      "The pages disagree about this code: an internal error by the channel pages, an invalid parameter by the group table",
      "Read ErrorInfo. If it names a parameter, fix that; otherwise call again once, in a minute. If it fails again, tell the person to give the RequestId to Tencent's support.",
    ],
    [
      10006,
      "rate",
      "agent",
      "This operation was requested too often in a short time",
      "Wait a few seconds, then call again with fewer calls at once.",
    ],
    [
      10007,
      "credentials",
      "operator",
      "No permission for this operation; most likely TENCENT_CHAT_IDENTIFIER is not an app administrator",
      "Stop and tell the person: TENCENT_CHAT_IDENTIFIER must be an app administrator of SDKAppID {sdkAppId}; restart the server after the change.",
    ],
    [10023, "rate", "agent", "Messages are sent more often than allowed", "Wait a minute before the next call."],
    [
      20001,
      "request",
      "agent",
      "The request packet is invalid",
      "Check the arguments against the tool's input schema and ErrorInfo, then call again.",
    ],
    [
      20002,
      "expired",
      "operator",
      "The messaging backend says that the UserSig has expired",
      "Tell the person to check this machine's clock. With a ready-made TENCENT_CHAT_USERSIG: set a new one and restart the server.",
    ],
    [20004, "transient", "tencent", "A network error inside the service", GIVE_REQUEST_ID],
    [20005, "transient", "tencent", "The channel service had an internal error", GIVE_REQUEST_ID],
    [20018, "transient", "tencent", "The messaging backend had an internal error", GIVE_REQUEST_ID],
  ],
};
