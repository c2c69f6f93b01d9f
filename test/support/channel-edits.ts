import { editChannel } from "../../src/edits/edit-channel.ts";
import { readJournal } from "../../src/guard/journal.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import type { FaultySandbox } from "./faulty-sandbox.ts";
import { journalPath } from "./folders.ts";
import { bodiesOf, callFor, contextOn, finished, GET, MODIFY, PENN, startSandbox } from "./service.ts";

/** Edits of the sandbox's large channel, and what reads of it can be made to show. */

export const OLD = "test_modify_official_account3";

export async function open(more: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  const journal = journalPath();
  return { sandbox, journal, context: contextOn(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal, ...more }) };
}

export const edit = (context: ToolContext, values: Parameters<typeof editChannel>[2], ms?: number, id = PENN) =>
  finished(editChannel(context, id, values, callFor(ms)));
export const posts = (sandbox: FaultySandbox) => bodiesOf(sandbox, MODIFY).length;
export const nameOf = (sandbox: FaultySandbox) => sandbox.channels.get(PENN)?.info.Name;
export const recorded = (journal: string) => readJournal(journal).edits[0];

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
export const showingLimit = (limit: () => number) => reading((channel) => ({ ...channel, MaxSubscriberNum: limit() }));
export const goodRead = { command: GET, response: { delayMs: 0 } };
/** A good answer after which the server closes the connection. */
export const lastRead = {
  command: GET,
  response: {
    raw: JSON.stringify({
      ActionStatus: "OK",
      ErrorCode: 0,
      OfficialAccountInfoList: [{ ErrorCode: 0, Official_Account: PENN, Name: OLD }],
    }),
    headers: { connection: "close" },
  },
};
export const failedRead = { command: GET, response: { code: 60020 } };
