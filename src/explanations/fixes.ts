import type { FixedBy } from "../call/explained-error.ts";
import type { FixName } from "../chat-api/errors/error-codes.ts";

/**
 * What to do after an error of the service. The text speaks to whoever can fix it: what is for an operator, the agent
 * passes on. `{sdkAppId}` stands for the application.
 */
export interface Fix {
  readonly fixedBy: FixedBy;
  readonly step: string;
  /** What the agent does before it passes the step on. */
  readonly first?: string | undefined;
}

/** The end of every next step that repeats a call. */
export const THREE_TIMES = "Send it at most 3 times in total, then stop and tell the person.";

/** The next step for an agent. */
export function nextStepOf({ fixedBy, step, first }: Fix): string {
  if (fixedBy !== "operator") return step;
  const passed = /^[A-Z][a-z]/.test(step) ? `${step.charAt(0).toLowerCase()}${step.slice(1)}` : step;
  return `${first ?? "Stop and"} tell the person who runs this server: ${passed}`;
}

const RESTART = "restart the MCP host";
const ONCE_MORE = "Call again once, in a minute. If it fails again, stop and";

// biome-ignore format: one row a fix
const ROWS: Readonly<Record<FixName, readonly [FixedBy, step: string, first?: string]>> = {
  allowIp: ["operator", "Add this machine's public IP to the allow-list in the console."],
  askForId: ["agent", "Tell the person that the channel does not exist or was ended, and ask for the exact ID; do not try other IDs. These tools cannot list or search channels."],
  askForPermission: ["agent", "Read ErrorInfo for what is missing, and ask the person to have the channel's owner or an app administrator grant it."],
  askSupport: ["operator", "Ask Tencent's support."],
  checkBothIds: ["agent", "Stop, and check Official_Account and Subscriber_Account with the person who gave them; ErrorInfo may say which of the two is meant. Only a subscriber of that channel has a custom field."],
  checkClock: ["operator", `Check this machine's clock. With a ready-made UserSig, set a new one, and ${RESTART}; one in a file is picked up without that.`],
  checkCredential: ["operator", `Check TENCENT_CHAT_SDKAPPID ({sdkAppId}), TENCENT_CHAT_IDENTIFIER and the credential with the doctor command, and ${RESTART}.`, ONCE_MORE],
  checkEndpoint: ["operator", `Check TENCENT_CHAT_ENDPOINT, which must be the REST API itself, and any gateway or proxy in between, which may change requests. Then ${RESTART}.`],
  checkJson: ["agent", "Check the arguments for unusual characters. If there are none, tell the person to report this to the maintainers of this server."],
  checkPlan: ["operator", "Buy, renew, top up or upgrade the plan in the console; ErrorInfo may say which quota is meant."],
  checkRegion: ["operator", `Compare TENCENT_CHAT_REGION with the region that the console shows for SDKAppID {sdkAppId}, and check TENCENT_CHAT_SDKAPPID. Then ${RESTART}.`],
  checkSdkAppId: ["operator", `TENCENT_CHAT_SDKAPPID must be the number of a Chat application, as the console shows it. Correct it and ${RESTART}.`],
  enableChannels: ["operator", `Enable official channels for SDKAppID {sdkAppId} in the Chat console (it needs the Enterprise plan or its trial). If another application was meant, correct TENCENT_CHAT_SDKAPPID and its credential, and ${RESTART}.`],
  enableInConsole: ["operator", "Enable this feature of the application in the console."],
  findOtherCallers: ["agent", "Wait a minute, then call again, at most 3 times in total. If it continues, tell the person to find out who else uses SDKAppID {sdkAppId} or its account."],
  fixArgument: ["agent", "Fix the argument that ErrorInfo names, then call again."],
  fixId: ["agent", "Give Official_Account exactly as it was returned when the channel was created, including the prefix @TOA#_."],
  importAccount: ["agent", "Check the user ID with the person; an operator can import the account."],
  matchUserSig: ["operator", `TENCENT_CHAT_SDKAPPID and TENCENT_CHAT_IDENTIFIER must be those that the UserSig was made for. Correct them and ${RESTART}.`],
  raiseLimit: ["operator", "Ask the channel's owner for a higher limit, then set MaxSubscriberNum."],
  readErrorInfo: ["agent", "Read ErrorInfo. If it names a parameter, fix that; otherwise call again once, in a minute. If it fails again, tell the person to give the RequestId to Tencent's support."],
  replaceKey: ["operator", `Copy the secret key of SDKAppID {sdkAppId} from the Chat console into TENCENT_CHAT_SECRET_KEY or its file (or correct TENCENT_CHAT_SDKAPPID), and ${RESTART}; one in a file is picked up without that. Never paste the key into the chat.`],
  replaceUserSig: ["operator", `Set a new UserSig, and ${RESTART}; one in a file is picked up without that.`],
  retryLater: ["tencent", "Call again in a minute. Send it at most 3 times in total, then stop and ask the person to give the RequestId to Tencent's support."],
  setCredential: ["operator", `Set one credential, copied whole (TENCENT_CHAT_SECRET_KEY, TENCENT_CHAT_USERSIG, or a file of one of them), and ${RESTART}; one in a file is picked up without that.`],
  shareLimit: ["agent", "Wait a second, then call again with fewer calls at once, at most 3 times in total. Other processes of this application share the limit, and it cannot be raised."],
  slowDown: ["agent", `Wait a few seconds, then call again with fewer calls at once. ${THREE_TIMES}`],
  unlistedCode: ["tencent", "Read ErrorInfo. If it does not help, stop and ask the person to give the code and the RequestId to Tencent's support."],
  updateSdk: ["operator", "Update the application's Chat SDK."],
  useAdministrator: ["operator", `TENCENT_CHAT_IDENTIFIER must be an app administrator of SDKAppID {sdkAppId}. Correct it and ${RESTART}.`],
  waitForQuota: ["operator", "Wait until the quota starts anew, or upgrade the plan."],
  waitForUnlock: ["operator", "Wait one minute, then check the credential with the doctor command."],
};

export function fixOf(name: FixName): Fix {
  const [fixedBy, step, first] = ROWS[name];
  return { fixedBy, step, first };
}
