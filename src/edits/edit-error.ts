import { type Envelope, ExplainedError } from "../channel/explanation.ts";
import type { WritableFieldName } from "../channel/fields.ts";
import type { Evidence, ForeignValues, Inference, ServiceReply } from "../channel/outcome.ts";
import { plural } from "../channel/text.ts";
import { REPLICA_LAG_MS, SERVER_TIMEOUT_MS } from "../chat-api/limits.ts";
import { COMMANDS, type FailedSend } from "../chat-api/request.ts";

/**
 * Made when an edit was sent and did not end as wanted, or it is not known how. It comes with a receipt.
 * Not for an edit that was never sent (NotSentError, PolicyError, InputError).
 */
export class EditError extends ExplainedError {
  override readonly name = "EditError";
}

/** What is known of an edit that was sent. */
export interface SentEdit {
  readonly reply: ServiceReply;
  readonly attempts: number;
  readonly envelope: Envelope;
  /** What happened to the last attempt that was sent, in a sentence. */
  readonly happened: string;
  /** Its error; undefined after an OK. */
  readonly error: ExplainedError | undefined;
  /** True if the same edit may well succeed a moment later. */
  readonly isTransient: boolean;
}

const AGAIN_THEN_STOP = "If it ends the same way twice more, stop and tell the person.";
const SERVER_SECONDS = SERVER_TIMEOUT_MS / 1000;
const LAG_SECONDS = REPLICA_LAG_MS / 1000;
/** From then on a read shows whether an edit took effect. */
const SETTLED_SECONDS = SERVER_SECONDS + LAG_SECONDS;

/** The call that shows a channel. */
function readCall(channel: string): string {
  return `${COMMANDS.get} ${JSON.stringify({ OfficialAccountIdList: [{ Official_Account: channel }] })}`;
}

/** What happened to the sending, in one or two sentences. */
function describeSending({ attempts, happened }: Pick<SentEdit, "attempts" | "happened">): string {
  return attempts > 1 ? `The edit was sent ${attempts} times. ${happened}` : happened;
}

