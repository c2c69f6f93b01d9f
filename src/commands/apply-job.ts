import { setImmediate } from "node:timers/promises";
import { Deadline } from "../call/deadline.ts";
import { ExplainedError, InternalError } from "../call/explained-error.ts";
import type { FinishedCall } from "../edits/edit.ts";
import type { Log } from "../log.ts";
import { describeFileError } from "../text/file-error.ts";
import { logCall } from "../tools/log-call.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { EditLine } from "./edit-file.ts";
import { SUCCESSES } from "./results-file.ts";

/** Runs the lines of a file of edits, in the order and at the pace that the service allows. */

/** Calls side by side: about a second's worth, so that none waits long at the rate limiter. */
const MAX_SIDE_BY_SIDE = 200;
/** After this many failures in a row that are not about their own lines, the rest would fail alike. */
const MAX_FAILURES_IN_A_ROW = 20;

interface JobParts {
  readonly context: ToolContext;
  readonly requestsPerSecond: number;
  /** True if a person said yes to the whole file. */
  readonly isConfirmed: boolean;
  readonly log: Log;
  readonly write: (result: object) => void;
}

/** The calls of one file: those of one channel or subscriber in the file's order, others side by side. */
export class Job {
  readonly counts = new Map<string, number>();
  readonly succeeded = new Set<number>();
  readonly startedAt = performance.now();
  ended = 0;
  /** Lines that ended after the results could no longer be written. */
  unrecorded = 0;
  stopped: string | undefined;
  readonly #parts: JobParts;
  readonly #running = new Set<Deadline>();
  /** By key, the lines that wait for the one that runs. */
  readonly #queues = new Map<string, EditLine[]>();
  /** Keys of which a line did not end as wanted, with that line: what follows it would come out of order. */
  readonly #failed = new Map<string, number>();
  #failuresInARow = 0;

  constructor(parts: JobParts) {
    this.#parts = parts;
  }

  /** Returns when all lines have ended, or those in flight after a stop. */
  async run(lines: AsyncGenerator<EditLine>): Promise<void> {
    const length = Math.min(Math.max(this.#parts.requestsPerSecond, 4), MAX_SIDE_BY_SIDE);
    await Promise.all(Array.from({ length }, () => this.#takeLines(lines)));
  }

  /** Takes one line after another. One of a key that runs is left to that key. */
  async #takeLines(lines: AsyncGenerator<EditLine>): Promise<void> {
    for await (const line of lines) {
      if (this.stopped) return;
      const queue = this.#queues.get(line.key);
      if (!queue) await this.#runKey(line);
      else {
        queue.push(line);
        await setImmediate(); // many lines of one key must not hold timers and signals up
      }
    }
  }

  /** @param why a sentence that goes on after "because" */
  stop(when: "soon" | "now", why: string): void {
    this.stopped ??= why;
    if (when === "now") for (const deadline of this.#running) deadline.cancel();
  }

  /** Runs a line, and those of its key that come meanwhile. */
  async #runKey(first: EditLine): Promise<void> {
    const { key } = first;
    const queue = [first];
    this.#queues.set(key, queue);
    for (let line = queue.shift(); line && !this.stopped; line = queue.shift()) {
      const failed = this.#failed.get(key);
      const reason = `Line ${failed} of the same channel or subscriber did not end as wanted.`;
      if (failed === undefined) await this.#runLine(line);
      else this.#end(line, { outcome: "heldBack", reason });
    }
    this.#queues.delete(key);
  }

  async #runLine(line: EditLine): Promise<void> {
    const deadline = new Deadline(this.#parts.context.timeoutMs);
    this.#running.add(deadline);
    const startedAt = performance.now();
    const call = await this.#call(line, deadline);
    deadline.release();
    this.#running.delete(deadline);
    const { content, error } = call;
    const { receipt } = content;
    // After a bug of this server nobody knows.
    const isUnknown = error?.explanation.stage === "internal" && error.explanation.attempts > 0;
    const outcome = receipt?.outcome ?? (isUnknown ? "unknown" : error ? "notSent" : "read");
    logCall(this.#parts.log, line.tool, line.arguments, call, { ms: Math.round(performance.now() - startedAt) });
    // No turn in time is the agent's to fix by making fewer calls; the service may want a longer pause than a call has.
    const isOfAll = error && (error.explanation.fixedBy !== "agent" || error.explanation.stage === "network");
    this.#failuresInARow = isOfAll ? this.#failuresInARow + 1 : 0;
    if (this.#failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      // The results say what an agent does next; here an operator reads.
      const step = error?.explanation.fixedBy === "operator" ? ` ${error.explanation.nextStep}` : "";
      this.stopped ??= `${MAX_FAILURES_IN_A_ROW} lines in a row failed: ${error?.explanation.cause}${step}`;
    }
    const failure = error && { explanation: error.explanation };
    this.#end(line, { outcome, ...error?.envelope, ...content, ...failure });
  }

  /**
   * Where a person has confirmed the whole file, each edit is confirmed as it is. Otherwise none needed it when the file
   * was checked; one that needs it by now is declined.
   */
  async #call({ tool, arguments: args }: EditLine, deadline: Deadline): Promise<FinishedCall> {
    let confirmed: string | undefined;
    try {
      for (;;) {
        const result = await this.#parts.context.call(tool, args, { deadline, client: "apply", confirmed });
        if (!("confirmationRequest" in result)) return result;
        if (!this.#parts.isConfirmed) return { content: { receipt: result.confirmationRequest.declined } };
        confirmed = result.confirmationRequest.fingerprint;
      }
    } catch (error) {
      return { content: {}, error: error instanceof ExplainedError ? error : new InternalError(false, error) };
    }
  }

  #end({ line, id, key }: EditLine, result: { readonly outcome: string; readonly [key: string]: unknown }): void {
    if (SUCCESSES.includes(result.outcome)) this.succeeded.add(line);
    else if (!this.#failed.has(key)) this.#failed.set(key, line);
    try {
      if (this.unrecorded === 0) this.#parts.write({ line, ...(id !== undefined && { id }), ...result });
      else this.unrecorded += 1; // it would follow a line that is cut
    } catch (error) {
      this.unrecorded = 1;
      this.stop("soon", `the results cannot be written (${describeFileError(error)}).`);
    }
    this.counts.set(result.outcome, (this.counts.get(result.outcome) ?? 0) + 1);
    this.ended += 1;
  }
}
