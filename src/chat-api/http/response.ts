import { isUtf8 } from "node:buffer";
import type { Envelope } from "../../call/explained-error.ts";
import { isRecord, parseJson } from "../../text/json.ts";
import { clip } from "../../text/text.ts";
import type { Secrets } from "../auth/secrets.ts";
import { lookUpCode } from "../errors/error-codes.ts";
import { type CodeFailure, malformed, type NetworkFailure, networkFailure } from "../errors/failure.ts";
import type { HttpResponse } from "./http-client.ts";

/** From bytes to a valid answer, or to the reason why it is none. A body is never shown. */

/** A clock further off than this many seconds is mentioned where a signature was refused. */
const MAX_CLOCK_SKEW_SECONDS = 120;
/** A longer Retry-After than this many milliseconds is taken for this. */
const MAX_RETRY_AFTER_MS = 300_000;

/** A valid answer to a whole request: ErrorCode is 0. */
export interface ApiResponse {
  readonly kind: "response";
  readonly envelope: Envelope;
  readonly content: Readonly<Record<string, unknown>>;
  /** What is wrong with this machine's clock; empty if nothing. */
  readonly clockNote: string;
}

/**
 * Reads an answer.
 *
 * @param named the command and the IDs that the call named; they stay readable in the service's text
 */
export function readResponse(
  response: HttpResponse,
  secrets: Secrets,
  named: readonly string[],
): ApiResponse | CodeFailure | NetworkFailure {
  const retryAfterMs = readRetryAfter(response.headers["retry-after"]);
  if (response.status !== 200) return { ...failureOfStatus(response.status), retryAfterMs };
  const content = isUtf8(response.body) ? parseJson(new TextDecoder().decode(response.body)) : undefined;
  if (content === undefined) return malformed("not valid JSON in UTF-8, or cut short");
  if (!isRecord(content)) return malformed("not a JSON object");
  const { ErrorCode: code, ActionStatus } = content;
  if (!isInteger(code)) return malformed("ErrorCode is missing or not a whole number");
  const clockNote = describeClockSkew(response.headers.date, Date.now());
  const envelope = readEnvelope(content, secrets, named);
  if (code !== 0) return { ...codeFailure({ ...envelope, ErrorCode: code }, clockNote), retryAfterMs };
  if (ActionStatus !== undefined && ActionStatus !== "OK") return malformed("ActionStatus and ErrorCode disagree");
  return { kind: "response", envelope, content, clockNote };
}

export function codeFailure(envelope: CodeFailure["envelope"], clockNote = ""): CodeFailure {
  return { kind: "code", envelope, code: lookUpCode(envelope.ErrorCode), clockNote };
}

/**
 * The documented envelope of an answer or of one of its elements, safe to show: values of another type are left out,
 * credentials are replaced before anything is cut, since half of one could not be recognized.
 */
export function readEnvelope(
  content: Readonly<Record<string, unknown>>,
  secrets: Secrets,
  named: readonly string[],
): Envelope {
  const { ActionStatus, ErrorCode, ErrorInfo, RequestId } = content;
  const safe = (text: string) => clip(secrets.redactServiceText(text, named));
  return {
    ...(typeof ActionStatus === "string" && { ActionStatus: safe(ActionStatus) }),
    ...(isInteger(ErrorCode) && { ErrorCode }),
    ...(typeof ErrorInfo === "string" && { ErrorInfo: safe(ErrorInfo) }),
    ...(typeof RequestId === "string" && { RequestId: clip(secrets.redactRequestId(RequestId)) }),
  };
}

/** What is wrong with this machine's clock where it and the server's Date header differ by more than two minutes. */
export function describeClockSkew(date: string | string[] | undefined, now: number): string {
  const server = Date.parse(String(date));
  const skewSeconds = Math.round((now - server) / 1000);
  if (!(Math.abs(skewSeconds) > MAX_CLOCK_SKEW_SECONDS)) return ""; // an unreadable Date gives NaN and says nothing
  const minutes = Math.round(Math.abs(skewSeconds) / 60);
  return `This machine's clock is ${minutes} minutes ${skewSeconds > 0 ? "ahead of" : "behind"} the server's Date (${new Date(server).toUTCString()}): set the clock.`;
}

/** Milliseconds that a Retry-After header asks for, in seconds or as a date; undefined where there is none. */
function readRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string") return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

function failureOfStatus(status: number): NetworkFailure {
  if (status === 429) return networkFailure("tooManyRequests");
  return networkFailure(status >= 500 ? "serverError" : "statusRejected", `HTTP ${status}`);
}

/** True for a whole number that JSON carries exactly. */
export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
