import { ExplainedError, type Explanation } from "../call/explained-error.ts";
import { COMMANDS } from "../channel/commands.ts";
import { isTransient } from "../chat-api/errors/failure.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS } from "../chat-api/limits.ts";
import { THREE_TIMES } from "../explanations/fixes.ts";
import type { Attempt } from "./edit.ts";
import type { Verdict } from "./outcome.ts";
import type { ChannelEdit } from "./undo.ts";

/** The errors of edits that were sent and did not end as wanted, or of which it is not known. They come with a receipt. */

const SERVER_SECONDS = SERVER_TIMEOUT_MS / 1000;
const LAG_SECONDS = REPLICA_LAG_MS / 1000;
/** From this many seconds on a read shows whether an edit without a valid answer took effect. */
const SETTLE_SECONDS = SERVER_SECONDS + LAG_SECONDS;

/**
 * The error of a channel's edit; undefined where it ended as wanted.
 * @param failure why there was no OK
 */
export function channelEditError(
  { id }: Pick<ChannelEdit, "id">,
  attempt: Attempt,
  failure: Explanation | undefined,
  hasUndo: boolean,
): ExplainedError | undefined {
  const { outcome, attempts, envelope, conflicts } = attempt;
  const { nextStep = "", safeToResend = false } = failure ?? {};
  const isTransientFailure = attempt.failure !== undefined && isTransient(attempt.failure);
  const readCall = `${COMMANDS.get} ${JSON.stringify({ OfficialAccountIdList: [{ Official_Account: id }] })}`;
  const sending = describeSending(attempts, failure?.cause ?? "The service said OK.");
  const explained = (seen: string, nextStep: string, safeToResend: boolean) =>
    new ExplainedError(
      {
        stage: failure?.stage ?? "service",
        cause: `${sending} ${seen}`,
        fixedBy: failure?.fixedBy ?? "agent",
        nextStep,
        safeToResend,
        attempts,
      },
      envelope,
    );
  // The same call again could overwrite what somebody else wrote, so the person decides first.
  const showFirst = `Show the person the values in the receipt before anything else is sent. To read the channel again: ${readCall}.`;
  const hasConflicts = conflicts.size > 0;

  switch (outcome) {
    case "refused":
      return explained("The channel was not read afterwards.", nextStep, safeToResend);
    case "notApplied": {
      const seen = `A read ${SETTLE_SECONDS} seconds later, when the edit could no longer take effect, shows the old values.`;
      if (hasConflicts) return explained(seen, showFirst, false);
      if (!isTransientFailure) return explained(seen, nextStep, safeToResend);
      return explained(seen, `Call again with the same arguments. ${THREE_TIMES}`, true);
    }
    case "unknown":
      return explained(whatWasRead(attempt), nextStepOfUnknown(attempt, readCall, showFirst, hasUndo), false);
    default:
      return undefined;
  }
}

/** What the reads after an edit with an unknown outcome say. */
function whatWasRead({ reply, after, verdicts, endedEarly }: Attempt): string {
  if (!after) {
    const why = endedEarly
      ? "the call ended before the channel could be read back"
      : "the channel could not be read back";
    const late =
      endedEarly && reply === "noAnswer"
        ? ` The edit can take effect until ${SERVER_SECONDS} seconds after it was sent.`
        : "";
    return `Whether the edit was applied is not known: ${why}.${late}`;
  }
  const namesOf = (verdict: Verdict) =>
    Object.entries(verdicts)
      .flatMap(([name, each]) => (each === verdict ? [name] : []))
      .join(", ");
  const parts = [
    ["new value", namesOf("applied")],
    ["old value", namesOf("notApplied")],
    ["a different value", namesOf("differs")],
    ["not known", namesOf("notRead")],
  ].flatMap(([text, names]) => (names === "" ? [] : [`${text}: ${names}`]));
  return `A read ${reply === "ok" ? LAG_SECONDS : SETTLE_SECONDS} seconds later shows ${parts.join("; ")}.`;
}

function nextStepOfUnknown(
  { reply, after, verdicts, conflicts }: Attempt,
  readCall: string,
  showFirst: string,
  hasUndo: boolean,
): string {
  const has = (verdict: Verdict) => Object.values(verdicts).includes(verdict);
  if (has("differs") || conflicts.size > 0) return showFirst;
  if (!after || (reply === "noAnswer" && has("notRead"))) {
    return `Wait ${SETTLE_SECONDS} seconds, then read the channel with ${readCall}. If it shows the new values, the edit worked. If it shows the old values, send the edit again. ${THREE_TIMES}`;
  }
  if (has("applied")) {
    return `Tell the person which fields have the new value.${hasUndo ? " To take the edit back, make the call in receipt.undo." : ""} To complete it, send the fields with the old value again. ${THREE_TIMES}`;
  }
  return `Read the channel in 10 seconds with ${readCall}. If it still shows the old values, send the edit again once; then stop and tell the person.`;
}

/**
 * The error of a subscriber's edit that was refused, or whose outcome is not known.
 * @param failure the last one
 */
export function subscriberEditError(
  outcome: "refused" | "unknown",
  failure: Explanation,
  envelope: ExplainedError["envelope"],
): ExplainedError {
  const { nextStep, attempts } = failure;
  const sending = describeSending(attempts, failure.cause);
  if (outcome === "refused") return new ExplainedError({ ...failure, cause: sending }, envelope);
  const again = `Call again with the same arguments in 10 seconds: setting the same value again is harmless. ${THREE_TIMES}`;
  return new ExplainedError(
    {
      ...failure,
      cause: `${sending} Whether the value was set is not known, and no tool can read it. It can take effect until ${SERVER_SECONDS} seconds after it was last sent.`,
      nextStep: failure.safeToResend
        ? again
        : `${nextStep} Then call again with the same arguments, which is harmless. ${THREE_TIMES}`,
      safeToResend: true,
    },
    envelope,
  );
}

/** What happened to the sending, in one or two sentences. */
function describeSending(attempts: number, cause: string): string {
  return attempts > 1 ? `The edit was sent ${attempts} times. ${cause}` : cause;
}
