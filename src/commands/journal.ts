import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { OUTCOMES } from "../edits/outcome.ts";
import type { RecordedEdit } from "../guard/journal.ts";
import { clip, escapeHidden, visibleJson } from "../text/text.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, prepareCalls, settingsOf } from "./cli-process.ts";
import { checkChannels } from "./journal-check.ts";
import { visitEdits } from "./visit-edits.ts";

/** Lists the edits of a journal in the order in which they ended, with the undo of those that took effect or may have. */

/** @returns the exit code: 0, 1 where something needs a look, 2 for usage or settings */
export async function journal(cli: CliProcess, version: string, line: CommandLine): Promise<number> {
  const { since, outcome, channel, json, check } = line.flags;
  const tell = (text: string) => void cli.stderr.write(`✗ ${text}\n`);
  const print = (text: string) => void cli.stdout.write(`${text}\n`);
  const result = settingsOf(cli, line);
  const path = result.journal;
  const wrong = result.problems.filter((problem) => check || problem.startsWith("TENCENT_CHAT_JOURNAL "));
  const from = since === undefined ? 0 : readSince(since, Date.now());
  const outcomes = [...Object.keys(OUTCOMES), "notSent"];
  const problems = [
    ...wrong,
    ...(path || wrong.length > 0 ? [] : ["There is no journal: set TENCENT_CHAT_JOURNAL to a file."]),
    ...(Number.isNaN(from) ? ["--since takes 30m, 12h, 7d, 4w or a date such as 2026-11-28."] : []),
    ...(outcome === undefined || outcomes.includes(outcome) ? [] : [`--outcome takes ${outcomes.join(", ")}.`]),
  ];
  if (check && json) problems.push("--check prints no JSON: leave out one of the two.");
  for (const problem of problems) tell(problem);
  if (!path || problems.length > 0) return 2;

  const selection = { since: from, outcome, channel };
  if (check) {
    const context = await prepareCalls(cli, version, { ...result, logLevel: "silent" }).openContext();
    const isSame = await checkChannels(path, selection, context, print, tell);
    await context.close();
    return isSame ? 0 : 1;
  }
  const width = cli.stdout.isTTY ? Math.max(60, (cli.stdout.columns ?? 80) - 1) : undefined;
  const isWhole = await visitEdits(path, selection, tell, (edit) => print(json ? toJson(edit) : toRow(edit, width)));
  return isWhole ? 0 : 1;
}

/** `30m`, `12h`, `7d` or `4w` ago, or an ISO 8601 time; NaN for anything else. */
export function readSince(text: string, now: number): number {
  const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  const [, count, unit] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  if (unit) return now - Number(count) * unitMs[unit as keyof typeof unitMs];
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}

function undoOf({ intent, result }: RecordedEdit) {
  return result ? result.undo : intent.undo;
}

export function toJson(edit: RecordedEdit): string {
  const { intent, result } = edit;
  const both = { event: undefined, time: intent.time, endedAt: result?.time, undo: undoOf(edit) };
  return JSON.stringify({ ...intent, ...result, ...both });
}

/** A row of the table, cut to the width of a terminal, and below it the undo as a person copies it. */
export function toRow(edit: RecordedEdit, width = Number.POSITIVE_INFINITY): string {
  const { time, label, sdkAppId, channel, subscriber, changes } = edit.intent;
  const { outcome, code } = edit.result ?? { outcome: "no outcome" };
  const values = changes.map(
    ({ field, before, after }) =>
      `${field}: ${before === undefined ? "" : `${visibleJson(before)} → `}${visibleJson(after)}`,
  );
  const columns = [
    time.slice(0, 19).replace("T", " "),
    `${outcome}${code ? ` (${code})` : ""}`.padEnd(10),
    label ?? (sdkAppId === SANDBOX_SDKAPPID ? "sandbox" : `SDKAppID ${sdkAppId}`),
    subscriber === undefined ? channel : `${channel} ${subscriber}`,
    values.join("; "),
  ];
  const undo = undoOf(edit);
  const undoLine = undo ? `\n    undo: ${undo.tool} ${visibleJson(undo.arguments)}` : "";
  return clip(escapeHidden(columns.join("  ")), width) + undoLine; // the file may have been changed by hand
}
