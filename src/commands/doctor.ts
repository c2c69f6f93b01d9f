import columns from "fast-string-width";
import { COMMANDS } from "../channel/commands.ts";
import { Secrets } from "../chat-api/auth/secrets.ts";
import { decodeUserSig, Signer, WARN_SECONDS } from "../chat-api/auth/user-sig.ts";
import { REGIONS } from "../chat-api/regions.ts";
import { mustConfirm } from "../guard/policy.ts";
import type { Settings, SettingsResult } from "../settings/settings.ts";
import { TOOLS } from "../tools/call-tool.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, prepareCalls, settingsOf } from "./cli-process.ts";
import { type Check, check, checkConnection } from "./doctor-connection.ts";
import { ENGLISH, type Texts, textsFor } from "./texts.ts";

/** The doctor: one line for each thing that must be right, ✓, ! or ✗, and what to do. */

type DoctorTexts = Texts["doctor"];

const MARKS: Readonly<Record<Check["status"], string>> = { ok: "✓", warning: "!", failed: "✗" };

/** @returns the exit code: 0 if everything works, 2 for a wrong flag */
export async function doctor(cli: CliProcess, version: string, line: CommandLine): Promise<number> {
  const print = (text: string) => void cli.stdout.write(`${text}\n`);
  const { json, timeout } = line.flags;
  const texts = json ? ENGLISH.doctor : textsFor(cli.env).doctor;
  const timeoutMs = timeout === undefined ? undefined : Number(timeout) * 1000;
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 600_000)) {
    cli.stderr.write("--timeout must be a number of seconds up to 600.\n");
    return 2;
  }
  const result = settingsOf(cli, line);
  const checks = await runChecks(cli, version, result, texts, timeoutMs);
  const isUnset = !Object.keys(cli.env).some((name) => name.startsWith("TENCENT_CHAT_"));
  if (isUnset && !result.settings) checks.unshift(check("settings", "failed", texts.nothingSet));
  const ok = checks.every(({ status }) => status !== "failed");
  if (json) print(JSON.stringify({ ok, version, checks }));
  else {
    for (const each of checks) print(formatCheck(each, texts));
    print(ok ? texts.works : texts.fix);
  }
  return ok ? 0 : 1;
}

export function formatCheck({ about, status, message }: Check, texts: DoctorTexts): string {
  const gap = " ".repeat(Math.max(1, 12 - columns(texts[about])));
  return `${MARKS[status]} ${texts[about]}${gap}${message}`;
}

/** Checks the settings, and the service if the settings allow that. No known secret is in the messages. */
export async function runChecks(
  cli: CliProcess,
  version: string,
  result: SettingsResult,
  texts: DoctorTexts,
  timeoutMs?: number,
): Promise<Check[]> {
  const { settings, problems, warnings } = result;
  const secrets = new Secrets(result.secrets);
  const checks: Check[] = [
    ...problems.map((problem) => check("settings", "failed", problem)),
    ...warnings.map((warning) => check("settings", "warning", warning)),
  ];
  if (!settings) return secrets.redactDeep(checks);
  const context = await prepareCalls(cli, version, { ...result, logLevel: "silent" }).openContext();
  try {
    return secrets.redactDeep([
      check("settings", "ok", describeSettings(settings, texts)),
      ...checks,
      check("address", "ok", describeHost(settings, texts)),
      check("proxy", "ok", settings.proxy ? new URL(settings.proxy).host : texts.none),
      checkSignature(settings, texts),
      ...describeGuard(settings, texts).map((message) => check("allowed", "ok", message)),
      checkJournal(settings, context, texts),
      ...(await checkConnection(context, texts, timeoutMs ?? settings.timeoutMs)),
    ]);
  } finally {
    await context.close();
  }
}

function describeSettings(settings: Settings, texts: DoctorTexts): string {
  const { sdkAppId, identifier, credential, isSandbox, label, region, endpoint } = settings;
  const where = isSandbox ? texts.embedded : (region ?? endpoint?.hostname ?? "");
  const secret = isSandbox ? texts.ownKey : "secretKey" in credential ? texts.secretKey : texts.readyMade;
  return `${label === undefined ? "" : `${label}: `}${texts.application(sdkAppId, where, identifier, secret)}`;
}

function describeHost({ region, endpoint }: Settings, texts: DoctorTexts): string {
  if (!endpoint) return texts.embedded;
  const address = endpoint.href.replace(/\/$/, "");
  if (!region) return `${address} (TENCENT_CHAT_ENDPOINT)`;
  return `${address} (${region}); ${texts.backup(REGIONS[region].backupHost)}`;
}

function checkSignature(settings: Settings, texts: DoctorTexts): Check {
  const signature = new Signer({ ...settings, secrets: new Secrets() }).current();
  if ("problem" in signature) return check("signature", "failed", texts.cannotBeUsed(signature.problem));
  const expiresAt = (decodeUserSig(signature.userSig)?.expiresAt ?? 0) * 1000;
  const message = texts.expires(new Date(expiresAt).toISOString());
  const isSoon = "userSig" in settings.credential && expiresAt - Date.now() < WARN_SECONDS[0] * 1000;
  if (isSoon) return check("signature", "warning", `${message}. ${texts.replaceSoon}`);
  return check("signature", "ok", message);
}

function describeGuard({ rules }: Settings, texts: DoctorTexts): string[] {
  const { readOnly, allowedChannels, writesPerHour, confirmEdits } = rules;
  const channels = allowedChannels ? allowedChannels.join(", ") : texts.allChannels;
  const budget = writesPerHour === undefined ? "" : texts.budget(writesPerHour);
  const confirmation = (tool: string) => {
    if (confirmEdits === "never" || (tool === COMMANDS.modifySubscriber && !mustConfirm(confirmEdits, 1)))
      return texts.noConfirmation;
    return typeof confirmEdits === "number" ? texts.confirmsFrom(confirmEdits) : texts.confirmsAll;
  };
  return TOOLS.map(({ name, isWrite }) => {
    if (isWrite && readOnly) return `${name}: ${texts.off} (TENCENT_CHAT_READ_ONLY)`;
    return `${name}: ${channels}${isWrite ? `${budget}${confirmation(name)}` : ""}`;
  });
}

function checkJournal(
  { journal: path, rules, isSandbox }: Settings,
  { journal }: ToolContext,
  texts: DoctorTexts,
): Check {
  if (path === undefined) {
    if (rules.readOnly || isSandbox) return check("journal", "ok", texts.off);
    return check("journal", "warning", texts.journalOff);
  }
  const problem = journal.prepareFile();
  if (problem !== undefined) return check("journal", "failed", texts.notWritable(path, problem));
  return check("journal", "ok", texts.writable(path));
}
