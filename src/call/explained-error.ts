/** What every failure explains: what happened, who can fix it, what to do next. */

/** Where a call failed. "internal" is a bug of this server. */
export type Stage = "settings" | "input" | "policy" | "network" | "service" | "internal";

/** Who can fix it: the agent that calls, the person who runs the server, or Tencent. */
export type FixedBy = "agent" | "operator" | "tencent";

/** The explanation in the structured content of every failure. */
export interface Explanation {
  readonly stage: Stage;
  readonly cause: string;
  readonly fixedBy: FixedBy;
  /** A complete next step: what to call, set or ask, and when to stop trying. */
  readonly nextStep: string;
  /** True if sending the same call again does no harm and may help. */
  readonly safeToResend: boolean;
  /** Requests of the failed command that were sent to the service for this call. */
  readonly attempts: number;
}

/** The documented envelope of an answer. ErrorInfo may be missing; RequestId is what Tencent's support asks for. */
export interface Envelope {
  readonly ActionStatus?: string | undefined;
  readonly ErrorCode?: number | undefined;
  readonly ErrorInfo?: string | undefined;
  readonly RequestId?: string | undefined;
}

/**
 * The base of every error that a tool call reports: it explains itself, it is complete when it is made, and its message
 * holds no secret. Anything else that a tool throws is a bug of this server and is reported as one.
 */
export class ExplainedError extends Error {
  override readonly name: string = "ExplainedError";
  readonly explanation: Explanation;
  /** What the service said, where it was the service that refused. */
  readonly envelope: Envelope;

  constructor(explanation: Explanation, envelope: Envelope = {}) {
    super(explanation.cause);
    this.explanation = explanation;
    this.envelope = envelope;
  }
}

/** Problems listed one by one; fifty of a kind are no clearer than ten. */
const MAX_LISTED = 10;

/** Problems one after another, numbered where there are several. */
export function listProblems(problems: readonly string[]): string {
  if (problems.length === 1) return `${problems[0]}`;
  const listed = problems.slice(0, MAX_LISTED).map((problem, index) => `(${index + 1}) ${problem}`);
  const more = problems.length - listed.length;
  return [...listed, ...(more > 0 ? [`And ${more} more.`] : [])].join(" ");
}

/**
 * Thrown when the arguments break the documented fields or limits: lists every problem at once. Nothing was sent.
 * Not for what the service refuses, nor for what policy forbids (PolicyError).
 */
export class InputError extends ExplainedError {
  override readonly name = "InputError";

  constructor(problems: readonly string[]) {
    const what = problems.length === 1 ? "this" : `these ${problems.length} problems`;
    super({
      stage: "input",
      cause: listProblems(problems),
      fixedBy: "agent",
      nextStep: `Nothing was sent. Fix ${what} in the arguments and call the same tool again.`,
      safeToResend: false,
      attempts: 0,
    });
  }
}

/** What an unexpected exception becomes. Its message may hold anything, so it goes to the log only. */
export class InternalError extends ExplainedError {
  override readonly name = "InternalError";

  /**
   * @param mayHaveWritten true where a tool that writes had begun to run
   * @param cause the exception
   */
  constructor(mayHaveWritten: boolean, cause: unknown) {
    super({
      stage: "internal",
      cause: `This server has a bug that stopped the call; ${mayHaveWritten ? "whether the edit was sent is not known" : "nothing was changed"}.`,
      fixedBy: "operator",
      nextStep: `${mayHaveWritten ? "Read the channel to see its values. " : ""}Stop and tell the person to report the log on stderr to the maintainers of this server.`,
      safeToResend: false,
      attempts: mayHaveWritten ? 1 : 0,
    });
    this.cause = cause;
  }
}
