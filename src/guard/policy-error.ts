import { ExplainedError, type FixedBy } from "../call/explained-error.ts";

/**
 * Thrown when the operator's policy, or a confirmation that was not given, stops a call: it changed nothing.
 * Not for arguments that break a documented limit (InputError).
 */
export class PolicyError extends ExplainedError {
  override readonly name = "PolicyError";

  /** @param cause ends with what was not sent */
  constructor(cause: string, nextStep: string, fixedBy: FixedBy = "operator") {
    super({
      stage: "policy",
      cause,
      fixedBy,
      nextStep,
      safeToResend: false,
      attempts: 0,
    });
  }
}
