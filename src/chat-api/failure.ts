import { NotSent, NoValidAnswer } from "./network-failure.ts";
import { ServiceRefusal } from "./service-refusal.ts";

/** What can become of a request besides a good answer, and which of several failures is the truth of a call. */
export type Failure = NotSent | NoValidAnswer | ServiceRefusal;

/** True for the failures that a call may end in; anything else that is thrown is a fault of this server. */
export function isFailure(thrown: unknown): thrown is Failure {
  return thrown instanceof NotSent || thrown instanceof NoValidAnswer || thrown instanceof ServiceRefusal;
}

/** True if a failed write may have been carried out all the same. */
function leavesOpen(failure: Failure, writes: boolean): boolean {
  if (!writes || failure instanceof NotSent) return false;
  return failure instanceof NoValidAnswer ? failure.reason !== "tooManyRequests" : failure.leavesOutcomeOpen;
}

/**
 * The failure to tell after one attempt more. What was sent once stays the truth, even if a later attempt did not
 * leave; and a write that may have landed is not refused because a later attempt was.
 */
export function whatStands(earlier: Failure | undefined, later: Failure, writes: boolean): Failure {
  if (!earlier) return later;
  if (later instanceof NotSent) return earlier;
  return leavesOpen(earlier, writes) && !leavesOpen(later, writes) ? earlier : later;
}
