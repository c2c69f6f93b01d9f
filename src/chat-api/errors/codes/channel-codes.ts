import type { CodeFamily } from "./family.ts";

const CHECK_BOTH_IDS =
  "Stop, and check Official_Account and Subscriber_Account with the person who gave them; ErrorInfo may say which of the two is meant. Only a subscriber of that channel has a custom field.";

/** 130000–131999: what the official-channel service itself answers. */
export const CHANNEL_CODES: CodeFamily = {
  from: 130000,
  to: 131999,
  unlisted: { fixedBy: "agent", cause: "The official-channel service refused the call" },
  rows: [
    [
      130002,
      "request",
      "agent",
      "The account has no permission for this channel",
      "Read ErrorInfo for what is missing, and ask the person to have the channel's owner or an app administrator grant it.",
      {
        cause: "The account has no permission for this channel or this subscriber",
        nextStep:
          "Read ErrorInfo for which of the two is meant, and ask the person to have the channel's owner or an app administrator grant it.",
      },
    ],
    [
      130004,
      "request",
      "agent",
      "The channel does not exist, or it was ended",
      "Tell the person that the channel does not exist or was ended, and ask for the exact ID; do not try other IDs. None of these tools can list or search channels.",
      {
        cause: "The channel does not exist or was ended, or the subscriber does not exist (ErrorInfo may say which)",
        nextStep: CHECK_BOTH_IDS,
      },
    ],
    [
      130005,
      "request",
      "agent",
      "The user already subscribes to this channel",
      "Nothing to do: the subscription exists.",
    ],
    [
      130006,
      "config",
      "operator",
      "The channel has as many subscribers as its limit allows",
      "Ask the channel's owner for a higher limit, then set MaxSubscriberNum.",
    ],
    [
      130007,
      "request",
      "agent",
      "The channel ID is malformed",
      "Give Official_Account exactly as it was returned when the channel was created, including the prefix @TOA#_.",
      {
        cause:
          "The user is not a subscriber of the channel, or one of the two IDs is malformed (ErrorInfo may say which)",
        nextStep: CHECK_BOTH_IDS,
      },
    ],
    [
      130008,
      "request",
      "agent",
      "The channel ID is already in use by another channel",
      "Use the ID of the channel that is meant. None of these tools creates channels.",
    ],
    [
      130009,
      "request",
      "agent",
      "This channel does not support deleting messages",
      "Stop: this server cannot delete messages.",
    ],
    [
      130010,
      "config",
      "operator",
      "A quota is used up: either the user's subscriptions or the number of channels created",
      "Read ErrorInfo for which of the two, and ask the person to raise the plan's quota.",
    ],
    [
      131000,
      "config",
      "operator",
      "The official-channel service is not enabled for SDKAppID {sdkAppId}",
      "Stop and tell the person: official channels must be enabled for SDKAppID {sdkAppId} in the Chat console (it needs the Enterprise plan or its trial). If another application was meant, fix TENCENT_CHAT_SDKAPPID and its credential, and restart the server.",
    ],
    [
      131003,
      "request",
      "agent",
      "There is no such subscription: most likely the user does not subscribe to this channel",
      CHECK_BOTH_IDS,
    ],
    [
      131005,
      "config",
      "operator",
      "The client SDK of the application is too old for official channels",
      "Tell the person to update the application's Chat SDK.",
    ],
  ],
};
