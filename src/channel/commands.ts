/** The path of the API, before the command (each of the three pages). */
export const API_PATH = "/v4/official_account_open_http_svc/";

/** The three commands of the official-channel API. The tools have the same names. */
export const COMMANDS = {
  get: "get_official_account_info",
  modifyChannel: "modify_official_account_base_info",
  modifySubscriber: "modify_subscriber_info",
} as const;
export type Command = (typeof COMMANDS)[keyof typeof COMMANDS];
