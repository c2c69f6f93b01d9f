import { type ChannelInfo, type ChannelValues, DEFAULT_MAX_SUBSCRIBERS } from "../channel/fields.ts";

/** The sandbox's state: the documentation's sample channels, for the life of the process. */

/** A channel with what no command reads. */
export interface StoredChannel {
  info: Required<Omit<ChannelInfo, "MaxSubscriberNum">>;
  maxSubscriberNum: number;
  /** Custom fields by user ID. */
  readonly subscribers: Map<string, string>;
}

/** The channels of the documentation's sample packets; what the samples leave open is assumed. */
export function sampleChannels(): Map<string, StoredChannel> {
  return new Map([
    [
      "@TOA#_test_for_penn",
      {
        info: {
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
        info: {
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
      // Named in the sample of the modify page; its fields are assumed.
      "@TOA#_@TOA#dOEF",
      {
        info: {
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

/** Sets new values; what is not named stays (MaxSubscriberNum too: assumed). */
export function change(channel: StoredChannel, { MaxSubscriberNum, ...values }: ChannelValues): void {
  const named = Object.entries(values).filter(([, value]) => value !== undefined);
  channel.info = { ...channel.info, ...Object.fromEntries(named) };
  channel.maxSubscriberNum = MaxSubscriberNum ?? channel.maxSubscriberNum;
}
