import type { ChannelFacts, ChannelValues } from "../channel/fields.ts";

/** The sandbox's memory: the documents' sample channels, for as long as the process lives. */

/** A channel with what no command reads. */
export interface StoredChannel {
  facts: Required<ChannelFacts>;
  maxSubscriberNum: number;
  /** Custom fields by user ID. */
  readonly subscribers: Map<string, string>;
}

/** The default subscriber limit (page: Modifying Official Channel Information). */
const DEFAULT_MAX_SUBSCRIBERS = 100_000;

/** The channels of the documents' sample packets; what the samples leave open is assumed. */
export function sampleChannels(): Map<string, StoredChannel> {
  return new Map([
    [
      "@TOA#_test_for_penn",
      {
        facts: {
          Name: "test_modify_official_account3",
          CreateTime: 1696577604,
          Owner_Account: "107867",
          LastMsgTime: 1699501664,
          SubscriberNum: 780031,
          Introduction: "test compare introduction",
          FaceUrl: "http://this.is.face.url1",
          Organization: "test compare organization",
          CustomString: "modify_custom_string",
        },
        maxSubscriberNum: 1_000_000, // assumed: more than its subscribers
        subscribers: new Map([["107867", ""]]),
      },
    ],
    [
      "@TOA#_@TOA#dZDP",
      {
        facts: {
          Name: "Test Environment Test Official Account",
          CreateTime: 1694514910,
          Owner_Account: "109635",
          LastMsgTime: 1698894911,
          SubscriberNum: 1004,
          Introduction: "waynezou",
          FaceUrl: "",
          Organization: "Tencent",
          CustomString: "",
        },
        maxSubscriberNum: DEFAULT_MAX_SUBSCRIBERS,
        subscribers: new Map([["109635", ""]]),
      },
    ],
    [
      // Named in the sample of the modify page; its facts are assumed.
      "@TOA#_@TOA#dOEF",
      {
        facts: {
          Name: "test_official_account",
          CreateTime: 1694514910,
          Owner_Account: "109635",
          LastMsgTime: 1698894911,
          SubscriberNum: 12,
          Introduction: "",
          FaceUrl: "",
          Organization: "",
          CustomString: "",
        },
        maxSubscriberNum: DEFAULT_MAX_SUBSCRIBERS,
        subscribers: new Map([["109635", ""]]),
      },
    ],
  ]);
}

/** Puts new values into a channel; what is not named stays (MaxSubscriberNum too: assumed). */
export function change(channel: StoredChannel, { MaxSubscriberNum, ...values }: ChannelValues): void {
  const named = Object.entries(values).filter(([, value]) => value !== undefined);
  channel.facts = { ...channel.facts, ...Object.fromEntries(named) };
  channel.maxSubscriberNum = MaxSubscriberNum ?? channel.maxSubscriberNum;
}
