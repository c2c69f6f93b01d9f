import { ExplainedError, type FixedBy } from "../channel/explanation.ts";

/**
 * Thrown when the operator's policy forbids a call: it changed nothing. Names the setting that would allow it.
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
