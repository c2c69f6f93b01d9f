import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { OUTCOMES } from "../edits/outcome.ts";
import { describeFileError } from "../text/file-error.ts";
import { clip, escapeHidden, plural, visibleJson } from "../text/text.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, prepareCalls, settingsOf } from "./cli-process.ts";
import { checkChannels } from "./journal-check.ts";
import { isSelected, type JournalSelection, linkEdits, type RecordedEdit, readEdits } from "./journal-links.ts";

/** Lists the edits of a journal, oldest first, with the undo of those that took effect or may have. */

/** Characters that are printed at once. */
const MAX_WAITING = 65_536;

/** @returns the exit code: 0, 1 where something needs a look, 2 for usage or settings */
export async function journal(cli: CliProcess, version: string, line: CommandLine): Promise<number> {
  let waiting = "";
  const flush = () => {
    cli.stdout.write(waiting);
    waiting = "";
  };
  const print = (text: string) => {
    waiting += `${text}\n`;
    if (waiting.length > MAX_WAITING) flush(); // a system call for each line would take longer than all the rest
  };
  try {
    return await run(cli, version, line, print);
  } finally {
    flush();
  }
}

async function run(
  cli: CliProcess,
  version: string,
  line: CommandLine,
  print: (text: string) => void,
): Promise<number> {
  const {
    since: sinceText,
    outcome,
    channel,
    json,
    check,
  } = line.flags as Readonly<Record<string, string | undefined>>;
  const fail = (problem: string) => {
    cli.stderr.write(`✗ ${problem}\n`);
    return 2;
  };
  const result = settingsOf(cli, line);
  // Such a path may be a credential, or the path of one.
  const isMisplaced = result.problems.some((problem) => problem.startsWith("TENCENT_CHAT_JOURNAL "));
  const path = isMisplaced ? undefined : result.journal;
  if (!path) return fail("There is no journal: set TENCENT_CHAT_JOURNAL to a file.");
  const since = sinceText === undefined ? undefined : readSince(sinceText, Date.now());
  if (sinceText !== undefined && since === undefined)
    return fail("--since takes 30m, 12h, 7d, 4w or a date such as 2026-11-28.");
  const outcomes = [...Object.keys(OUTCOMES), "notSent"];
  if (outcome !== undefined && !outcomes.includes(outcome)) return fail(`--outcome takes ${outcomes.join(", ")}.`);
  const selection = { since, outcome, channel };
  if (!check) {
    const format = json ? "json" : cli.stdout.isTTY ? "table" : "text";
    return (await listJournal(path, selection, format, cli.stdout.columns ?? 80, print)) ? 0 : 1;
  }
  if (!result.settings) {
    for (const problem of result.problems) fail(problem);
    return 2;
  }
  const context = await prepareCalls(cli, version, { ...result, logLevel: "silent" }).openContext();
  try {
    return (await checkChannels(path, selection, context, print)) ? 0 : 1;
  } catch (error) {
    return fail(`The journal ${path} cannot be read (${describeFileError(error)}).`);
  } finally {
    await context.close();
  }
}

/** An edit, and the times of the edits that belong to it. */
interface ListedEdit extends RecordedEdit {
  /** When an undo of it was made, and when the edit was made of which it is the undo. */
  readonly takenBackAt: string | undefined;
  readonly takesBack: string | undefined;
}

export type JournalFormat = "table" | "text" | "json";

/**
 * Prints the selected edits.
 * @param width columns of the terminal, for the table
 * @returns false where the journal or a line of it could not be read, or an edit has an unknown or no outcome
 */
