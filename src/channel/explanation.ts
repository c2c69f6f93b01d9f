/** What every failure tells: what happened, who can mend it, what to do next. */

/** Where a call came to its end. */
export type Stage = "settings" | "input" | "policy" | "network" | "service";

/** Who can mend it: the agent that calls, the person who runs the server, or the service's makers. */
export type FixedBy = "agent" | "operator" | "tencent";

/** The explanation that structured content carries on every failure. */
export interface Explanation {
  readonly stage: Stage;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  /** A complete next step: what to call, set or ask. */
  readonly nextStep: string;
  /** True if sending the same call again can do no harm and may help. */
  readonly safeToResend: boolean;
  /** Requests sent to the service for this call. */
  readonly attempts: number;
}

/** The documented head of an answer. ErrorInfo may be missing; RequestId is what Tencent's support asks for. */
export interface AnswerHead {
  readonly ActionStatus?: string | undefined;
  readonly ErrorCode?: number | undefined;
  readonly ErrorInfo?: string | undefined;
  readonly RequestId?: string | undefined;
}

/**
 * What every error that we throw on purpose has in common: it explains itself. Anything else that is thrown is a
 * fault of this server and is reported as one. Its message never holds a secret.
 */
export abstract class ExplainedError extends Error {
  abstract readonly explanation: Explanation;
  /** What the service said, where it was the service that refused. */
  readonly head: AnswerHead = {};
}

/** The most faults that are told one by one; fifty of a kind help nobody more than ten. */
const MOST_TOLD = 10;

function listed(faults: readonly string[]): string {
  if (faults.length === 1) return `${faults[0]}`;
  const told = faults.slice(0, MOST_TOLD).map((fault, nth) => `(${nth + 1}) ${fault}`);
  const more = faults.length - told.length;
  return [...told, ...(more > 0 ? [`And ${more} more faults.`] : [])].join(" ");
}

/**
 * Thrown when the arguments break the documented fields or limits: lists every fault at once. Nothing was sent.
 * Not for what the service refuses (ServiceRefusal) nor for what policy forbids (PolicyRefusal).
 */
export class InputRefusal extends ExplainedError {
  override readonly name = "InputRefusal";
  readonly explanation: Explanation;

  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join(" "));
    this.faults = faults;
    this.explanation = {
      stage: "input",
      cause: listed(faults),
      fixedBy: "agent",
      nextStep: `Nothing was sent. Fix ${faults.length === 1 ? "this" : `these ${faults.length} faults`} in the arguments and call the same tool again.`,
      safeToResend: false,
      attempts: 0,
    };
  }
}
