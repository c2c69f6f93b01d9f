import type { ExplainedError } from "../channel/explanation.ts";
import { visibleJson } from "../channel/text.ts";
import { Secrets } from "../chat-api/auth/secrets.ts";
import { decodeUserSig, Signer } from "../chat-api/auth/user-sig.ts";
import { ServiceError } from "../chat-api/errors/chat-api-error.ts";
import { describeClockSkew } from "../chat-api/http/response.ts";
import { isLoopback, REGIONS } from "../chat-api/regions.ts";
import { COMMANDS } from "../chat-api/request.ts";
import { Deadline } from "../chat-api/retry/deadline.ts";
import { createContext, type ProcessInfo, type Service } from "../context.ts";
import { mustConfirm } from "../guard/confirmation.ts";
import { noLog } from "../log.ts";
import { tildeRemark } from "../settings/env-reader.ts";
import { applicationName, type Settings, type SettingsResult } from "../settings/settings.ts";
import { TOOLS } from "../tools/index.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CommandOptions } from "./arguments.ts";
import { type CliProcess, connectService, describeProcess, readEnvironment } from "./environment.ts";
import { listJournal } from "./list-journal.ts";

/** The doctor: one line for each thing that must be right, ✓, ! or ✗, and what to do. */

/** One line of the report. A warning is worth knowing and does not fail the check. */
interface Check {
  readonly about: string;
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
}

const MARKS: Readonly<Record<Check["status"], string>> = { ok: "✓", warning: "!", failed: "✗" };

const NOTHING_SET =
  "no TENCENT_CHAT_… variable is set in this shell. The doctor does not read an MCP host's configuration: put the variables from there in front of the command. For the sandbox: doctor --sandbox";
/** A ready-made UserSig that expires within this many milliseconds (three days) gets a warning. */
const SOON_MS = 3 * 86_400_000;
/** No channel has this ID; the service's refusal of it shows that network, TLS and signature work. */
const NO_CHANNEL = "@TOA#_doctor_asks_for_no_channel";
/** What the service says of it (page: Getting Official Channel Information). */
const EXPECTED_CODES: ReadonlySet<number> = new Set([130004, 130007]);

/** @returns the exit code */
export async function doctor(cli: CliProcess, version: string, options: CommandOptions): Promise<number> {
  const print = (text: string) => void cli.stdout.write(`${text}\n`);
  const result = readEnvironment(cli, options);
  if (options.journal) {
    // Such a path may be a credential, or the path of one.
    const isMisplaced = result.problems.some((problem) => problem.startsWith("TENCENT_CHAT_JOURNAL "));
    return listJournal(isMisplaced ? undefined : result.journal, options.json, print) ? 0 : 1;
  }
  const checks = await runChecks(result, connectService, describeProcess(cli, version));
  const isUnset = !Object.keys(cli.env).some((name) => name.startsWith("TENCENT_CHAT_"));
  if (isUnset && !result.settings) checks.unshift({ about: "settings", status: "failed", message: NOTHING_SET });
  const ok = checks.every(({ status }) => status !== "failed");
  if (options.json) print(JSON.stringify({ ok, version, checks }));
  else {
    for (const check of checks) print(formatCheck(check));
    print(ok ? "Everything works." : "Fix the lines with ✗, then run the doctor again.");
  }
  return ok ? 0 : 1;
}

export function formatCheck({ about, status, message }: Check): string {
  return `${MARKS[status]} ${about.padEnd(11)} ${message}`;
}

/** Checks the settings, and the service if the settings allow that. No known secret is in the messages. */
export async function runChecks(
  result: SettingsResult,
  connect: (settings: Settings) => Promise<Service>,
  info: ProcessInfo,
): Promise<Check[]> {
  const secrets = new Secrets();
  for (const secret of result.secrets) secrets.add(secret);
  return secrets.redactDeep(await checkAll(result, connect, info));
}

async function checkAll(
  { settings, problems, warnings }: SettingsResult,
  connect: (settings: Settings) => Promise<Service>,
  info: ProcessInfo,
): Promise<Check[]> {
  const checks: Check[] = [
    ...problems.map((message): Check => ({ about: "settings", status: "failed", message })),
    ...warnings.map((message): Check => ({ about: "settings", status: "warning", message })),
  ];
  if (!settings) return checks;
  const service = await connect(settings);
  const context = createContext(settings, service, info, noLog);
  const okCheck = (about: string, message: string): Check => ({ about, status: "ok", message });
  try {
    return [
      okCheck("settings", describeSettings(settings)),
      ...checks,
      okCheck("address", describeHost(settings, service)),
      okCheck("proxy", describeProxy(settings, service)),
      checkSignature(settings),
      ...describeGuard(settings).map((message) => okCheck("allowed", message)),
      checkJournal(settings, context),
      await checkConnection(context),
    ];
  } finally {
    await context.close();
  }
}

function describeSettings(settings: Settings): string {
  const { sdkAppId, identifier, credential, timeoutMs, requestsPerSecond, isSandbox } = settings;
  const key = isSandbox ? "the sandbox's own secret key" : "secret key set";
  const secret = "secretKey" in credential ? key : "ready-made UserSig set";
  return `${applicationName(settings)}: application ${sdkAppId}, account ${identifier}, ${secret}, ${timeoutMs / 1000} s per call, ${requestsPerSecond} requests per second; the queue of edits and all limits count for each process alone`;
}

