import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import { NotSentError } from "../../src/chat-api/errors/chat-api-error.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS } from "../../src/chat-api/limits.ts";
import { Deadline } from "../../src/chat-api/retry/deadline.ts";
import type { EditCall, EditResult, EditServices, FinishedEdit } from "../../src/edits/edit.ts";
import { editChannel } from "../../src/edits/edit-channel.ts";
import { EditLocks } from "../../src/edits/edit-lock.ts";
import { editSubscriber } from "../../src/edits/edit-subscriber.ts";
import { RecentWrites } from "../../src/edits/recent-writes.ts";
import { Journal } from "../../src/guard/journal.ts";
import { Policy } from "../../src/guard/policy.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { type Bounds, SimulatedService, seeded } from "./simulated-service.ts";

/**
 * Edits against a simulated service with everything that can go wrong in it, in virtual time. Every receipt is compared
 * with the truth. MODEL_RUNS and MODEL_SEED make it longer or other.
 */

const RUNS = Number(process.env.MODEL_RUNS ?? 3_000);
const SEED = Number(process.env.MODEL_SEED ?? 20261124);
const INSIDE: Bounds = { lateMs: SERVER_TIMEOUT_MS, lagMs: REPLICA_LAG_MS };
const OUTSIDE: Bounds = { lateMs: 4 * SERVER_TIMEOUT_MS, lagMs: 4 * REPLICA_LAG_MS };
const ID = "@TOA#_model";
const INITIAL: ChannelInfo = { Name: "n0", Introduction: "i0", Organization: "o0", SubscriberNum: 7 };
const FIELDS = ["Name", "Introduction", "Organization"] as const;
/** The limit where the answers hold it. */
const LIMIT = 300_000;

/** When an edit that ended with a receipt ran. */
interface Ran {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly edit: FinishedEdit;
  readonly deadline: Deadline;
}

interface Ended extends Ran {
  readonly wanted: ChannelValues;
}

interface EndedSubscriber extends Ran {
  readonly subscriber: string;
  readonly value: string;
}

function services(api: SimulatedService): EditServices {
  const identity = { sdkAppId: 1, admin: "a", osUser: "u", host: "h", pid: 1 };
  return {
    api,
    policy: new Policy({ readOnly: false, confirmEdits: "never" }, () => false),
    journal: new Journal(undefined, identity, (line) => line),
    locks: new EditLocks(),
    recentWrites: new RecentWrites(),
    application: "model",
    secrets: { redactDeep: (value) => value, appearIn: () => false },
  };
}

