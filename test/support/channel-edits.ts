import { readFileSync } from "node:fs";
import type { ChannelValues } from "../../src/channel/fields.ts";
import type { CallResult } from "../../src/edits/edit.ts";
import { editChannel } from "../../src/edits/edit-channel.ts";
import type { IntentLine, JournalLine, OutcomeLine } from "../../src/guard/journal.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import type { FaultySandbox } from "./faulty-sandbox.ts";
import { journalPath } from "./folders.ts";
import { bodiesOf, callFor, contextOn, type EndedEdit, finished, GET, MODIFY, PENN, startSandbox } from "./service.ts";

/** Edits of the sandbox's large channel, and what reads of it can be made to show. */

export const OLD = "test_modify_official_account3";

export async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const journal = journalPath();
  return { sandbox, journal, context: contextOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

export const start = (context: ToolContext, values: ChannelValues, ms?: number, id = PENN): Promise<CallResult> =>
  editChannel(context, id, values, callFor(ms));
export const edit = (context: ToolContext, values: ChannelValues, ms?: number, id = PENN): Promise<EndedEdit> =>
  finished(start(context, values, ms, id));
export const posts = (sandbox: FaultySandbox) => bodiesOf(sandbox, MODIFY).length;
export const nameOf = (sandbox: FaultySandbox) => sandbox.channels.get(PENN)?.info.Name;
/** Gives the channel a name, as a colleague does. */
export const rename = (sandbox: FaultySandbox, Name: string) => {
  const channel = sandbox.channels.get(PENN);
  if (channel) channel.info = { ...channel.info, Name };
};

/** The lines of a journal, parsed. */
export const linesIn = (journal: string) =>
  readFileSync(journal, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalLine);
/** The first edit of a journal. */
export const recorded = (journal: string) => {
  const [intent, result] = linesIn(journal);
  return { intent: intent as IntentLine, result: result as OutcomeLine | undefined };
};

/** Answers to a get show each channel changed by this. */
const reading = (change: (channel: Record<string, unknown>) => object) => ({
  command: GET,
  applied: true,
  response: {
    change: (whole: Record<string, unknown>) => {
      const list = whole.OfficialAccountInfoList as Record<string, unknown>[];
      return { ...whole, OfficialAccountInfoList: list.map(change) };
    },
  },
});
/** They show this name, whatever the channel has. */
export const showing = (name: string) => reading((channel) => ({ ...channel, Name: name }));
/** They lack this field. */
export const lacking = (field: string) => reading(({ [field]: _, ...channel }) => channel);
/** They hold this limit, which they lack otherwise. */
export const showingLimit = (limit: number) => reading((channel) => ({ ...channel, MaxSubscriberNum: limit }));
export const goodRead = { command: GET, response: { delayMs: 0 } };
const shown = [{ ErrorCode: 0, Official_Account: PENN, Name: OLD }];
/** A good answer after which the server closes the connection. */
export const closingRead = {
  command: GET,
  response: {
    raw: JSON.stringify({ ActionStatus: "OK", ErrorCode: 0, OfficialAccountInfoList: shown }),
    headers: { connection: "close" },
  },
};
export const failedRead = { command: GET, response: { code: 60020 } };
/** An attempt to edit that ends this way, without an effect. */
export const failing = (response: "reset" | "silence" | { code: number } | { status: number }) => ({
  command: MODIFY,
  response,
});
