/** THE table of settings: the README's table, the manifest's user_config and the check for unknown names follow from it. */

/** One setting of the environment. */
interface Setting {
  readonly name: `TENCENT_CHAT_${string}`;
  /** For a person who fills in a form. */
  readonly title: string;
  readonly says: string;
  /** What an unset one means, in words for a table. */
  readonly fallback: string;
  readonly kind: "text" | "secret" | "file" | "true or false" | "number";
  /** The value a form starts with; none for what is left out of forms. */
  readonly inForm?: string;
}

export const SETTINGS = [
  {
    name: "TENCENT_CHAT_SDKAPPID",
    title: "SDKAppID",
    says: "The application's number in the Chat console.",
    fallback: "required",
    kind: "text",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_REGION",
    title: "Region",
    says: "Where the application was created: china, singapore, seoul, tokyo, frankfurt, silicon-valley or jakarta.",
    fallback: "required, unless an endpoint is given",
    kind: "text",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_ENDPOINT",
    title: "Endpoint",
    says: "Another https address of the REST API: a backup host or a gateway. http is for this machine alone.",
    fallback: "the region's host",
    kind: "text",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_IDENTIFIER",
    title: "Admin account",
    says: "The app administrator whose account signs the calls.",
    fallback: "administrator",
    kind: "text",
    inForm: "administrator",
  },
  {
    name: "TENCENT_CHAT_SECRET_KEY",
    title: "Secret key",
    says: "The application's secret key. Set exactly one of the three credentials.",
    fallback: "one credential is required",
    kind: "secret",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_SECRET_KEY_FILE",
    title: "Secret key file",
    says: "A file that holds the secret key.",
    fallback: "–",
    kind: "file",
  },
  {
    name: "TENCENT_CHAT_USERSIG",
    title: "UserSig",
    says: "A ready-made UserSig, so that no key lies on this machine. It must be renewed before it ends.",
    fallback: "–",
    kind: "secret",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_READ_ONLY",
    title: "Read-only",
    says: "true turns both modify tools off.",
    fallback: "false",
    kind: "true or false",
    inForm: "false",
  },
  {
    name: "TENCENT_CHAT_ALLOWED_CHANNELS",
    title: "Allowed channels",
    says: "Channel IDs, or prefixes ending in *, separated by commas. All others are neither read nor edited.",
    fallback: "all",
    kind: "text",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_WRITES_PER_HOUR",
    title: "Writes per hour",
    says: "Most edits of this process in any hour: 0 to 1000000.",
    fallback: "no limit",
    kind: "text",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_JOURNAL",
    title: "Journal of edits",
    says: "A file that records every edit, before and after. If it cannot be written, nothing is edited.",
    fallback: "off",
    kind: "file",
    inForm: "",
  },
  {
    name: "TENCENT_CHAT_TIMEOUT_SECONDS",
    title: "Seconds per call",
    says: "The time of one tool call, everything included: 0.1 to 600.",
    fallback: "30",
    kind: "number",
    inForm: "30",
  },
  {
    name: "TENCENT_CHAT_REQUESTS_PER_SECOND",
    title: "Requests per second",
    says: "Most requests to each command of the service in any second: 1 to 200.",
    fallback: "200",
    kind: "number",
  },
  {
    name: "TENCENT_CHAT_LOG_LEVEL",
    title: "Log level",
    says: "What is told on stderr, one JSON line an event: debug, info, warn, error or silent.",
    fallback: "info",
    kind: "text",
  },
  {
    name: "TENCENT_CHAT_SANDBOX",
    title: "Sandbox",
    says: "true works on an embedded service with sample channels; no account is needed, and credentials are ignored.",
    fallback: "false",
    kind: "true or false",
    inForm: "false",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];