/** Plays one interleaving: agents and colleagues edit one channel. Returns what contradicts the truth. */
async function play(clock: VirtualClock, seed: number, bounds: Bounds): Promise<string[]> {
  const random = seeded(seed);
  const showsLimit = random() < 0.5;
  const api = new SimulatedService(clock, random, bounds, {
    ...INITIAL,
    ...(showsLimit && { MaxSubscriberNum: LIMIT }),
  });
  let ours = services(api);
  const ended: Ended[] = [];
  const endedSubscribers: EndedSubscriber[] = [];
  const colleagueTimes: number[] = [];
  let count = 0;
  const unique = (text: string) => {
    count += 1;
    return `${text}${count}`;
  };

  // Some values come back: what a late read shows of them may be older than it looks.
  const wantedValue = (field: (typeof FIELDS)[number]) => {
    if (random() < 0.6) return unique(` ${field}`);
    return random() < 0.5 ? String(INITIAL[field]) : `${field} again`;
  };
  const wantedValues = (): ChannelValues => {
    const fields = FIELDS.filter(() => random() < 0.5);
    const values = Object.fromEntries(
      (fields.length > 0 ? fields : ["Name" as const]).map((field) => [field, wantedValue(field)]),
    );
    if (!showsLimit || random() >= 0.15) return values;
    count += 1;
    return { ...values, MaxSubscriberNum: LIMIT + count };
  };
  const run = async (
    start: (call: EditCall) => Promise<EditResult>,
    isCancelled: boolean,
  ): Promise<Ran | undefined> => {
    const deadline = new Deadline(60_000);
    if (isCancelled) void clock.sleep(random() * 8_000).then(() => deadline.cancel());
    const startedAt = clock.now;
    try {
      const edit = await start({ deadline, client: "model" });
      if ("question" in edit) throw new Error("nothing is to be confirmed here");
      return { startedAt, endedAt: clock.now, edit, deadline };
    } catch (error) {
      if (error instanceof NotSentError) return undefined;
      throw error;
    } finally {
      deadline.release();
    }
  };

  const runEdit = async (wanted: ChannelValues, isCancelled: boolean): Promise<FinishedEdit | undefined> => {
    const ran = await run((call) => editChannel(ours, ID, wanted, call), isCancelled);
    if (ran) ended.push({ wanted, ...ran });
    return ran?.edit;
  };

  const subscriberAgent = async () => {
    for (let edits = Math.floor(random() * 4); edits > 0; edits -= 1) {
      await clock.sleep(random() * 1_500);
      const subscriber = random() < 0.5 ? "s1" : "s2";
      const value = unique("value");
      const input = { Official_Account: ID, Subscriber_Account: subscriber, CustomString: value };
      const ran = await run((call) => editSubscriber(ours, input, call), random() < 0.1);
      if (ran) endedSubscribers.push({ subscriber, value, ...ran });
    }
  };
  const agent = async () => {
    for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits -= 1) {
      await clock.sleep(random() * 2_000);
      const edit = await runEdit(wantedValues(), random() < 0.1);
      if (edit?.receipt.undo && random() < 0.4) {
        const { Official_Account: _, ...values } = edit.receipt.undo.arguments;
        await runEdit(values, false);
      }
    }
  };
  const colleague = async () => {
    for (let edits = Math.floor(random() * 4); edits > 0; edits -= 1) {
      await clock.sleep(random() * 6_000);
      colleagueTimes.push(clock.now);
      const field = FIELDS[Math.floor(random() * FIELDS.length)] ?? "Name";
      api.editAsColleague({ [field]: unique("colleague") });
    }
  };
  const crash = async () => {
    if (random() >= 0.15) return;
    await clock.sleep(random() * 6_000);
    const crashed = ours;
    ours = services(api); // a new process knows nothing of the old one
    void crashed;
  };
  const hasCrash = random() < 0.2;
  const people = [agent(), agent(), subscriberAgent(), subscriberAgent(), colleague()];
  await Promise.all([...people, ...(hasCrash ? [crash()] : [])]);
  await clock.sleep(60_000); // everything that was sent has taken effect now, or never will
  if (process.env.MODEL_TRACE === "all") {
    for (const { at, values, edit } of api.history)
      process.stderr.write(
        `  ${Math.round(at)} ${edit ? "ours" : "colleague"} ${JSON.stringify(values)} of ${JSON.stringify(edit)}\n`,
      );
    for (const { startedAt, endedAt, wanted, edit } of ended)
      process.stderr.write(
        `  ${Math.round(startedAt)}-${Math.round(endedAt)} ${JSON.stringify(wanted)} ${edit.receipt.outcome} ${JSON.stringify(edit.receipt.changes)} ${edit.error?.message ?? ""}\n`,
      );
  }
  return [
    ...ended.flatMap((each) => contradictions(api, each, colleagueTimes, bounds, hasCrash)),
    ...(hasCrash ? [] : ended.flatMap((each) => staleOrUnnamed(api, each, bounds))),
    ...(hasCrash ? [] : overtaken(ended, (each) => timesOf(api, each))),
    ...endedSubscribers.flatMap((each) => subscriberContradictions(api, each, bounds)),
    ...(hasCrash ? [] : ["s1", "s2"].flatMap((subscriber) => overtakenSubscribers(api, endedSubscribers, subscriber))),
  ];
}

/** When an edit took effect. */
function timesOf(api: SimulatedService, { wanted }: Ended): number[] {
  return api.history.filter(({ edit }) => edit === wanted).map(({ at }) => at);
}

