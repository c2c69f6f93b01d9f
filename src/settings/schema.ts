import { isAbsolute } from "node:path";
import * as z from "zod/v4";
import { CHANNEL_ID_PREFIX } from "../channel/fields.ts";
import { DEFAULT_ADMIN } from "../chat-api/auth/admin.ts";
import { MAX_REQUESTS_PER_SECOND } from "../chat-api/limits.ts";
import { isLoopback, REGION_NAMES } from "../chat-api/regions.ts";
import type { ConfirmEdits } from "../guard/policy.ts";
import { LOG_LEVELS } from "../log.ts";
import { nearestName } from "../text/nearest-name.ts";

/**
 * The settings: one schema for each environment variable. Reading, errors, the README's table, the bundle's form and
 * server.json come from it. Messages go on after the variable's name.
 */

interface SettingMeta {
  readonly title: string;
  readonly description: string;
  /** What applies where it is not set, in words for a table. */
  readonly unset: string;
  readonly kind?: "secret" | "file" | "boolean" | "number";
  /** Its place in the desktop bundle's form, and the value the form starts with; none for what the form leaves out. */
  readonly form?: { readonly position: number; readonly initial?: string; readonly description?: string };
}

const METAS = z.registry<SettingMeta>();

const number = (min: number, max: number, isWhole = true) => {
  const error = `must be a ${isWhole ? "whole " : ""}number from ${min} to ${max}.`;
  return z
    .string()
    .regex(isWhole ? /^\d+$/ : /^\d+(\.\d+)?$/, error)
    .transform(Number)
    .pipe(z.number().min(min, error).max(max, error));
};
const oneOf = <const T extends readonly string[]>(values: T) =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(values, { error: ({ input }) => mustBeOneOf(values, String(input)) }));
const boolean = () => oneOf(["true", "false"]).transform((word) => word === "true");

const REGION_DESCRIPTION = `Where the application was created: ${REGION_NAMES.slice(0, -1).join(", ")} or ${REGION_NAMES.at(-1)}.`;

/** A host starts the server in a folder of its own, and expands nothing. */
const path = () => z.string().refine(isAbsolute, "must be the whole path of a file.");

export const DEFAULTS = {
  identifier: DEFAULT_ADMIN,
  timeoutSeconds: 30,
  requestsPerSecond: 50,
  logLevel: "warn",
} as const;
const MAX_LABEL_CHARACTERS = 40;

