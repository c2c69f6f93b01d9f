import { randomInt } from "node:crypto";
import { CredentialBreaker } from "./auth/credential-breaker.ts";
import type { Secrets } from "./auth/secrets.ts";
import type { Signer } from "./auth/user-sig.ts";
import type { RequestContext } from "./errors/chat-api-error.ts";
import type { CodeKind } from "./errors/codes/family.ts";
import { describeFailure, type Failure, networkFailure, wasSent } from "./errors/failure.ts";
import type { Connection, HttpClient } from "./http/http-client.ts";
import { type ApiResponse, readResponse } from "./http/response.ts";
import { COMMANDS, type Command, type Request, type SendResult, toFailedSend } from "./request.ts";
import type { Deadline } from "./retry/deadline.ts";
import { RateLimiter } from "./retry/rate-limiter.ts";
import { decideRetry, RetryBudget, ratePauseMs, responseTimeoutMs } from "./retry/retry-policy.ts";

/** The pipeline: rate limiter → signature → POST → classified result → retry decision. */

/** `random` is new for each attempt, 0 to 4294967295 (each of the three pages). */
const RANDOM_END = 4_294_967_296;
/** The one rate code that is about all commands together. */
const WHOLE_APPLICATION_RATE_CODE = 60011;

/** What all requests to one command share. */
interface CommandState {
  readonly limiter: RateLimiter;
  readonly retryBudget: RetryBudget;
}

/** Something worth a line in the log. */
export type LogEvent = (event: string, details: Record<string, unknown>) => void;

export class ChatClient {
  readonly #http: HttpClient;
  readonly #signer: Signer;
  readonly #secrets: Secrets;
  readonly #logEvent: LogEvent;
  readonly #commands: ReadonlyMap<Command, CommandState>;
  readonly #breaker = new CredentialBreaker();