/** Edits that took effect after a later edit of the same thing had. */
function overtaken<T extends Ran>(ended: readonly T[], times: (edit: T) => readonly number[]): string[] {
  return ended.flatMap((earlier) =>
    ended
      .filter((later) => later.startedAt >= earlier.endedAt)
      .filter((later) => Math.max(...times(earlier)) > Math.min(...times(later)))
      .map(() => `${earlier.edit.receipt.outcome}: took effect after a later edit`),
  );
}

function overtakenSubscribers(api: SimulatedService, ended: readonly EndedSubscriber[], subscriber: string): string[] {
  const those = ended.filter((each) => each.subscriber === subscriber);
  return overtaken(those, ({ value }) =>
    api.subscriberHistory.filter((write) => write.value === value).map(({ at }) => at),
  );
}

/** What in the receipt of a subscriber's edit is not the truth. */
function subscriberContradictions(
  api: SimulatedService,
  { value, startedAt, endedAt, edit: { receipt, error } }: EndedSubscriber,
  bounds: Bounds,
): string[] {
  const times = api.subscriberHistory.filter((write) => write.value === value).map(({ at }) => at);
  const isSet = times.some((at) => at >= startedAt && at <= endedAt);
  const isTrue = {
    accepted: isSet && error === undefined,
    refused: times.length === 0 && error !== undefined,
    unknown: times.every((at) => at <= endedAt + bounds.lateMs) && error?.explanation.safeToResend === true,
  }[receipt.outcome as "accepted" | "refused" | "unknown"];
  return isTrue ? [] : [`subscriber ${receipt.outcome}: is not so`];
}

