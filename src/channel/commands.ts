/** The three commands of the official-channel API. The tools have the same names. */
export const COMMANDS = {
  get: "get_official_account_info",
  modifyChannel: "modify_official_account_base_info",
  modifySubscriber: "modify_subscriber_info",
} as const;
export type Command = (typeof COMMANDS)[keyof typeof COMMANDS];
