import { CHANNEL_FIELDS, type WritableFieldName } from "../channel/fields.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { mayHaveChanged, OUTCOMES, type Outcome } from "../edits/outcome.ts";
import { explanationOf } from "../explanations/explain.ts";
import { type RecordedEdit, readEdits } from "../guard/journal.ts";
import { describeFileError } from "../text/file-error.ts";
import { clip, escapeHidden, plural, shortValue, visibleJson } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, prepareCalls, settingsOf } from "./cli-process.ts";
import { readChannels } from "./read-channels.ts";

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

export interface JournalSelection {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly outcome?: string | undefined;
  readonly channel?: string | undefined;
}

/**
 * Visits the selected edits.
 * @param tell takes what needs a look, in sentences
 * @returns false where the journal or a line of it could not be read, or an edit has an unknown or no outcome
 */
export async function visitEdits(
  path: string,
  selection: JournalSelection,
  tell: (text: string) => void,
  visit: (edit: RecordedEdit) => void,
): Promise<boolean> {
  let [visited, open, unreadable] = [0, 0, 0];
  try {
    for await (const edit of readEdits(path)) {
      if (!edit) unreadable += 1;
      if (!edit || !isSelected(edit, selection)) continue;
      visited += 1;
      if (!edit.result || edit.result.outcome === "unknown") open += 1;
      visit(edit);
    }
  } catch (error) {
    tell(`The journal ${path} cannot be read (${describeFileError(error)}).`);
    return false;
  }
  if (open > 0)
    tell(
      `${open} of ${plural(visited, "edit")} have no known outcome: read their channels; send edits of subscribers again.`,
    );
  if (unreadable > 0) tell(`${plural(unreadable, "line")} of the file cannot be read.`);
  return open === 0 && unreadable === 0;
}

function isSelected({ intent, result }: RecordedEdit, { since = 0, outcome, channel }: JournalSelection): boolean {
  if (Date.parse(intent.time) < since || (channel !== undefined && intent.channel !== channel)) return false;
  // An edit without an outcome is one whose outcome is not known.
  return outcome === undefined || (result?.outcome ?? "unknown") === outcome;
}

/**
 * Reads every channel of the selection and prints the fields that are no longer what our last edit left: the Chat
 * console is a second editor.
 * @param tell takes what was not compared, in sentences
 * @returns true if nothing differs, and everything was compared
 */
export async function checkChannels(
  path: string,
  selection: JournalSelection,
  context: ToolContext,
  print: (text: string) => void,
  tell: (text: string) => void,
): Promise<boolean> {
  const { sdkAppId } = context;
  /** By channel and field. */
  const left = new Map<string, Map<string, { value: string | number; time: string }>>();
  const readable = CHANNEL_FIELDS.map(({ name }) => name as string);
  const isWhole = await visitEdits(path, selection, tell, ({ intent, result }) => {
    if (intent.subscriber !== undefined || intent.sdkAppId !== sdkAppId) return;
    const fields = left.get(intent.channel) ?? new Map();
    left.set(intent.channel, fields);
    for (const { field, after, verdict } of result ? (result.changes ?? []) : intent.changes) {
      if (verdict === "applied" && readable.includes(field)) fields.set(field, { value: after, time: intent.time });
      // An edit that could not be verified may have left another value.
      else if (!result || mayHaveChanged(result.outcome as Outcome)) fields.delete(field);
    }
  });

  let differences = 0;
  let unread = 0;
  for await (const { id, info, failure } of readChannels(context, [...left.keys()])) {
    if (failure) {
      unread += 1;
      const { cause } = explanationOf(failure, { sdkAppId, channelIds: [id], attempts: 1 });
      print(`✗ ${escapeHidden(id)} could not be read: ${cause}`);
    }
    for (const [field, { value, time }] of left.get(id) ?? []) {
      const now = info[field as WritableFieldName];
      if (now === undefined || now === value) continue;
      differences += 1;
      print(escapeHidden(`${id}  ${field}: our edit of ${time} left ${shortValue(value)}, now ${shortValue(now)}`));
    }
  }
  const changed = differences === 0 ? "nothing differs" : `${plural(differences, "field")} changed since`;
  print(`${differences + unread === 0 ? "✓" : "✗"} ${plural(left.size - unread, "channel")} checked: ${changed}.`);
  return isWhole && differences + unread === 0;
}