/** What in a receipt is not the truth. */
function contradictions(
  api: SimulatedService,
  { wanted, startedAt, endedAt, edit }: Ended,
  colleagueTimes: readonly number[],
  bounds: Bounds,
  hasOtherProcess: boolean,
): string[] {
  const { receipt, error } = edit;
  const found: string[] = [];
  const claim = (isTrue: boolean, text: string) => {
    if (!isTrue) found.push(`${receipt.outcome}: ${text}`);
  };
  const own = api.history.filter((write) => write.edit === wanted);
  // A write whose text the service changed to what was there already has changed nothing.
  const beforeOf = (field: string) => receipt.changes.find((change) => change.field === field)?.before;
  const wasApplied = (field: string) =>
    own.some(({ values }) => ![undefined, beforeOf(field)].includes(values[field as keyof ChannelValues]));
  // After a crash two processes edit one channel, and neither knows what the other wrote a moment ago, nor that it put
  // an old value back. Only values that were never there before speak for themselves then.
  const isUnique = (Object.entries(wanted) as [keyof ChannelValues, string | number][]).every(
    ([name, value]) =>
      INITIAL[name] !== value && api.history.every(({ values, edit }) => edit === wanted || values[name] !== value),
  );
  if (hasOtherProcess && !isUnique) return [];
  // What a colleague wrote a moment ago can be missed, so a value from before that can be taken for this edit's.
  // What an earlier edit then took for seen, a later one believes: hence ten seconds more.
  const isAlone =
    colleagueTimes.every((at) => at < startedAt - bounds.lagMs - 10_000 || at > endedAt) && !hasOtherProcess;

  const changing = receipt.changes.filter(({ field, before }) => before !== wanted[field as keyof ChannelValues]);
  for (const { field, before, verdict } of changing) {
    const isShown = verdict === "applied" || verdict === "normalized";
    if (isShown && before !== undefined && (isUnique || isAlone))
      claim(wasApplied(field), `${field} was never applied`);
    if (verdict === "differs") claim(receipt.outcome !== "applied", `${field} holds another value`);
  }
  switch (receipt.outcome) {
    case "applied":
      claim(error === undefined, "an applied edit is no error");
      for (const { field, verdict } of api.lacksFields ? [] : changing) {
        claim(verdict !== "cannotBeReadBack", `${field} could be read back`);
      }
      break;
    case "notApplied":
      for (const { field } of hasOtherProcess ? [] : changing) {
        claim(!wasApplied(field), `${field} was applied all the same`);
      }
      claim(receipt.undo === undefined, "nothing to undo");
      break;
    case "partlyApplied":
      if (edit.envelope.ErrorCode !== 6017 && !hasOtherProcess) {
        for (const { field, verdict } of changing) {
          if (verdict === "notApplied") claim(!wasApplied(field), `${field} was applied all the same`);
        }
      }
      break;
    case "refused":
      claim(!/nothing was changed/i.test(error?.message ?? ""), "a refusal does not say what was changed");
      break;
  }

  const mayHaveChanged = ["applied", "accepted", "partlyApplied", "unknown"].includes(receipt.outcome);
  const changedLimit = receipt.warnings
    .map((text) => /^MaxSubscriberNum changed from ([\d,]+) to ([\d,]+)/.exec(text)?.slice(1, 3).map(toNumber))
    .find((numbers) => numbers !== undefined);
  const restored = Object.fromEntries([
    ...changing.flatMap(({ field, before }) => (before === undefined ? [] : [[field, before]])),
    ...(changedLimit ? [["MaxSubscriberNum", changedLimit[0]]] : []),
  ]);
  const undone = mayHaveChanged && Object.keys(restored).length > 0 ? { Official_Account: ID, ...restored } : undefined;
  claim(isDeepStrictEqual(receipt.undo?.arguments, undone), "undo is not what was there before");
  for (const { field } of changing.filter(({ before }) => before === undefined)) {
    const isSaid = receipt.warnings.some((text) => text.startsWith(`undo does not restore ${field}`));
    claim(isSaid === mayHaveChanged, `that undo leaves out ${field} is not said`);
  }
  if (error?.explanation.safeToResend) {
    const end = api.stateAt(endedAt);
    const overwritten = receipt.changes.filter(({ field, before }) =>
      api.history.some(
        ({ at, values, edit }) =>
          !edit &&
          at > startedAt &&
          at < endedAt - bounds.lagMs - 1_000 &&
          values[field as keyof ChannelValues] === end[field as keyof ChannelInfo] &&
          before !== end[field as keyof ChannelInfo],
      ),
    );
    for (const { field } of overwritten) claim(false, `a resend would overwrite ${field} of a colleague`);
  }

  // What was read before: true, unless a colleague or another process wrote within the lag before or meanwhile.
  if (isAlone) {
    const times = api.history.map(({ at }) => at).filter((at) => at >= startedAt && at <= endedAt);
    const states = [startedAt, ...times, endedAt].map((at) => api.stateAt(at));
    for (const { field, before } of receipt.changes) {
      if (before === undefined) continue;
      const name = field as keyof ChannelInfo;
      claim(
        states.some((state) => state[name] === before),
        `${field} was not ${String(before)} before`,
      );
    }
    if (receipt.outcome === "unchanged") {
      claim(
        Object.entries(wanted).every(([name, value]) => api.stateAt(endedAt)[name as keyof ChannelInfo] === value),
        "the values are not there",
      );
    }
    if (changedLimit) {
      const [from, to] = changedLimit;
      const wasThere = states.some(({ MaxSubscriberNum }) => MaxSubscriberNum === from);
      claim(wasThere && states.some(({ MaxSubscriberNum }) => MaxSubscriberNum === to), "the limit did not change so");
    }
    const first = own.find(({ at }) => at <= endedAt);
    const limitBefore = first && api.stateAt(first.at - 0.001).MaxSubscriberNum;
    const wasReset = first?.values.MaxSubscriberNum !== undefined && first.values.MaxSubscriberNum !== limitBefore;
    if (wasReset && wanted.MaxSubscriberNum === undefined && receipt.outcome === "applied" && !api.lacksFields) {
      claim(changedLimit !== undefined, "that the limit changed is not said");
    }
    const justBefore = first && api.stateAt(first.at - 0.001);
    for (const { field, before } of justBefore ? receipt.changes : []) {
      const isFresh = before === undefined || justBefore?.[field as keyof ChannelInfo] === before;
      claim(isFresh, `${field} before is older than an edit of ours that had ended`);
    }
  }
  return found;
}