function describeHost({ isSandbox, region }: Settings, { endpoint }: Service): string {
  const address = endpoint.href.replace(/\/$/, "");
  if (isSandbox) return `${address} (the embedded sandbox)`;
  if (!region) return `${address} (TENCENT_CHAT_ENDPOINT)`;
  return `${address} (${region}); with DNS trouble set TENCENT_CHAT_ENDPOINT to https://${REGIONS[region].backupHost}`;
}

function describeProxy({ proxy }: Settings, { endpoint }: Service): string {
  if (!proxy) return "none";
  const { host } = new URL(proxy.url);
  if (isLoopback(endpoint.hostname)) return `${host}, not used for this machine`;
  return proxy.except === "" ? host : `${host}, except for the hosts in NO_PROXY`;
}

function checkSignature(settings: Settings): Check {
  const about = "signature";
  const signature = new Signer({ ...settings, secrets: new Secrets() }).current();
  if ("problem" in signature) {
    return { about, status: "failed", message: `TENCENT_CHAT_USERSIG cannot be used: ${signature.problem}` };
  }
  const info = decodeUserSig(signature.userSig);
  if (!info) return { about, status: "failed", message: "a UserSig could not be made" };
  const isReadyMade = "userSig" in settings.credential;
  const expires = new Date(info.expiresAt * 1000).toUTCString();
  const message = `UserSig ${isReadyMade ? "ready-made" : "made here"} for application ${info.sdkAppId}, account ${info.identifier}, expires ${expires}; only the service can say whether it is right`;
  if (isReadyMade && info.expiresAt * 1000 - Date.now() < SOON_MS)
    return { about, status: "warning", message: `${message}. Replace it soon` };
  return { about, status: "ok", message };
}

function describeGuard({ rules }: Settings): string[] {
  const { readOnly, allowedChannels, writesPerHour, confirmEdits } = rules;
  const channels = allowedChannels ? allowedChannels.join(", ") : "all channels";
  const budget =
    writesPerHour === undefined ? "" : `; at most ${writesPerHour} edits an hour, both modify tools together`;
  const confirmation = (tool: string) => {
    if (confirmEdits === "never" || (tool === COMMANDS.modifySubscriber && !mustConfirm(confirmEdits, 1)))
      return "; no confirmation";
    return typeof confirmEdits === "number"
      ? `; a person confirms edits that reach ${confirmEdits} subscribers or more`
      : "; a person confirms every edit";
  };
  return TOOLS.map(({ name, isWrite }) => {
    if (isWrite && readOnly) return `${name}: off (TENCENT_CHAT_READ_ONLY)`;
    return `${name}: ${channels}${isWrite ? `${budget}${confirmation(name)}` : ""}`;
  });
}

function checkJournal({ journal: path, rules, isSandbox }: Settings, { journal }: ToolContext): Check {
  if (path === undefined) {
    if (rules.readOnly || isSandbox) return { about: "journal", status: "ok", message: "off" };
    return { about: "journal", status: "warning", message: "off: edits are not recorded; set TENCENT_CHAT_JOURNAL" };
  }
  const problem = journal.prepareFile();
  if (problem === undefined) return { about: "journal", status: "ok", message: `${path} is writable` };
  const message = `${path} cannot be written (${problem})${tildeRemark(path) || journalRemark(problem)}`;
  return { about: "journal", status: "failed", message };
}

function journalRemark(problem: string): string {
  if (/^(ENOENT|ENOTDIR|EROFS)\b/.test(problem)) return ": its folder must exist and be writable";
  if (!/^(EACCES|EPERM)\b/.test(problem)) return "";
  return ": the user who runs the server must own the file and be able to write its folder; each user needs a file of their own";
}

/** One harmless signed read: a channel that cannot exist, refused by the service with the documented code. */
async function checkConnection({ api, timeoutMs }: ToolContext): Promise<Check> {
  const about = "service";
  const deadline = new Deadline(timeoutMs);
  try {
    const result = await api.getChannels([NO_CHANNEL], undefined, { deadline });
    if (result.kind !== "ok") return toCheck(result.error);
    const { channels, serverDate } = result.value;
    const error = channels[0]?.error;
    const code = error ? error.envelope.ErrorCode : 0;
    if (code === undefined || !EXPECTED_CODES.has(code)) {
      const message = `the service answered ${code ?? error?.explanation.cause}; 130004 was expected`;
      return { about, status: "failed", message };
    }
    const skew = describeClockSkew(serverDate, Date.now());
    return { about, status: skew ? "failed" : "ok", message: skew || "reached, signature accepted, clock right" };
  } finally {
    deadline.release();
  }
}

/** A next step is written for an agent; here the person reads it. */
export function forPerson(nextStep: string): string {
  const text = nextStep
    .replace(/(Stop and )?\b(tell|ask) the person( who runs this server)?( \(not in the chat\))?(:| to| that) /i, "")
    .replace(/\bthe person must /i, "")
    .replace("(the doctor command shows it)", "(shown above)")
    .replace(/ The doctor command checks them\.| with the doctor command/, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function toCheck(error: ExplainedError): Check {
  if (error instanceof ServiceError && EXPECTED_CODES.has(error.code)) {
    return { about: "service", status: "ok", message: "reached, signature accepted" };
  }
  const { cause, nextStep } = error.explanation;
  const { ErrorCode, ErrorInfo, RequestId } = error.envelope;
  const message = [
    `${ErrorCode ? `${ErrorCode}: ` : ""}${cause}`,
    ...(ErrorInfo ? [`ErrorInfo: ${visibleJson(ErrorInfo)}.`] : []),
    ...(RequestId ? [`RequestId: ${visibleJson(RequestId)}.`] : []),
    forPerson(nextStep),
  ].join(" ");
  return { about: "service", status: "failed", message };
}
