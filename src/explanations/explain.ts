import { ExplainedError } from "../call/explained-error.ts";
import { describeIdProblem } from "../channel/fields.ts";
import { type Failure, isTransient, replyKindOf } from "../chat-api/errors/failure.ts";
import { hiddenCharacters } from "../text/text.ts";
import { FIXES, type Fix, nextStepOf } from "./fixes.ts";
import { NETWORK_CAUSES } from "./network-causes.ts";

/** From the failure of a call to an error that explains itself. Here alone the service's facts meet the names of settings. */

export interface FailedCall {
  readonly sdkAppId: number;
  readonly channelIds: readonly string[];
  readonly subscriber?: string | undefined;
  readonly attempts: number;
}

/** Kinds of codes that a wrong clock of this machine can cause. */
const ABOUT_THE_CLOCK = ["credentials", "expired"];
/** Kinds of codes after which the same call may be sent again without harm. */
const RESENDABLE = ["rate", "transient", "disputed"];

/**
 * The error of a read that failed, or of a call that was never sent.
 * @param what was not sent, as a sentence
 */
export function explain(
  failure: Failure,
  call: FailedCall,
  what = replyKindOf(failure) === "notSent" ? "Nothing was sent." : "",
): ExplainedError {
  const { cause, ...rest } = explanationOf(failure, call);
  return new ExplainedError({ ...rest, cause: `${cause} ${what}`.trimEnd() }, envelopeOf(failure));
}

/** Who can fix a failure, and how; the cause says what happened, and nothing about what became of an edit. */
export function explanationOf(failure: Failure, call: FailedCall): ExplainedError["explanation"] {
  const fix = fixFor(failure, call);
  const common = { cause: describe(failure, call), nextStep: nextStepOf(fix), attempts: call.attempts };
  if (failure.kind === "code") {
    const safeToResend = RESENDABLE.includes(failure.code.kind);
    return { stage: "service", fixedBy: fix.fixedBy, safeToResend, ...common };
  }
  const { stage = "network" } = NETWORK_CAUSES[failure.reason];
  // What only a person can fix, and not by waiting, fails the same way again.
  return { stage, fixedBy: fix.fixedBy, safeToResend: isTransient(failure) || fix.fixedBy === "agent", ...common };
}

export function fixFor(failure: Failure, call: FailedCall): Fix {
  if (failure.kind === "network") return NETWORK_CAUSES[failure.reason];
  const { fix, subscriberCause } = failure.code;
  const isAboutEither = call.subscriber !== undefined && subscriberCause !== undefined;
  const { step, ...rest } = FIXES[isAboutEither ? "checkBothIds" : fix];
  return { ...rest, step: fill(step, call) };
}

export function envelopeOf(failure: Failure): ExplainedError["envelope"] {
  return failure.kind === "code" ? failure.envelope : {};
}

function describe(failure: Failure, call: FailedCall): string {
  if (failure.kind === "network") {
    return `${NETWORK_CAUSES[failure.reason].cause}${failure.detail && ` (${failure.detail})`}.`;
  }
  const { code, clockNote } = failure;
  const cause = call.subscriber === undefined ? code.cause : (code.subscriberCause ?? code.cause);
  return [
    `${fill(cause, call)}.`,
    ...(code.kind === "request"
      ? new Set(call.channelIds.flatMap((id) => describeIdProblem(id) ?? describeHidden(id)))
      : []),
    ...(failure.envelope.ErrorInfo && code.kind === "unlisted" ? ["ErrorInfo may say more."] : []),
    ...(clockNote && ABOUT_THE_CLOCK.includes(code.kind) ? [clockNote] : []),
  ].join(" ");
}

function describeHidden(id: string): string[] {
  const hidden = hiddenCharacters(id);
  return hidden.length === 0 ? [] : [`The ID given holds invisible characters (${hidden.join(", ")}): remove them.`];
}

function fill(text: string, { sdkAppId }: FailedCall): string {
  return text.replaceAll("{sdkAppId}", String(sdkAppId));
}