export async function listJournal(
  path: string,
  selection: JournalSelection,
  format: JournalFormat,
  width: number,
  print: (text: string) => void,
): Promise<boolean> {
  let listed = 0;
  let open = 0;
  let unreadable = 0;
  try {
    const links = await linkEdits(path);
    for await (const edit of readEdits(path, links)) {
      if (!edit) unreadable += 1;
      if (!edit || !isSelected(edit, selection)) continue;
      listed += 1;
      if (!edit.result || edit.result.outcome === "unknown") open += 1;
      const { writeId } = edit.intent;
      const whole = { ...edit, takenBackAt: links.takenBackAt.get(writeId), takesBack: links.takesBack.get(writeId) };
      for (const line of FORMATS[format](whole, width)) print(line);
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const remark = isMissing ? ": nothing was recorded yet, or the path is wrong" : "";
    print(`✗ The journal ${path} cannot be read (${describeFileError(error)})${remark}.`);
    return false;
  }
  if (format !== "json") {
    if (listed === 0) print("No edits.");
    if (open > 0)
      print(
        `✗ ${open} of ${listed} edits have no known outcome: read their channels; send edits of subscribers again.`,
      );
    if (unreadable > 0) print(`✗ ${plural(unreadable, "line")} of the file cannot be read.`);
  } else if (unreadable > 0) print(JSON.stringify({ problem: `${unreadable} lines of the file cannot be read` }));
  return open === 0 && unreadable === 0;
}

/** `30m`, `12h`, `7d` or `4w` ago, or an ISO 8601 time; undefined for anything else. */
export function readSince(text: string, now: number): number | undefined {
  const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  const [, count, unit] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  if (unit) return now - Number(count) * unitMs[unit as keyof typeof unitMs];
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The call that takes an edit back, where one is left. */
function undoOf({ intent, result, takenBackAt, takesBack }: ListedEdit) {
  if (takenBackAt || takesBack) return undefined;
  return result ? result.undo : intent.undo;
}

/** That call as a person copies it. */
function undoLines(edit: ListedEdit): string[] {
  const undo = undoOf(edit);
  return undo ? [`    undo: ${undo.tool} ${visibleJson(undo.arguments)}`] : [];
}

const FORMATS: Readonly<Record<JournalFormat, (edit: ListedEdit, width: number) => string[]>> = {
  json(edit) {
    const { intent, result, takenBackAt, takesBack } = edit;
    const { undo: _, event: __, ...started } = intent;
    const { undo: ___, event: ____, time: endedAt, ...ended } = result ?? { time: undefined };
    const links = { ...(takenBackAt && { takenBackAt }), ...(takesBack && { takesBack }) };
    const undo = undoOf(edit);
    return [JSON.stringify({ ...started, endedAt, ...ended, ...links, ...(undo && { undo }) })];
  },
  table(edit, width) {
    const { intent, result, takenBackAt, takesBack } = edit;
    const mark = takenBackAt ? "taken back" : takesBack ? "an undo" : "";
    const outcome = result?.outcome ?? "no outcome";
    const what = intent.changes.map(({ field, after }) => `${field}=${visibleJson(after)}`).join(" ");
    const who = `${intent.channel}${intent.subscriber ? ` ${intent.subscriber}` : ""}`;
    const cells = [
      intent.time.slice(0, 19).replace("T", " "),
      outcome.padEnd(10),
      mark.padEnd(10),
      who.padEnd(24),
      what,
    ];
    return [clip(escapeHidden(cells.join("  ")), Math.max(width - 1, 60)), ...undoLines(edit)];
  },
  text(edit) {
    const { intent, result, takenBackAt, takesBack } = edit;
    const code = result?.code ? ` (${result.code})` : "";
    const outcome = result
      ? `${result.outcome}${code}${result.cancelled ? ", cancelled" : ""}`
      : `no outcome recorded: the edit is still running, or process ${intent.pid} stopped; ${intent.subscriber ? "send it again" : "read the channel first"}`;
    const number = intent.sdkAppId === SANDBOX_SDKAPPID ? "sandbox" : `application ${intent.sdkAppId}`;
    const application = intent.label === undefined ? number : `${visibleJson(intent.label)} (${number})`;
    const subscriber = intent.subscriber ? ` subscriber ${visibleJson(intent.subscriber)}` : "";
    const by = [
      `client ${visibleJson(intent.client)}`,
      ...(intent.osUser ? [`user ${visibleJson(intent.osUser)} on ${visibleJson(intent.host ?? "")}`] : []),
      ...(intent.admin ? [`admin ${visibleJson(intent.admin)}`] : []),
      ...(intent.confirmed ? ["confirmed"] : []),
    ].join(", ");
    const channel = visibleJson(intent.channel);
    return [
      `${intent.time}  ${application}  ${intent.tool}  ${channel}${subscriber}  by ${by}  ${outcome}`,
      ...intent.changes.map(
        ({ field, before, after }) =>
          `    ${field}: ${before === undefined ? "(not readable)" : visibleJson(before)} → ${visibleJson(after)}`,
      ),
      ...(result?.warnings ?? []).map((warning) => `    warning: ${warning}`),
      ...(takesBack ? [`    takes back the edit of ${takesBack}`] : []),
      ...(takenBackAt ? [`    taken back by the edit of ${takenBackAt}`] : []),
      ...undoLines(edit),
    ].map(escapeHidden); // the file may have been changed by hand
  },
};
