import { ExplainedError } from "../channel/explanation.ts";

/** What can become of a request besides a good answer, and which of several failures is the truth of a call. */

/** The call that a failure ended. */
export interface FailedCall {
  /** Requests sent or tried. */
  readonly attempts: number;
  /** True for a modify: reading alone cannot have changed anything. */
  readonly writes: boolean;
  /** The IDs of channels that it named. */
  readonly channelIds: readonly string[];
}

/**
 * What a call to the service may end in: NotSent, NoValidAnswer or ServiceRefusal. Anything else that is thrown on the
 * way is a fault of this server.
 */
export abstract class Failure extends ExplainedError {
  /** Known once the call is over: its explanation speaks of the whole call, not of one attempt. */
  call: FailedCall = { attempts: 0, writes: false, channelIds: [] };
  /** What happened, without what became of a write. */
  abstract readonly happened: string;
  /** False where provably no byte of the request reached the service. */
  abstract readonly wasSent: boolean;
  /** True if a write that failed so may have been carried out all the same. */
  abstract readonly leavesOutcomeOpen: boolean;
}

/**
 * The failure to tell after one attempt more. What was sent once stays the truth, even if a later attempt did not
 * leave; and a write that may have landed is not refused because a later attempt was.
 */
export function whatStands(earlier: Failure | undefined, later: Failure, writes: boolean): Failure {
  if (!earlier) return later;
  if (!later.wasSent) return earlier;
  return writes && earlier.leavesOutcomeOpen && !later.leavesOutcomeOpen ? earlier : later;
}
