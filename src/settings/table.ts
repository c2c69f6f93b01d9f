import { MAX_REQUESTS_PER_SECOND, REPLICA_LAG_MS, SERVER_TIMEOUT_MS, WRITE_TIMEOUT_MS } from "../chat-api/limits.ts";
import { REGION_NAMES } from "../chat-api/regions.ts";

/** THE table of settings: the README's table, the manifest's form and the check for unknown names are built from it. */

/** One environment variable. */
interface Setting {
  readonly name: `TENCENT_CHAT_${string}`;
  /** For a person who fills in a form. */
  readonly title: string;
  readonly description: string;
  /** What applies where it is not set, in words for a table. */
  readonly defaultText: string;
  readonly kind: "text" | "secret" | "file" | "boolean" | "number";
  /** Its place in the desktop bundle's form and the value the form starts with; none for what the form leaves out. */
  readonly form?: { readonly position: number; readonly initial: string; readonly description?: string };
}

/** The settings that are numbers: their range, ends included, and their default. */
export const NUMBERS = {
  TENCENT_CHAT_SDKAPPID: { min: 1, max: 4_294_967_295, isWhole: true },
  TENCENT_CHAT_WRITES_PER_HOUR: { min: 0, max: 1_000_000, isWhole: true },
  TENCENT_CHAT_TIMEOUT_SECONDS: { min: 0.1, max: 600, isWhole: false, default: 30 },
  TENCENT_CHAT_REQUESTS_PER_SECOND: { min: 1, max: MAX_REQUESTS_PER_SECOND, isWhole: true, default: 50 },
} as const;

/** The reads before and after an edit, at a usual distance. */
const READING_MS = 1_000;

/** Below this, an edit without a clear answer cannot be looked at late enough: it is given up, watched, and read. */
export const MIN_SAFE_TIMEOUT_SECONDS = (WRITE_TIMEOUT_MS + SERVER_TIMEOUT_MS + REPLICA_LAG_MS + READING_MS) / 1000;

function rangeOf(name: keyof typeof NUMBERS): string {
  const { min, max } = NUMBERS[name];
  return `${min} to ${max}`;
}

