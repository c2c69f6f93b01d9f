import type { ChannelInfo } from "../channel/fields.ts";

/** The sandbox's state: the documentation's sample channels, for the life of the process. */

/** A channel. No command reads its limit (assumed). */
export interface StoredChannel {
  info: Required<Omit<ChannelInfo, "MaxSubscriberNum">>;
  readonly subscribers: Map<string, string>;
}

/** The channels of the documentation's sample packets; what the samples leave open is assumed. */
const SAMPLES = {
  "@TOA#_test_for_penn": {
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
  "@TOA#_@TOA#dZDP": {
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
  // Named in the sample of the modify page; its fields are assumed.
  "@TOA#_@TOA#dOEF": {
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
};

/** The samples anew; the owner of each is its one subscriber (assumed). */
export function sampleChannels(): Map<string, StoredChannel> {
  const stored = Object.entries(SAMPLES).map(([id, info]): [string, StoredChannel] => {
    return [id, { info: { ...info }, subscribers: new Map([[info.Owner_Account, ""]]) }];
  });
  return new Map(stored);
}