/** The error of a channel's edit; undefined where it ended as wanted. */
export function channelEditError(
  channel: string,
  sent: SentEdit,
  { outcome, evidence }: Inference,
  look: {
    readonly wasRead: boolean;
    /** True if the call ended before the last look. */
    readonly wasCut: boolean;
    /** What looks showed that is neither the old value nor the one that was sent. */
    readonly foreign: ForeignValues;
    /** Fields that the first read showed and the last look lacks. */
    readonly missing: readonly WritableFieldName[];
  },
): EditError | undefined {
  const names = Object.keys(evidence) as WritableFieldName[];
  const byEvidence = (...kinds: Evidence[]) =>
    names.filter((name) => kinds.includes(evidence[name] ?? "none")).join(", ");
  const sending = describeSending(sent);
  const foreign = names.filter((name) => evidence[name] === "other" || look.foreign[name] !== undefined).join(", ");
  // The same call again would overwrite what somebody else wrote, so the person decides first.
  const showFirst = `Show the person what the receipt says of ${foreign} before anything else is sent. To read the channel again: ${readCall(channel)}.`;
  const explain = (seen: string, nextStep: string, safeToResend: boolean) =>
    new EditError(
      {
        stage: sent.error?.explanation.stage ?? "service",
        cause: `${sending} ${seen}`,
        fixedBy: sent.error?.explanation.fixedBy ?? "agent",
        nextStep,
        safeToResend: safeToResend && foreign === "" && look.missing.length === 0,
        attempts: sent.attempts,
      },
      sent.envelope,
    );

  // What the last look lacks may have been changed by somebody else meanwhile.
  const readFirst =
    look.missing.length > 0
      ? `The last read lacked ${look.missing.join(", ")}: first read the channel with ${readCall(channel)}. `
      : "";
  const unlessForeign = (nextStep: string) => (foreign === "" ? `${readFirst}${nextStep}` : showFirst);
  const afterForeign = (nextStep: string) => (foreign === "" ? `${readFirst}${nextStep}` : `${showFirst} ${nextStep}`);

  switch (outcome) {
    case "refused": {
      if (!sent.error) return undefined;
      const { nextStep, safeToResend } = sent.error.explanation;
      const fields = { old: byEvidence("old"), other: foreign, unread: byEvidence("none") };
      return explain(look.wasRead ? seenAfterRefusal(fields) : NOT_VERIFIED, afterForeign(nextStep), safeToResend);
    }
    case "notApplied": {
      const seen = `A read ${SETTLED_SECONDS} seconds later shows the old value of ${byEvidence("old")}, and the request can no longer take effect.`;
      if (!sent.error || sent.isTransient) {
        return explain(seen, unlessForeign(`Call again with the same arguments. ${AGAIN_THEN_STOP}`), true);
      }
      const { nextStep, safeToResend } = sent.error.explanation;
      return explain(seen, afterForeign(nextStep), safeToResend);
    }
    case "partlyApplied": {
      const when = sent.reply === "refused" ? "right after" : "afterwards";
      const seen = `A read ${when} showed the new value of ${byEvidence("new", "normalized")} and the old value of ${byEvidence("old")}.`;
      const first =
        "Tell the person which fields have the new value. To take the edit back, make the call in receipt.undo.";
      if (!sent.error || sent.isTransient) {
        const complete = "To complete it, send the fields with the old value again.";
        return explain(seen, unlessForeign(`${first} ${complete} ${AGAIN_THEN_STOP}`), true);
      }
      const { nextStep, safeToResend } = sent.error.explanation;
      return explain(seen, afterForeign(`${first} ${nextStep}`), safeToResend);
    }
    case "unknown": {
      const others = byEvidence("other");
      const late =
        look.wasCut && sent.reply === "ambiguous"
          ? ` The edit can still take effect for ${SERVER_SECONDS} seconds.`
          : "";
      if (others !== "") {
        return explain(
          `A read shows a value in ${others} that this edit did not leave there: somebody else edits this channel, or the service changed the text.${late}`,
          showFirst,
          false,
        );
      }
      const old = byEvidence("old");
      if (sent.reply === "ok" && old !== "") {
        return explain(
          `A read ${LAG_SECONDS} seconds later still shows the old value of ${old}.`,
          unlessForeign(
            `Read the channel in 10 seconds with ${readCall(channel)}. If the old value is still there, send the edit again once; then stop and tell the person.`,
          ),
          false,
        );
      }
      return explain(
        `Whether the edit was applied is not known: ${whyUnknown(look, byEvidence("none", "tooEarly"))}.${late}`,
        unlessForeign(
          `Wait ${SETTLED_SECONDS} seconds (the edit can take effect for ${SERVER_SECONDS}, and a read can lag by ${LAG_SECONDS}), then read the channel with ${readCall(channel)}. If the old values are there, call again. ${AGAIN_THEN_STOP}`,
        ),
        false,
      );
    }
    default:
      return undefined;
  }
}

const NOT_VERIFIED = "Whether anything was changed was not verified by reading.";

/** What a read showed; each part names its fields, because it says nothing about the others. */
function seenAfterRefusal({ old, other, unread }: Record<"old" | "other" | "unread", string>): string {
  return [
    ...(other === ""
      ? []
      : [`A read right after showed a value in ${other} that is neither the old one nor what was sent.`]),
    ...(old === "" ? [] : [`A read right after showed the old value of ${old}.`]),
    ...(unread === "" ? [] : [`It is not known whether ${unread} was changed: a read right after did not show that.`]),
  ].join(" ");
}

function whyUnknown({ wasRead, wasCut }: { wasRead: boolean; wasCut: boolean }, unread: string): string {
  if (wasCut) return "the call ended before the channel could be read late enough";
  if (!wasRead) return "the channel could not be read afterwards";
  return unread === ""
    ? "reading the channel does not show it"
    : `no read late enough tells whether ${unread} was changed`;
}

/** The error of a subscriber's edit that was refused, or whose outcome could not be read. */
export function subscriberEditError(
  { error, happened, attempts }: FailedSend,
  outcome: "refused" | "unknown",
): EditError {
  const sending = describeSending({ attempts, happened });
  const { stage, fixedBy, nextStep, safeToResend } = error.explanation;
  const common = { stage, fixedBy, attempts };
  if (outcome === "refused") {
    const cause = `${sending} No tool can read a subscriber's custom field, so this was not verified by reading.`;
    return new EditError({ ...common, cause, nextStep, safeToResend }, error.envelope);
  }
  return new EditError(
    {
      ...common,
      cause: `${sending} Whether the value was set is not known, and no tool can read it. It can still take effect for ${plural(SERVER_SECONDS, "second")}.`,
      nextStep: `Call again with the same arguments in 10 seconds: setting the same value again is harmless. ${AGAIN_THEN_STOP}`,
      safeToResend: true,
    },
    error.envelope,
  );
}
