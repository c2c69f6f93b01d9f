import type { ChannelInfo } from "../channel/fields.ts";

/** The sandbox's state: the documentation's sample channels, for the life of the process. */

/** A channel. No command reads its limit (assumed). */
export interface StoredChannel {
  info: Required<Omit<ChannelInfo, "MaxSubscriberNum">>;
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
        subscribers: new Map([["109635", ""]]),
      },
    ],
  ]);
}
