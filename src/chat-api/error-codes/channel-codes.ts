import type { Family } from "./row.ts";

/** 130000–131999: what the official-channel service itself says. */
export const CHANNEL_CODES: Family = {
  from: 130000,
  to: 131999,
  unknown: { fixedBy: "agent", cause: "The official-channel service refused the call" },
  rows: [
    [
      130002,
      "request",
      "agent",
      "The account has no right to manage this channel or subscriber",
      "Read ErrorInfo for what is missing, and ask the channel's owner or an app administrator for the right.",
    ],
    [
      130004,
      "request",
      "agent",
      "The channel does not exist, or it existed and has been ended",
      "Check Official_Account letter by letter with the person who gave it; no tool here can list or search channels.",
    ],
    [
      130005,
      "request",
      "agent",
      "The user is subscribed to this channel already",
      "Nothing needs doing: the subscription stands.",
    ],
    [
      130006,
      "config",
      "operator",
      "The channel has as many subscribers as its limit allows",
      "Raise MaxSubscriberNum for this channel, after asking its owner.",
    ],
    [
      130007,
      "request",
      "agent",
      "The channel ID is malformed",
      "Give Official_Account exactly as it was handed out when the channel was created, prefix @TOA#_ included.",
    ],
    [
      130008,
      "request",
      "agent",
      "The channel ID is taken by another channel",
      "Use the ID of the channel that is meant; no tool here creates channels.",
    ],
    [
      130009,
      "request",
      "agent",
      "This channel does not support deleting messages",
      "Leave the messages as they are; this server cannot delete any.",
    ],
    [
      130010,
      "config",
      "operator",
      "A quota is used up: either the user's subscriptions or the number of channels created",
      "Read ErrorInfo for which of the two, and raise the plan's quota or give one back.",
    ],
    [
      131000,
      "config",
      "operator",
      "The application is not enabled for official channels",
      "Enable official channels for this SDKAppID in the Chat console (Enterprise plan, or its trial of 5 channels).",
    ],
    [
      131003,
      "request",
      "agent",
      "No such subscription: the user is most likely not subscribed to this channel",
      "Check Subscriber_Account and Official_Account; only a subscriber of that channel has a custom field.",
    ],
    [
      131005,
      "config",
      "operator",
      "The client SDK that the application uses is too old for official channels",
      "Update the application's Chat SDK.",
    ],
  ],
};
