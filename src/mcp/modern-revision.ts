import { isDeepStrictEqual } from "node:util";
import { ErrorCode, type JSONRPCRequest, type Result } from "@modelcontextprotocol/sdk/types.js";
import type { ConfirmationRequest } from "../edits/edit.ts";
import { isRecord } from "../text/json.ts";
import {
  ANSWER_TIMEOUT_MS,
  CANNOT_ASK,
  type Caller,
  DECISION,
  declinedOutcome,
  describeCaller,
  elicitationParams,
  readAnswer,
} from "./confirm.ts";
import { MISSING_CAPABILITY, ProtocolError, UNSUPPORTED_VERSION } from "./protocol-error.ts";
import { toResult } from "./result.ts";
import { type CallParts, type Extra, listTools, RunningCall, type ServerFacts } from "./tool-calls.ts";

/** MCP 2026-07-28: every request says what its client is and can do, and a question is a result that asks for input. */

const VERSION = "2026-07-28";
const META = "io.modelcontextprotocol/";
/** Lists do not change while the process runs; clients may cache them for an hour. */
const CACHE = { ttlMs: 3_600_000, cacheScope: "private" } as const;

interface PendingRequest extends ConfirmationRequest {
  readonly tool: string;
  readonly args: unknown;
  /** Milliseconds of `performance.now`. */
  readonly until: number;
}

export function modernRevision(parts: CallParts, server: ServerFacts) {
  /**
   * Questions that wait for an answer, by the random state that the client sends back with it. Nothing else that it
   * sends counts: a state cannot be forged or changed, is of this process, and is taken once.
   */
  const asked = new Map<string, PendingRequest>();

  async function callTool(request: JSONRPCRequest, caller: Caller, extra: Extra): Promise<Result> {
    const { inputResponses, requestState } = request.params ?? {};
    const answer = isRecord(inputResponses) ? inputResponses[DECISION] : undefined;
    const call = new RunningCall(parts, request, extra, caller.name);
    try {
      let confirmed: string | undefined;
      if (requestState !== undefined && answer !== undefined) {
        const pending = takeRequest(requestState, call);
        const no = readAnswer(answer);
        call.logDecision(no);
        if (no) return toResult(declinedOutcome(pending, no), await parts.openContext());
        confirmed = pending.fingerprint;
      }
      const { result, context } = await call.run(confirmed);
      if (!("confirmationRequest" in result)) return toResult(result, context);
      if (!caller.canAsk) {
        call.logDecision(CANNOT_ASK);
        throw cannotAsk();
      }
      return askFor(result.confirmationRequest, call);
    } finally {
      call.finish();
    }
  }

  function askFor(request: ConfirmationRequest, { tool, args }: RunningCall): Result {
    const requestState = crypto.randomUUID();
    const now = performance.now();
    for (const [state, { until }] of asked) if (until < now) asked.delete(state);
    asked.set(requestState, { ...request, tool, args, until: now + ANSWER_TIMEOUT_MS });
    const params = { mode: "form", ...elicitationParams(request) };
    return {
      resultType: "input_required",
      inputRequests: { [DECISION]: { method: "elicitation/create", params } },
      requestState,
    };
  }

  /** What was asked. @throws ProtocolError for a state that is not of this call */
  function takeRequest(given: unknown, { tool, args }: RunningCall): PendingRequest {
    const state = String(given);
    const pending = asked.get(state);
    const isOfCall = pending?.tool === tool && isDeepStrictEqual(pending.args, args);
    if (!pending || !isOfCall || pending.until < performance.now()) {
      throw new ProtocolError(
        ErrorCode.InvalidParams,
        `requestState is not valid for this call: it was changed, used before, made for other arguments, or is older than ${ANSWER_TIMEOUT_MS / 60_000} minutes or the server's last start. Nothing was sent. Call again without it.`,
      );
    }
    asked.delete(state);
    return pending;
  }

  /** Nothing here ever changes, so a subscription is acknowledged and ended at once. */
  async function endSubscription({ requestId, sendNotification }: Extra): Promise<Result> {
    const _meta = { [`${META}subscriptionId`]: requestId };
    const method = "notifications/subscriptions/acknowledged";
    await sendNotification({ method, params: { _meta, notifications: {} } } as never); // newer than the SDK's types
    return { _meta };
  }

  async function answer(request: JSONRPCRequest, extra: Extra): Promise<Result> {
    const caller = readCaller(request);
    switch (request.method) {
      case "server/discover":
        return {
          supportedVersions: [VERSION],
          capabilities: { tools: {} },
          instructions: server.instructions,
          ...CACHE,
        };
      case "tools/list":
        return { ...listTools(parts), ...CACHE };
      case "tools/call":
        return callTool(request, caller, extra);
      case "subscriptions/listen":
        return endSubscription(extra);
      default:
        throw new ProtocolError(ErrorCode.MethodNotFound, "Method not found");
    }
  }

  /** @throws ProtocolError for what JSON-RPC answers with an error */
  return async (request: JSONRPCRequest, extra: Extra): Promise<Result> => {
    const result = await answer(request, extra);
    const _meta = { ...result._meta, [`${META}serverInfo`]: server.info };
    return { resultType: "complete", ...result, _meta };
  };
}

function readCaller({ params }: JSONRPCRequest): Caller {
  const meta: Readonly<Record<string, unknown>> = params?._meta ?? {};
  const version = meta[`${META}protocolVersion`];
  const capabilities = meta[`${META}clientCapabilities`];
  const clientInfo = meta[`${META}clientInfo`];
  if (typeof version !== "string") {
    throw new ProtocolError(ErrorCode.InvalidParams, `_meta["${META}protocolVersion"] is required.`);
  }
  if (version !== VERSION) {
    const requested = /^[\w.:-]{1,20}$/.test(version) ? version : "unknown"; // a longer one may be a credential
    const data = { supported: [VERSION], requested };
    throw new ProtocolError(UNSUPPORTED_VERSION, "Unsupported protocol version", data);
  }
  if (!isRecord(capabilities)) {
    throw new ProtocolError(ErrorCode.InvalidParams, `_meta["${META}clientCapabilities"] is required.`);
  }
  return describeCaller(clientInfo, capabilities);
}

function cannotAsk(): ProtocolError {
  return new ProtocolError(
    MISSING_CAPABILITY,
    "This edit needs a person's confirmation through the MCP client, and this one offers no way to ask (elicitation). No edit was sent. An operator can set TENCENT_CHAT_CONFIRM_EDITS to never and restart the MCP host.",
    { requiredCapabilities: { elicitation: { form: {} } } },
  );
}
