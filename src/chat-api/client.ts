import { randomInt } from "node:crypto";
import type { Deadline } from "../call/deadline.ts";
import { API_PATH, COMMANDS, type Command } from "../channel/commands.ts";
import type { Secrets } from "./auth/secrets.ts";
import type { Signer } from "./auth/user-sig.ts";
import type { CodeKind } from "./errors/error-codes.ts";
import { describeFailure, type Failure, networkFailure, replyKindOf } from "./errors/failure.ts";
import type { HttpClient } from "./http/http-client.ts";
import { type ApiResponse, readResponse } from "./http/response.ts";
import type { FailedReply, Reply, Request } from "./reply.ts";
import { RateLimiter } from "./retry/rate-limiter.ts";
import { RETRY_BUDGET, ratePauseMs, responseTimeoutMs, retryPauseMs } from "./retry/retry-policy.ts";

/** The pipeline: rate limiter → signature → cooldown → POST → classified reply → retry decision. */

/** `random` is new for each attempt, 0 to 4294967295 (each of the three pages). */
const RANDOM_END = 4_294_967_296;
/** A refused UserSig is not sent again for this long: 70050 locks an account for a minute. */
const COOLDOWN_MS = 60_000;

type LogEvent = (event: string, details: Record<string, unknown>) => void;

export class ChatClient {
  readonly #http: HttpClient;
  readonly #signer: Signer;
  readonly secrets: Secrets;
  readonly #logEvent: LogEvent;
  readonly #commands: Readonly<Record<Command, { readonly limiter: RateLimiter; retriesLeft: number }>>;
  /** After a refusal: what was refused, and until when (milliseconds of `performance.now`) it is not sent again. */
  #cooldown = { userSig: "", until: 0, code: 0 };

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
      { limiter: new RateLimiter(options.perSecond), retriesLeft: RETRY_BUDGET },
    ];
    this.#commands = Object.fromEntries(Object.values(COMMANDS).map(stateOf));
  }

  /**
   * Sends a request until it has an answer or a failure that ends the call. Never throws for what the network or the
   * service does.
   */
  async send<T>(request: Request<T>, deadline: Deadline): Promise<Reply<T>> {
    const { command } = request;
    const isRepeatable = command !== COMMANDS.modifyChannel; // that is read back first
    const state = this.#commands[command];
    const kinds = new Set<CodeKind>();
    let reply: FailedReply | undefined;
    for (let attempts = 1; ; attempts += 1) {
      const { result, userSig } = await this.#attempt(request, deadline);
      const read = result.kind === "response" ? request.read(result) : result;
      const sent: number = reply?.attempts ?? 0;
      if ("value" in read) {
        state.retriesLeft = Math.min(RETRY_BUDGET, state.retriesLeft + 1);
        return { kind: "ok", value: read.value, attempts: sent + 1 };
      }
      const kind = replyKindOf(read);
      // Once a request was sent, its failure is reported; after one without a valid answer only an OK would tell more.
      const isSent = kind !== "notSent";
      if (isSent || !reply)
        reply = {
          kind: reply?.kind === "noAnswer" ? "noAnswer" : kind,
          failure: read,
          attempts: isSent ? sent + 1 : 0,
        };
      const ratePause = ratePauseMs(read);
      if (ratePause > 0) state.limiter.pauseFor(ratePause);
      const isFirstOfKind = read.kind === "network" || !kinds.has(read.code.kind);
      if (read.kind === "code") kinds.add(read.code.kind);
      const hasNewSignature = this.#renewSignature(read, isFirstOfKind, userSig);
      const pauseMs = hasNewSignature ? 0 : retryPauseMs(read, attempts, isFirstOfKind, isRepeatable);
      if (pauseMs === undefined || pauseMs >= deadline.remainingMs) return reply;
      if (pauseMs > 0) {
        if (state.retriesLeft === 0) return reply;
        state.retriesLeft -= 1;
      }
      this.#logEvent("retry", { command, attempts, failure: describeFailure(read), pauseMs: Math.round(pauseMs) });
      if (!(await deadline.sleep(pauseMs, "a retry"))) return reply;
    }
  }

  /** One attempt, and the UserSig that it was signed with. */
  async #attempt<T>(
    { command, body, ids }: Request<T>,
    deadline: Deadline,
  ): Promise<{ result: ApiResponse | Failure; userSig: string }> {
    const unsigned = (result: Failure) => ({ result, userSig: "" });
    await this.#http.load(); // before the limiter: what waits for a module would leave it in one burst
    const failure = await this.#commands[command].limiter.acquire(deadline);
    if (failure) return unsigned(failure);
    const signature = this.#signer.current();
    if ("problem" in signature) return unsigned(networkFailure("userSigUnusable", signature.problem));
    const { userSig } = signature;
    const leftMs = userSig === this.#cooldown.userSig ? this.#cooldown.until - performance.now() : 0;
    if (leftMs > 0) {
      const detail = `code ${this.#cooldown.code}; ${Math.ceil(leftMs / 1000)} seconds left`;
      return unsigned(networkFailure("authCooldown", detail));
    }

    const query = new URLSearchParams({
      sdkappid: String(this.#signer.sdkAppId),
      identifier: this.#signer.identifier,
      usersig: userSig,
      random: String(randomInt(RANDOM_END)),
      contenttype: "json",
    });
    const path = `${API_PATH}${command}?${query}`;
    const timeoutMs = responseTimeoutMs(deadline, command !== COMMANDS.get);
    const response = await this.#http.post(path, JSON.stringify(body), deadline, timeoutMs);
    if ("kind" in response) return { result: response, userSig };
    return { result: readResponse(response, this.secrets, [command, ...ids]), userSig };
  }

  /** After a refused signature: true if the next one differs, once a call; otherwise it is not sent for a while. */
  #renewSignature(failure: Failure, isFirstOfKind: boolean, userSig: string): boolean {
    if (failure.kind !== "code" || (failure.code.kind !== "expired" && failure.code.kind !== "credentials"))
      return false;
    const isNew = isFirstOfKind && this.#signer.renew(userSig, failure.code.kind === "expired");
    if (!isNew) this.#cooldown = { userSig, until: performance.now() + COOLDOWN_MS, code: failure.envelope.ErrorCode };
    return isNew;
  }
}
