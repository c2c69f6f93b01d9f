import { ExplainedError, type Explanation } from "../call/explained-error.ts";
import { COMMANDS } from "../channel/commands.ts";
import { isTransient } from "../chat-api/errors/failure.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS, UNANSWERED_SETTLE_MS } from "../chat-api/limits.ts";
import { THREE_TIMES } from "../explanations/fixes.ts";
import type { Attempt } from "./edit.ts";
import type { Verdict } from "./outcome.ts";

/** The errors of edits that were sent and did not end as wanted, or of which it is not known. They come with a receipt. */

const SERVER_SECONDS = SERVER_TIMEOUT_MS / 1000;
const LAG_SECONDS = REPLICA_LAG_MS / 1000;
const SETTLE_SECONDS = UNANSWERED_SETTLE_MS / 1000;

/**
 * The error of a channel's edit; undefined where it ended as wanted.
 * @param failure why there was no OK
 */
export function channelEditError(
  id: string,
  attempt: Attempt,
  failure: Explanation | undefined,
): ExplainedError | undefined {
  const { outcome, attempts, envelope, reply, after, verdicts } = attempt;
  if (outcome !== "refused" && outcome !== "notApplied" && outcome !== "unknown") return undefined;
  const sending = describeSending(attempts, failure?.cause ?? "The service said OK.");
  const explained = (seen: string, nextStep = failure?.nextStep ?? "", safeToResend = failure?.safeToResend ?? false) =>
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
  if (outcome === "refused") return explained("The channel was not read afterwards.");

  const has = (verdict: Verdict) => Object.values(verdicts).includes(verdict);
  const readCall = `${COMMANDS.get} ${JSON.stringify({ OfficialAccountIdList: [{ Official_Account: id }] })}`;
  const isNotApplied = outcome === "notApplied";
  const seconds = reply === "ok" ? LAG_SECONDS : SETTLE_SECONDS;
  const seen = isNotApplied
    ? `A read ${seconds} seconds later, when the edit could no longer take effect, shows the old values.`
    : after
      ? `The receipt says field by field what a read ${seconds} seconds later shows.`
      : `Whether the edit was applied is not known: the channel could not be read back. It can take effect until ${SERVER_SECONDS} seconds after it was sent.`;
  // The same call again could overwrite what somebody else wrote, so the person decides first.
  if (has("differs") || attempt.conflicts.size > 0) {
    const step = `Show the person the values in the receipt before anything else is sent. To read the channel again: ${readCall}.`;
    return explained(seen, step, false);
  }
  if (isNotApplied && attempt.failure && isTransient(attempt.failure))
    return explained(seen, `Call again with the same arguments. ${THREE_TIMES}`, true);
  if (isNotApplied) return explained(seen);
  const step = has("applied")
    ? `Tell the person which fields have the new value. To complete the edit, send the other fields again. ${THREE_TIMES}`
    : `Wait 10 seconds, then read the channel with ${readCall}. If it shows the new values, the edit worked. If it shows the old values, send the edit again. ${THREE_TIMES}`;
  return explained(seen, step, false);
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
  const sending = describeSending(failure.attempts, failure.cause);
  if (outcome === "refused") return new ExplainedError({ ...failure, cause: sending }, envelope);
  const first = failure.safeToResend ? "Wait 10 seconds." : failure.nextStep;
  return new ExplainedError(
    {
      ...failure,
      cause: `${sending} Whether the value was set is not known, and no tool can read it. It can take effect until ${SERVER_SECONDS} seconds after it was last sent.`,
      nextStep: `${first} Then call again with the same arguments, which is harmless. ${THREE_TIMES}`,
      safeToResend: true,
    },
    envelope,
  );
}

function describeSending(attempts: number, cause: string): string {
  return attempts > 1 ? `The edit was sent ${attempts} times. ${cause}` : cause;
}