export const SETTINGS = [
  {
    name: "TENCENT_CHAT_SDKAPPID",
    title: "SDKAppID",
    description: "The application's number in the Chat console.",
    defaultText: "required",
    kind: "text",
    form: {
      position: 2,
      initial: "",
      description: "The application's number in the Chat console. Not needed for the sandbox.",
    },
  },
  {
    name: "TENCENT_CHAT_REGION",
    title: "Region",
    description: `Where the application was created: ${REGION_NAMES.slice(0, -1).join(", ")} or ${REGION_NAMES.at(-1)}.`,
    defaultText: "required, unless an endpoint is set",
    kind: "text",
    form: { position: 3, initial: "" },
  },
  {
    name: "TENCENT_CHAT_ENDPOINT",
    title: "Endpoint",
    description:
      "Another https base URL of the REST API: a backup host or a gateway. Plain http is accepted for this machine only.",
    defaultText: "the region's host",
    kind: "text",
    form: { position: 12, initial: "" },
  },
  {
    name: "TENCENT_CHAT_IDENTIFIER",
    title: "Admin account",
    description: "The app administrator account that signs the calls.",
    defaultText: "administrator",
    kind: "text",
    form: { position: 11, initial: "administrator" },
  },
  {
    name: "TENCENT_CHAT_SECRET_KEY",
    title: "Secret key",
    description: "The application's secret key. Set exactly one of the three credentials.",
    defaultText: "one credential is required",
    kind: "secret",
    form: { position: 5, initial: "", description: "The application's secret key, if you do not use a key file." },
  },
  {
    name: "TENCENT_CHAT_SECRET_KEY_FILE",
    title: "Secret key file",
    description: "A file that holds the secret key and nothing else.",
    defaultText: "–",
    kind: "file",
    form: { position: 4, initial: "", description: "A file that holds the secret key and nothing else (recommended)." },
  },
  {
    name: "TENCENT_CHAT_USERSIG",
    title: "UserSig",
    description: "A ready-made UserSig, so that this machine has no key. Replace it before it expires.",
    defaultText: "–",
    kind: "secret",
    form: { position: 13, initial: "" },
  },
  {
    name: "TENCENT_CHAT_LABEL",
    title: "Label",
    description:
      "A name for this application that people recognize, such as production, up to 40 characters. It is shown in the server's title, in receipts and in confirmations.",
    defaultText: "SDKAppID and region are shown",
    kind: "text",
    form: { position: 6, initial: "" },
  },
  {
    name: "TENCENT_CHAT_READ_ONLY",
    title: "Turn both edit tools off (read-only)",
    description: "true turns both modify tools off: they are not listed.",
    defaultText: "false",
    kind: "boolean",
    form: {
      position: 7,
      initial: "true",
      description: "While this is on, the agent can only read: the two edit tools are not listed.",
    },
  },
  {
    name: "TENCENT_CHAT_ALLOWED_CHANNELS",
    title: "Allowed channels",
    description: "Channel IDs, or prefixes ending in *, separated by commas. All others are neither read nor edited.",
    defaultText: "all",
    kind: "text",
    form: { position: 8, initial: "" },
  },
  {
    name: "TENCENT_CHAT_CONFIRM_EDITS",
    title: "Confirm edits",
    description:
      "When a person must confirm an edit: never, always, or a number, which means edits of channels with at least that many subscribers (1 includes edits of subscribers). With a client that cannot ask, the edit is then declined.",
    defaultText: "never",
    kind: "text",
  },
  {
    name: "TENCENT_CHAT_WRITES_PER_HOUR",
    title: "Edits per hour",
    description: `Maximum edits of this process in any hour, ${rangeOf("TENCENT_CHAT_WRITES_PER_HOUR")}.`,
    defaultText: "no limit",
    kind: "text",
    form: { position: 10, initial: "" },
  },
  {
    name: "TENCENT_CHAT_JOURNAL",
    title: "Journal of edits",
    description: "A file that records every edit, before and after. If it cannot be written, nothing is edited.",
    defaultText: "off",
    kind: "file",
    form: {
      position: 9,
      initial: "",
      description: "A file that records every edit, before and after. It must exist; make an empty one to begin with.",
    },
  },
  {
    name: "TENCENT_CHAT_TIMEOUT_SECONDS",
    title: "Seconds per call",
    description: `The time of one tool call, everything included except a person's thinking time: ${rangeOf("TENCENT_CHAT_TIMEOUT_SECONDS")}. Below ${MIN_SAFE_TIMEOUT_SECONDS}, an edit without a clear answer often ends as unknown.`,
    defaultText: String(NUMBERS.TENCENT_CHAT_TIMEOUT_SECONDS.default),
    kind: "number",
    form: { position: 14, initial: String(NUMBERS.TENCENT_CHAT_TIMEOUT_SECONDS.default) },
  },
  {
    name: "TENCENT_CHAT_REQUESTS_PER_SECOND",
    title: "Requests per second",
    description: `Maximum requests to each command in any second, ${rangeOf("TENCENT_CHAT_REQUESTS_PER_SECOND")}. The service allows ${MAX_REQUESTS_PER_SECOND} for the whole application, other processes and your own backend included.`,
    defaultText: String(NUMBERS.TENCENT_CHAT_REQUESTS_PER_SECOND.default),
    kind: "number",
  },
  {
    name: "TENCENT_CHAT_LOG_LEVEL",
    title: "Log level",
    description: "What is logged to stderr, one JSON line per event: debug, info, warn, error or silent.",
    defaultText: "info",
    kind: "text",
  },
  {
    name: "TENCENT_CHAT_SANDBOX",
    title: "Try it in the sandbox, without an account",
    description:
      "true uses an embedded service with sample channels; no account is needed, and credentials are ignored.",
    defaultText: "false",
    kind: "boolean",
    form: {
      position: 1,
      initial: "false",
      description:
        "Uses an embedded service with sample channels; no account is needed, and credentials are ignored. To try edits, turn read-only off too.",
    },
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** The settings about safety, with the word that names each in any spelling: none may be lost to a misspelled name. */
export const GUARD_SETTINGS = [
  { word: "READONLY", name: "TENCENT_CHAT_READ_ONLY" },
  { word: "ALLOWED", name: "TENCENT_CHAT_ALLOWED_CHANNELS" },
  { word: "CONFIRM", name: "TENCENT_CHAT_CONFIRM_EDITS" },
  { word: "WRITESPERHOUR", name: "TENCENT_CHAT_WRITES_PER_HOUR" },
  { word: "JOURNAL", name: "TENCENT_CHAT_JOURNAL" },
  { word: "SANDBOX", name: "TENCENT_CHAT_SANDBOX" },
] as const satisfies { word: string; name: SettingName }[];
