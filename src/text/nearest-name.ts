import leven from "leven";

/** What agents call things that the service names differently; spelled as `simplify` leaves it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  channel: "Official_Account",
  channelid: "Official_Account",
  account: "Official_Account",
  accountid: "Official_Account",
  id: "Official_Account",
  officialaccountuserid: "Official_Account",
  channels: "OfficialAccountIdList",
  ids: "OfficialAccountIdList",
  officialaccounts: "OfficialAccountIdList",
  title: "Name",
  channelname: "Name",
  description: "Introduction",
  intro: "Introduction",
  avatar: "FaceUrl",
  avatarurl: "FaceUrl",
  icon: "FaceUrl",
  customdata: "CustomString",
  maxsubscribers: "MaxSubscriberNum",
  subscriber: "Subscriber_Account",
  subscriberid: "Subscriber_Account",
  user: "Subscriber_Account",
  userid: "Subscriber_Account",
  useraccount: "Subscriber_Account",
  fields: "ResponseFilter",
  filter: "ResponseFilter",
};

/** The known name that a wrong one most likely means, for "did you mean"; undefined where none is close. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const synonym = SYNONYMS[simplify(wrong)];
  if (synonym !== undefined && known.includes(synonym)) return synonym;
  const ranked = known
    .map((name) => ({ name, edits: leven(simplify(name), simplify(wrong)) }))
    .sort((one, other) => one.edits - other.edits);
  const [nearest] = ranked;
  return nearest && nearest.edits <= Math.floor(simplify(nearest.name).length / 4) ? nearest.name : undefined;
}

/** The name without case and punctuation: OfficialAccount and official_account are the same. */
function simplify(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
