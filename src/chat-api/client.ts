import { randomInt } from "node:crypto";
import type { Deadline } from "../call/deadline.ts";
import { API_PATH, COMMANDS, type Command } from "../channel/commands.ts";
import { AuthCooldown } from "./auth/auth-cooldown.ts";
import type { Secrets } from "./auth/secrets.ts";
import type { Signer } from "./auth/user-sig.ts";
import type { CodeKind } from "./errors/error-codes.ts";
import { describeFailure, type Failure, networkFailure, replyKindOf } from "./errors/failure.ts";
import type { HttpClient } from "./http/http-client.ts";
import { type ApiResponse, readResponse } from "./http/response.ts";
import type { Reply, Request } from "./reply.ts";
import { RateLimiter } from "./retry/rate-limiter.ts";
import { RetryBudget, ratePauseMs, responseTimeoutMs, retryPauseMs } from "./retry/retry-policy.ts";

/** The pipeline: cooldown → rate limiter → signature → POST → classified reply → retry decision. */

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
type LogEvent = (event: string, details: Record<string, unknown>) => void;

export class ChatClient {
  readonly #http: HttpClient;
  readonly #signer: Signer;
  readonly secrets: Secrets;
  readonly #logEvent: LogEvent;
  readonly #commands: Readonly<Record<Command, CommandState>>;
  readonly #cooldown = new AuthCooldown();

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
    this.secrets = options.secrets;
    this.#logEvent = options.logEvent ?? (() => {});
    const stateOf = (command: Command) => [
      command,
      { limiter: new RateLimiter(options.perSecond), retryBudget: new RetryBudget() },
    ];
    this.#commands = Object.fromEntries(Object.values(COMMANDS).map(stateOf));
  }

  /**
   * Sends a request until it has an answer or a failure that ends the call. Never throws for what the network or the
   * service does.
   */
  async send<T>(request: Request<T>, deadline: Deadline): Promise<Reply<T>> {
    const { limiter, retryBudget } = this.#commands[request.command];
    const kinds = new Set<CodeKind>();
    let attempts = 0;
    let sent = 0;
    let mayHaveWritten = false;
    let reported: Failure | undefined;
    for (;;) {
      const { result, userSig } = await this.#attempt(request, deadline);
      attempts += 1;
      const read = result.kind === "response" ? request.read(result) : result;
      if ("value" in read) {
        retryBudget.refill();
        return { kind: "ok", value: read.value, attempts: sent + 1 };
      }
      const failure = read;
      const replyKind = replyKindOf(failure);
      if (replyKind !== "notSent") sent += 1;
      if (replyKind === "noAnswer") mayHaveWritten = request.isWrite;
      // Once a request was sent, its failure is reported, even if a later attempt could not be sent.
      if (!reported || replyKind !== "notSent") reported = failure;
      this.#pauseAfter(failure, limiter);
      const isFirstOfKind = failure.kind === "network" || !kinds.has(failure.code.kind);
      if (failure.kind === "code") kinds.add(failure.code.kind);
      const hasNewSignature = this.#renewSignature(failure, isFirstOfKind, userSig);
      const { isRepeatable } = request;
      const pauseMs = retryPauseMs(failure, { attempts, isFirstOfKind, isRepeatable, hasNewSignature });
      const isInTime = pauseMs !== undefined && pauseMs < deadline.remainingMs;
      if (isInTime && (pauseMs === 0 || retryBudget.consume())) {
        const details = { command: request.command, attempts, failure: describeFailure(failure) };
        this.#logEvent("retry", { ...details, pauseMs: Math.round(pauseMs) });
        if (await deadline.sleep(pauseMs, "a retry")) continue;
      }
      // After an attempt without a valid answer only an OK would tell more.
      return { kind: mayHaveWritten ? "noAnswer" : replyKindOf(reported), failure: reported, attempts: sent };
    }
  }

  /** One attempt, and the UserSig that it was signed with. */
  async #attempt<T>(
    { command, body, isWrite, ids }: Request<T>,
    deadline: Deadline,
  ): Promise<{ result: ApiResponse | Failure; userSig: string }> {
    const unsigned = (result: Failure) => ({ result, userSig: "" });
    await this.#http.load(); // before the limiter: what waits for a module would leave it in one burst
    if (this.#cooldown.reason === undefined) {
      const failure = await this.#commands[command].limiter.acquire(deadline);
      if (failure) return unsigned(failure);
    }
    const cooldown = this.#cooldown.reason; // it may have begun while this attempt waited
    if (cooldown !== undefined) return unsigned(networkFailure("authCooldown", cooldown));
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
    const path = `${API_PATH}${command}?${query}`;
    const timeoutMs = responseTimeoutMs(deadline, isWrite);
    const response = await this.#http.post(path, JSON.stringify(body), deadline, timeoutMs);
    if ("kind" in response) return { result: response, userSig };
    return { result: readResponse(response, Date.now(), this.secrets, [command, ...ids]), userSig };
  }

  /** After a refused signature: true if the next one differs, once a call; otherwise every request stops for a while. */
  #renewSignature(failure: Failure, isFirstOfKind: boolean, userSig: string): boolean {
    if (failure.kind !== "code" || (failure.code.kind !== "expired" && failure.code.kind !== "credentials"))
      return false;
    const isNew = isFirstOfKind && this.#signer.renew(userSig, failure.code.kind === "expired");
    if (!isNew) this.#cooldown.start(failure.envelope.ErrorCode);
    return isNew;
  }

  #pauseAfter(failure: Failure, limiter: RateLimiter): void {
    const ms = ratePauseMs(failure);
    if (ms === 0) return;
    const isWholeApplication = failure.kind === "code" && failure.envelope.ErrorCode === WHOLE_APPLICATION_RATE_CODE;
    const paused = isWholeApplication ? Object.values(this.#commands).map((state) => state.limiter) : [limiter];
    for (const each of paused) each.pauseFor(ms);
  }
}