  /**
   * @param options.perSecond requests a second to each command, 1 to 200
   */
  constructor(options: {
    http: HttpClient;
    signer: Signer;
    secrets: Secrets;
    perSecond: number;
    logEvent?: LogEvent;
  }) {
    this.#http = options.http;
    this.#signer = options.signer;
    this.#secrets = options.secrets;
    this.#logEvent = options.logEvent ?? (() => {});
    this.#commands = new Map(
      Object.values(COMMANDS).map((command) => [
        command,
        { limiter: new RateLimiter(options.perSecond), retryBudget: new RetryBudget() },
      ]),
    );
  }

  get secrets(): Secrets {
    return this.#secrets;
  }

  /** Borrows a connection for several calls; give it back with `release`. */
  borrowConnection(): Promise<Connection> {
    return this.#http.borrow();
  }

  release(connection: Connection): void {
    this.#http.release(connection);
  }

  /** Takes one retry out of a command's budget; false if it is used up. */
  consumeRetryBudget(command: Command): boolean {
    return this.#state(command).retryBudget.consume();
  }

  /**
   * Sends a request until it has an answer or a failure that ends the call. Never throws for what the network or the
   * service does.
   * @param connection a borrowed one; without it the call borrows its own
   */
  async send<T>(request: Request<T>, deadline: Deadline, connection?: Connection): Promise<SendResult<T>> {
    if (!connection) return this.#sendOverOwn(request, deadline);
    const { limiter, retryBudget } = this.#state(request.command);
    const timesOfKind = new Map<CodeKind, number>();
    let attempts = 0;
    let requestsSent = 0;
    let staleConnections = 0;
    let reported: Failure | undefined;
    for (;;) {
      const { result, userSig } = await this.#attempt(connection, request, deadline);
      attempts += 1;
      if (result.kind === "response" || wasSent(result)) requestsSent += 1;
      const read = result.kind === "response" ? request.read(result, requestsSent) : result;
      if ("value" in read) {
        retryBudget.refill();
        return { kind: "ok", value: read.value, attempts: requestsSent };
      }
      const failure = read;
      reported = pickReportedFailure(reported, failure);
      this.#pauseAfter(failure, limiter);
      const decision = decideRetry(failure, {
        attempts,
        timesOfKind: countKind(failure, timesOfKind),
        staleConnections,
        isWrite: request.isWrite,
        canRefreshSignature: this.#signer.canRefreshSignature,
      });
      this.#handleCredentialFailure(failure, timesOfKind.get("expired") ?? 0, userSig);
      const isInTime = decision !== undefined && decision.pauseMs < deadline.remainingMs;
      if (!isInTime || (decision.usesRetryBudget && !retryBudget.consume())) {
        return toFailedSend(reported, this.contextOf(request, requestsSent));
      }
      if (failure.kind === "network" && failure.isStaleConnection) staleConnections += 1;
      this.#logEvent("retry", {
        command: request.command,
        attempts,
        failure: describeFailure(failure),
        pauseMs: Math.round(decision.pauseMs),
      });
      if (!(await deadline.sleep(decision.pauseMs, "a retry"))) {
        return toFailedSend(reported, this.contextOf(request, requestsSent));
      }
    }
  }

  /**
   * Sends over a connection of its own. For a write it is a new one, used once: a peer can close a kept one just when
   * the request goes out, and then nothing tells whether it was carried out.
   */
  async #sendOverOwn<T>(request: Request<T>, deadline: Deadline): Promise<SendResult<T>> {
    const own = await this.#http.borrow(request.isWrite ? "new" : "any");
    try {
      return await this.send(request, deadline, own);
    } finally {
      if (request.isWrite) this.#http.discard(own);
      else this.#http.release(own);
    }
  }

  /** One attempt, and the UserSig that it was signed with. */
  async #attempt<T>(
    connection: Connection,
    { command, body, isWrite, channelIds, subscriber }: Request<T>,
    deadline: Deadline,
  ): Promise<{ result: ApiResponse | Failure; userSig: string }> {
    const unsigned = (result: Failure) => ({ result, userSig: "" });
    if (this.#breaker.openReason !== undefined)
      return unsigned(networkFailure("breakerOpen", this.#breaker.openReason));
    const waitFailure = await this.#state(command).limiter.acquire(deadline);
    if (waitFailure) return unsigned(waitFailure);
    const { openReason } = this.#breaker; // it may have opened while this attempt waited
    if (openReason !== undefined) return unsigned(networkFailure("breakerOpen", openReason));
    const signature = this.#signer.current();
    if ("problem" in signature) return unsigned(networkFailure("userSigUnusable", signature.problem));

    const { userSig } = signature;
    const query = new URLSearchParams({
      sdkappid: String(this.#signer.sdkAppId),
      identifier: this.#signer.identifier,
      usersig: userSig,
      random: String(randomInt(RANDOM_END)),
      contenttype: "json",
    });
    const post = { path: `/v4/official_account_open_http_svc/${command}?${query}`, body: JSON.stringify(body) };
    const response = await this.#http.post(connection, post, deadline, responseTimeoutMs(deadline, isWrite));
    if ("kind" in response) return { result: response, userSig };
    const named = [command, ...channelIds, ...(subscriber === undefined ? [] : [subscriber])];
    return { result: readResponse(response, Date.now(), this.#secrets, named), userSig };
  }

  /** What an error tells of its call. */
  contextOf(
    { isWrite, channelIds, subscriber }: Pick<Request<unknown>, "isWrite" | "channelIds" | "subscriber">,
    attempts: number,
  ): RequestContext {
    return { isWrite, channelIds, subscriber, sdkAppId: this.#signer.sdkAppId, attempts };
  }

  /** Stops every request after refused credentials; an expired signature is replaced first, once. */
  #handleCredentialFailure(failure: Failure, timesExpired: number, userSig: string): void {
    if (failure.kind !== "code") return;
    const { kind } = failure.meaning;
    if (kind === "expired") this.#signer.refreshSignature(userSig);
    const isRefused =
      kind === "credentials" || (kind === "expired" && (timesExpired > 1 || !this.#signer.canRefreshSignature));
    if (isRefused) this.#breaker.open(failure.envelope.ErrorCode);
  }

  #pauseAfter(failure: Failure, limiter: RateLimiter): void {
    const ms = ratePauseMs(failure);
    if (ms === 0) return;
    const isWholeApplication = failure.kind === "code" && failure.envelope.ErrorCode === WHOLE_APPLICATION_RATE_CODE;
    const paused = isWholeApplication ? [...this.#commands.values()].map((state) => state.limiter) : [limiter];
    for (const each of paused) each.pauseFor(ms);
  }

  #state(command: Command): CommandState {
    const state = this.#commands.get(command);
    if (!state) throw new Error(`unknown command: ${command}`);
    return state;
  }
}

/** Once a request was sent, its failure is reported, even if a later attempt could not be sent. */
function pickReportedFailure(earlier: Failure | undefined, later: Failure): Failure {
  return earlier && wasSent(earlier) && !wasSent(later) ? earlier : later;
}

/** Counts an answer by the kind of its code. */
function countKind(failure: Failure, times: Map<CodeKind, number>): number {
  if (failure.kind !== "code") return 0;
  const count = (times.get(failure.meaning.kind) ?? 0) + 1;
  times.set(failure.meaning.kind, count);
  return count;
}
