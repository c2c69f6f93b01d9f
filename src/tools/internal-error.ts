import { ExplainedError } from "../call/explained-error.ts";

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
