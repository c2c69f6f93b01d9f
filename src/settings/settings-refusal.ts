import { ExplainedError, type Explanation } from "../channel/explanation.ts";

/**
 * Thrown at every call while the settings are faulty: the server lists its tools, sends nothing and says what to mend.
 * Not for a credential that the service refused (ServiceRefusal).
 */
export class SettingsRefusal extends ExplainedError {
  override readonly name = "SettingsRefusal";
  readonly explanation: Explanation;

  constructor(faults: readonly string[]) {
    super(faults.join(" "));
    this.explanation = {
      stage: "settings",
      cause: `This server is not set up. ${faults.join(" ")} Nothing was sent.`,
      fixedBy: "operator",
      nextStep:
        "Tell the person who runs this server: fix the settings in the env block of the MCP host's configuration, then start the server again. The doctor command checks them.",
      safeToResend: false,
      attempts: 0,
    };
  }
}
