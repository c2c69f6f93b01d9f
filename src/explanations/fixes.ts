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

/** The end of next steps that repeat a call and then go to the person. */
export const THREE_TIMES = "Send it at most 3 times in total, then stop and tell the person.";

export function nextStepOf({ fixedBy, step, first }: Fix): string {
  if (fixedBy !== "operator") return step;
  const passed = /^[A-Z][a-z]/.test(step) ? `${step.charAt(0).toLowerCase()}${step.slice(1)}` : step;
  return `${first ?? "Stop and"} tell the person who runs this server: ${passed}`;
}

const RESTART = "restart the MCP host";
const ONCE_MORE = "Call again once, in a minute. If it fails again, stop and";

// biome-ignore format: one row a fix
export const FIXES: Readonly<Record<FixName, Fix>> = {
  allowIp: { fixedBy: "operator", step: "Add this machine's public IP to the allow-list in the console." },
  askForId: { fixedBy: "agent", step: "Tell the person that the channel does not exist or was ended, and ask for the exact ID; do not try other IDs. These tools cannot list or search channels." },
  askForPermission: { fixedBy: "agent", step: "Read ErrorInfo for what is missing, and ask the person to have the channel's owner or an app administrator grant it." },
  askSupport: { fixedBy: "operator", step: "Ask Tencent's support." },
  checkBothIds: { fixedBy: "agent", step: "Stop, and check Official_Account and Subscriber_Account with the person who gave them; ErrorInfo may say which of the two is meant. Only a subscriber of that channel has a custom field." },
  checkClock: { fixedBy: "operator", step: `Check this machine's clock. With a ready-made UserSig, set a new one, and ${RESTART}; one in a file is picked up without that.` },
  checkCredential: { fixedBy: "operator", step: `Check TENCENT_CHAT_SDKAPPID ({sdkAppId}), TENCENT_CHAT_IDENTIFIER and the credential with the doctor command, and ${RESTART}.`, first: ONCE_MORE },
  checkEndpoint: { fixedBy: "operator", step: `Check TENCENT_CHAT_ENDPOINT, which must be the REST API itself, and any gateway or proxy in between, which may change requests. Then ${RESTART}.` },
  checkJson: { fixedBy: "agent", step: "Check the arguments for unusual characters. If there are none, tell the person to report this to the maintainers of this server." },
  checkPlan: { fixedBy: "operator", step: "Buy, renew, top up or upgrade the plan in the console; ErrorInfo may say which quota is meant." },
  checkRegion: { fixedBy: "operator", step: `Compare TENCENT_CHAT_REGION with the region that the console shows for SDKAppID {sdkAppId}, and check TENCENT_CHAT_SDKAPPID. Then ${RESTART}.` },
  checkSdkAppId: { fixedBy: "operator", step: `TENCENT_CHAT_SDKAPPID must be the number of a Chat application, as the console shows it. Correct it and ${RESTART}.` },
  enableChannels: { fixedBy: "operator", step: `Enable official channels for SDKAppID {sdkAppId} in the Chat console (it needs the Enterprise plan or its trial). If another application was meant, correct TENCENT_CHAT_SDKAPPID and its credential, and ${RESTART}.` },
  enableInConsole: { fixedBy: "operator", step: "Enable this feature of the application in the console." },
  findOtherCallers: { fixedBy: "agent", step: "Wait a minute, then call again, at most 3 times in total. If it continues, tell the person to find out who else uses SDKAppID {sdkAppId} or its account." },
  fixArgument: { fixedBy: "agent", step: "Fix the argument that ErrorInfo names, then call again." },
  fixId: { fixedBy: "agent", step: "Give Official_Account exactly as it was returned when the channel was created, including the prefix @TOA#_." },
  importAccount: { fixedBy: "agent", step: "Check the user ID with the person; an operator can import the account." },
  matchUserSig: { fixedBy: "operator", step: `TENCENT_CHAT_SDKAPPID and TENCENT_CHAT_IDENTIFIER must be those that the UserSig was made for. Correct them and ${RESTART}.` },
  raiseLimit: { fixedBy: "operator", step: "Ask the channel's owner for a higher limit, then set MaxSubscriberNum." },
  readErrorInfo: { fixedBy: "agent", step: "Read ErrorInfo. If it names a parameter, fix that; otherwise call again once, in a minute. If it fails again, tell the person to give the RequestId to Tencent's support." },
  replaceKey: { fixedBy: "operator", step: `Copy the secret key of SDKAppID {sdkAppId} from the Chat console into TENCENT_CHAT_SECRET_KEY or its file (or correct TENCENT_CHAT_SDKAPPID), and ${RESTART}; one in a file is picked up without that. Never paste the key into the chat.` },
  replaceUserSig: { fixedBy: "operator", step: `Set a new UserSig, and ${RESTART}; one in a file is picked up without that.` },
  retryLater: { fixedBy: "tencent", step: "Call again in a minute. Send it at most 3 times in total, then stop and ask the person to give the RequestId to Tencent's support." },
  setCredential: { fixedBy: "operator", step: `Set one credential, copied whole (TENCENT_CHAT_SECRET_KEY, TENCENT_CHAT_USERSIG, or a file of one of them), and ${RESTART}; one in a file is picked up without that.` },
  shareLimit: { fixedBy: "agent", step: "Wait a second, then call again with fewer calls at once, at most 3 times in total. Other processes of this application share the limit, and it cannot be raised." },
  slowDown: { fixedBy: "agent", step: `Wait a few seconds, then call again with fewer calls at once. ${THREE_TIMES}` },
  unlistedCode: { fixedBy: "tencent", step: "Read ErrorInfo. If it does not help, stop and ask the person to give the code and the RequestId to Tencent's support." },
  updateSdk: { fixedBy: "operator", step: "Update the application's Chat SDK." },
  useAdministrator: { fixedBy: "operator", step: `TENCENT_CHAT_IDENTIFIER must be an app administrator of SDKAppID {sdkAppId}. Correct it and ${RESTART}.` },
  waitForQuota: { fixedBy: "operator", step: "Wait until the quota starts anew, or upgrade the plan." },
  waitForUnlock: { fixedBy: "operator", step: "Wait one minute, then check the credential with the doctor command." },
};
