import type { Family } from "./row.ts";

/** 0–59999: codes of the backends behind the gateway. */
export const GENERAL_CODES: Family = {
  from: 1,
  to: 59999,
  unknown: { fixedBy: "agent", cause: "A backend behind the service's gateway refused the call" },
  rows: [
    [
      6017,
      "request",
      "agent",
      "A request parameter is invalid",
      "Fix the argument that ErrorInfo names, then call again.",
    ],
    [
      10002,
      "transient",
      "tencent",
      "The group backend had an internal error",
      "Call again in a few seconds; if it stays, give the RequestId to Tencent's support.",
    ],
    [
      10003,
      "request",
      "operator",
      "The service does not know this command",
      "Check that TENCENT_CHAT_ENDPOINT leads to the Chat REST API and that the plan has official channels.",
    ],
    [
      10004,
      "once",
      "agent",
      "Two readings: the channel pages call it an internal error, the group table an invalid parameter",
      "Read ErrorInfo: if it names a parameter, fix that; otherwise call again once, later.",
    ],
    [
      10006,
      "rate",
      "agent",
      "This operation was asked for too often in a short time",
      "Wait a few seconds, then call again, with fewer calls at once.",
    ],
    [
      10007,
      "credentials",
      "operator",
      "No permission for this operation; the identifier may be no app administrator",
      "Set TENCENT_CHAT_IDENTIFIER to an app administrator of this SDKAppID.",
    ],
    [10023, "rate", "agent", "Messages are being sent more often than allowed", "Wait a minute before the next call."],
    [
      20001,
      "request",
      "agent",
      "The request packet is invalid",
      "Check the arguments against the tool's input schema and ErrorInfo.",
    ],
    [
      20002,
      "signAgain",
      "operator",
      "The messaging backend says that the UserSig has expired",
      "Check this machine's clock; with a ready-made TENCENT_CHAT_USERSIG, make a new one.",
    ],
    [20004, "transient", "tencent", "A network fault inside the service", "Call again in a few seconds."],
    [
      20005,
      "transient",
      "tencent",
      "The channel service had an internal error",
      "Call again in a minute; if it stays, give the RequestId to Tencent's support.",
    ],
    [
      20018,
      "transient",
      "tencent",
      "The messaging backend had an internal error",
      "Call again shortly; if it stays, give the RequestId to Tencent's support.",
    ],
  ],
};
