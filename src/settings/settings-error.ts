import { ExplainedError } from "../call/explained-error.ts";

/**
 * Thrown at every call while the settings are wrong: the server lists its tools, sends nothing and says what to fix.
 * Not for a credential that the service refused.
 */
export class SettingsError extends ExplainedError {
  override readonly name = "SettingsError";

  constructor(problems: readonly string[]) {
    super({
      stage: "settings",
      cause: `This server is not configured correctly. ${problems.join(" ")} Nothing was sent.`,
      fixedBy: "operator",
      nextStep:
        "Stop and tell the person who runs this server: fix the settings in the env block of the MCP host's configuration, then restart the MCP host. The doctor command checks them.",
      safeToResend: false,
      attempts: 0,
    });
  }
}