/**
 * What a receipt takes for the state before although this process's own earlier write had replaced it, and what a read
 * of this call showed and the receipt keeps quiet about. Holds whatever colleagues do meanwhile.
 */
function staleOrUnnamed(
  api: SimulatedService,
  { wanted, startedAt, endedAt, edit: { receipt, error }, deadline }: Ended,
  bounds: Bounds,
): string[] {
  const found: string[] = [];
  const claim = (isTrue: boolean, text: string) => {
    if (!isTrue) found.push(`${receipt.outcome}: ${text}`);
  };
  const sentAt = api.firstSends.get(deadline) ?? Number.POSITIVE_INFINITY;
  const looks = api.reads.filter((read) => read.deadline === deadline && read.at >= sentAt).map(({ info }) => info);
  for (const { field, before, verdict } of receipt.changes) {
    const name = field as keyof ChannelValues;
    const ownTimes = api.history
      .filter(({ edit, values }) => edit && edit !== wanted && name in values)
      .map(({ at }) => at);
    const from = Math.max(0, startedAt - bounds.lagMs, ...ownTimes.filter((at) => at < startedAt));
    const times = [from, ...api.history.map(({ at }) => at).filter((at) => at >= from && at <= endedAt)];
    const stood = (value: unknown) => times.some((at) => api.stateAt(at)[name] === value);
    // A look that lacks fields can miss a limit that the service changed unasked.
    const isTold = before !== undefined && !(api.lacksFields && name === "MaxSubscriberNum");
    claim(!isTold || stood(before), `${field} before is older than an edit of ours that had ended`);
    if (receipt.outcome === "unchanged") claim(stood(wanted[name]), `the values are not there`);
    // What our own earlier edit has replaced is old, whoever wrote it.
    const since = Math.max(startedAt, ...ownTimes.filter((at) => at < sentAt));
    const written = api.history.filter(({ edit, values, at }) => !edit && at >= since && name in values);
    const values = written.map(({ values }) => values[name]).filter((each) => each !== before && each !== wanted[name]);
    const value = looks.map((look) => look[name]).findLast((each) => values.includes(each));
    // A field that the first read lacked says nothing, and of several values the last one seen is named.
    if (value !== undefined && before !== undefined) {
      const isNamed = verdict === "differs" || receipt.warnings.some((text) => text.includes(`'${value}'`));
      claim(isNamed, `a read showed ${field} of a colleague, which is not named`);
      claim(!error?.explanation.safeToResend, `safe to resend although a read showed ${field} of a colleague`);
    }
  }
  return found;
}

function toNumber(text: string): number {
  return Number(text.replaceAll(",", ""));
}

async function playAll(bounds: Bounds, runs: number): Promise<Map<string, number>> {
  const clock = VirtualClock.install();
  const found = new Map<string, number>();
  for (let run = 0; run < runs; run += 1) {
    for (const text of await clock.runUntil(play(clock, SEED + run, bounds))) {
      if (process.env.MODEL_TRACE) process.stderr.write(`${SEED + run}: ${text}\n`);
      const kind = text.replace(/\b(Name|Introduction|Organization|colleague|[nio])\d*\b/g, "field");
      found.set(kind, (found.get(kind) ?? 0) + 1);
    }
  }
  return found;
}

test(`${RUNS.toLocaleString("en-US")} interleavings inside the two bounds: every receipt is true`, async () => {
  expect([...(await playAll(INSIDE, RUNS))]).toEqual([]);
}, 600_000);

test("outside the two bounds receipts can be wrong, as SECURITY.md says", async () => {
  const found = await playAll(OUTSIDE, 500);
  const kinds = [...found.keys()].join("\n");
  expect(kinds).toMatch(/notApplied: .*was applied all the same/);
  expect(kinds).toMatch(/was not .* before|older than an edit/);
  // Nothing goes wrong that SECURITY.md does not name.
  for (const kind of found.keys()) {
    expect(kind).toMatch(
      /was applied all the same|was not .* before|older than an edit|^unchanged: the values are not there|never applied|after a later edit|limit changed is not said|limit did not change so/,
    );
  }
}, 600_000);