export const SETTINGS = z.object({
  TENCENT_CHAT_SDKAPPID: number(1, 4_294_967_295).register(METAS, {
    title: "SDKAppID",
    description: "The application's number in the Chat console.",
    unset: "required",
    form: { position: 2, description: "The application's number in the Chat console. Not needed for the sandbox." },
  }),
  TENCENT_CHAT_REGION: oneOf(REGION_NAMES).register(METAS, {
    title: "Region",
    description: REGION_DESCRIPTION,
    unset: "required, unless an endpoint is set",
    form: { position: 3, description: `${REGION_DESCRIPTION} Not needed for the sandbox.` },
  }),
  TENCENT_CHAT_ENDPOINT: z
    .string()
    .refine(
      isServiceAddress,
      "must be an https address without user, query or fragment, such as https://adminapisgp.my-imcloud.com. Plain http is accepted for loopback only.",
    )
    .register(METAS, {
      title: "Endpoint",
      description:
        "Another https base URL of the REST API: a backup host or a gateway. Plain http is accepted for this machine only.",
      unset: "the region's host",
      form: { position: 12 },
    }),
  TENCENT_CHAT_IDENTIFIER: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 32, "is longer than 32 bytes.")
    .refine((text) => !/\s/.test(text), "must be one word without spaces.")
    .register(METAS, {
      title: "Admin account",
      description: "The app administrator account that signs the calls.",
      unset: DEFAULTS.identifier,
      form: { position: 11, initial: DEFAULTS.identifier },
    }),
  TENCENT_CHAT_SECRET_KEY: z.string().register(METAS, {
    title: "Secret key",
    description: "The application's secret key. Set exactly one of the four credentials.",
    unset: "one credential is required",
    kind: "secret",
    form: { position: 5, description: "The application's secret key, if you do not use a key file." },
  }),
  TENCENT_CHAT_SECRET_KEY_FILE: path().register(METAS, {
    title: "Secret key file",
    description:
      "The whole path of a file that holds the secret key and nothing else. It is read again when it changes.",
    unset: "–",
    kind: "file",
    form: { position: 4, description: "A file that holds the secret key and nothing else (recommended)." },
  }),
  TENCENT_CHAT_USERSIG: z.string().register(METAS, {
    title: "UserSig",
    description: "A ready-made UserSig, so that this machine has no key. Replace it before it expires.",
    unset: "–",
    kind: "secret",
    form: { position: 13 },
  }),
  TENCENT_CHAT_USERSIG_FILE: path().register(METAS, {
    title: "UserSig file",
    description:
      "The whole path of a file that holds a ready-made UserSig and nothing else. It is read again when it changes.",
    unset: "–",
    kind: "file",
  }),
  TENCENT_CHAT_LABEL: z
    .string()
    .refine(
      (text) => [...text].length <= MAX_LABEL_CHARACTERS && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text),
      `must be at most ${MAX_LABEL_CHARACTERS} visible characters on one line.`,
    )
    .register(METAS, {
      title: "Label",
      description:
        "A name for this application that people recognize, such as production. It is shown in receipts and confirmations.",
      unset: "SDKAppID and region are shown",
      form: { position: 6 },
    }),
  TENCENT_CHAT_READ_ONLY: boolean().register(METAS, {
    title: "Turn both edit tools off (read-only)",
    description: "true turns both modify tools off: they are not listed.",
    unset: "false",
    kind: "boolean",
    form: {
      position: 7,
      initial: "true",
      description: "While this is on, the agent can only read: the two edit tools are not listed.",
    },
  }),
  TENCENT_CHAT_ALLOWED_CHANNELS: z
    .string()
    .transform(splitChannels)
    .refine(
      (rules) => rules.every(isRule),
      `must list IDs that start with ${CHANNEL_ID_PREFIX}, or prefixes with one * at the end, separated by single commas.`,
    )
    .transform((rules) => (rules.includes("*") ? undefined : rules))
    .register(METAS, {
      title: "Allowed channels",
      description: "Channel IDs, or prefixes ending in *, separated by commas. All others are neither read nor edited.",
      unset: "all",
      form: { position: 8 },
    }),
  TENCENT_CHAT_CONFIRM_EDITS: z
    .string()
    .toLowerCase()
    .regex(/^(never|always|[1-9]\d{0,9})$/, "must be never, always, or a whole number of subscribers from 1 on.")
    .transform((text): ConfirmEdits => (text === "never" || text === "always" ? text : Number(text)))
    .register(METAS, {
      title: "Confirm edits",
      description:
        "When a person must confirm an edit: never, always, or a number, such as 1000: where the channel has at least that many subscribers. Edits of one subscriber are confirmed with always or 1. Where the host cannot ask, the edit is declined.",
      unset: "never",
    }),
  TENCENT_CHAT_WRITES_PER_HOUR: number(0, 1_000_000).register(METAS, {
    title: "Edits per hour",
    description: "Maximum edits of this process in any hour, 0 to 1000000.",
    unset: "no limit",
    form: { position: 10 },
  }),
  TENCENT_CHAT_JOURNAL: path().register(METAS, {
    title: "Journal of edits",
    description:
      "The whole path of a file that records every edit, before and after. If it cannot be written, nothing is edited.",
    unset: "off",
    kind: "file",
    form: {
      position: 9,
      description: "A file that records every edit, before and after. It must exist; make an empty one to begin with.",
    },
  }),
  TENCENT_CHAT_TIMEOUT_SECONDS: number(0.1, 600, false).register(METAS, {
    title: "Seconds per call",
    description: `The time of one tool call, without a person's thinking time: 0.1 to 600. Below 10, an edit without a clear answer often ends as unknown.`,
    unset: String(DEFAULTS.timeoutSeconds),
    kind: "number",
    form: { position: 14, initial: String(DEFAULTS.timeoutSeconds) },
  }),
  TENCENT_CHAT_REQUESTS_PER_SECOND: number(1, MAX_REQUESTS_PER_SECOND).register(METAS, {
    title: "Requests per second",
    description: `Maximum requests to each command in any second, 1 to ${MAX_REQUESTS_PER_SECOND}, which is what the service allows the whole application.`,
    unset: String(DEFAULTS.requestsPerSecond),
    kind: "number",
  }),
  TENCENT_CHAT_LOG_LEVEL: oneOf(LOG_LEVELS).register(METAS, {
    title: "Log level",
    description: `What is logged to stderr, one JSON line per event: ${LOG_LEVELS.slice(0, -1).join(", ")} or ${LOG_LEVELS.at(-1)}.`,
    unset: DEFAULTS.logLevel,
  }),
  TENCENT_CHAT_SANDBOX: boolean().register(METAS, {
    title: "Try it in the sandbox, without an account",
    description:
      "true uses an embedded service with sample channels; no account is needed, and credentials are ignored.",
    unset: "false",
    kind: "boolean",
    form: {
      position: 1,
      initial: "false",
      description:
        "Uses an embedded service with sample channels; no account is needed, and credentials are ignored. To try edits, turn read-only off too.",
    },
  }),
});

export type SettingName = keyof typeof SETTINGS.shape;
export type SettingValues = Partial<z.infer<typeof SETTINGS>>;

export const SETTING_NAMES = Object.keys(SETTINGS.shape) as SettingName[];

export function metaOf(name: SettingName): SettingMeta {
  const meta = METAS.get(SETTINGS.shape[name]);
  if (!meta) throw new Error(`${name} is not described`);
  return meta;
}

function mustBeOneOf(names: readonly string[], given: string): string {
  const meant = nearestName(given, names);
  return `must be one of ${names.join(", ")}.${meant ? ` Did you mean ${meant}?` : ""}`;
}

/** The entries of a list of channels: IDs, or prefixes ending in `*`. */
export function splitChannels(list: string): string[] {
  return list.split(/[,，、]/).map((entry) => entry.trim());
}

/** True for an ID, or a prefix that an ID can have. Several IDs in one entry would match none. */
function isRule(rule: string): boolean {
  const start = rule.replace(/\*$/, "");
  const isPossible = start.startsWith(CHANNEL_ID_PREFIX) || (start !== rule && CHANNEL_ID_PREFIX.startsWith(start));
  return isPossible && !start.includes("*") && start.indexOf(CHANNEL_ID_PREFIX, CHANNEL_ID_PREFIX.length + 1) < 0;
}

function isServiceAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(address);
  const isSafe = protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
  return isSafe && [username, password, search, hash].every((part) => part === "");
}
