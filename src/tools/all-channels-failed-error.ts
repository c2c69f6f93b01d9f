import { ExplainedError } from "../call/explained-error.ts";
import { quote } from "../text/text.ts";

/** Made when every one of several channels failed, so the call has nothing to show. A single one explains itself. */
export class AllChannelsFailedError extends ExplainedError {
  override readonly name = "AllChannelsFailedError";

  /** @param failures at least two, by channel ID */
  constructor(failures: ReadonlyMap<string, ExplainedError>) {
    const all = [...failures].map(([id, { explanation, envelope }]) => ({ id, explanation, envelope }));
    const [first] = all;
    const causes = all.map(
      ({ id, explanation, envelope }) =>
        `${quote(id)}: ${envelope.ErrorCode ?? explanation.stage}: ${explanation.cause}`,
    );
    super(
      {
        stage: first?.explanation.stage ?? "service",
        cause: `None of the ${all.length} channels could be read. ${causes.join(" ")}`,
        fixedBy: first?.explanation.fixedBy ?? "agent",
        nextStep: [...new Set(all.map(({ explanation }) => explanation.nextStep))].join(" "),
        safeToResend: all.every(({ explanation }) => explanation.safeToResend),
        attempts: Math.max(...all.map(({ explanation }) => explanation.attempts)),
      },
      first?.envelope,
    );
  }
}
