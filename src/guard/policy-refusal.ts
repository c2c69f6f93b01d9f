import { ExplainedError, type Explanation } from "../channel/explanation.ts";

/**
 * Thrown when the operator's policy forbids a call: nothing was sent. Names the setting that would allow it.
 * Not for arguments that break a documented limit (InputRefusal).
 */
export class PolicyRefusal extends ExplainedError {
  override readonly name = "PolicyRefusal";
  readonly explanation: Explanation;

  constructor(cause: string, nextStep: string, fixedBy: Explanation["fixedBy"] = "operator") {
    super(cause);
    const told = `${cause} Nothing was sent.`;
    this.explanation = { stage: "policy", cause: told, fixedBy, nextStep, safeToResend: false, attempts: 0 };
  }
}
