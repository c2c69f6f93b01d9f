import { type AnswerHead, ExplainedError, type Explanation } from "./explanation.ts";

/** Told when each of several channels failed, so that the whole call has nothing to show. One alone speaks for itself. */
export class AllFailed extends ExplainedError {
  override readonly name = "AllFailed";
  override readonly head: AnswerHead;
  readonly explanation: Explanation;

  /** @param failures at least two, by channel */
  constructor(failures: ReadonlyMap<string, ExplainedError>) {
    const all = [...failures].map(([id, { explanation, head }]) => ({ id, explanation, head }));
    super(`${all.length} channels failed`);
    const [first] = all;
    this.head = first?.head ?? {};
    const causes = all.map(
      ({ id, explanation, head }) => `${id}: ${head.ErrorCode ?? explanation.stage}: ${explanation.cause}`,
    );
    this.explanation = {
      stage: first?.explanation.stage ?? "service",
      cause: `None of the ${all.length} channels could be read. ${causes.join(" ")}`,
      fixedBy: first?.explanation.fixedBy ?? "agent",
      nextStep: [...new Set(all.map(({ explanation }) => explanation.nextStep))].join(" "),
      safeToResend: all.every(({ explanation }) => explanation.safeToResend),
      attempts: Math.max(...all.map(({ explanation }) => explanation.attempts)),
    };
  }
}
