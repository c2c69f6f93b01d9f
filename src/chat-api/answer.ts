import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { AnswerHead } from "../channel/explanation.ts";
import { clip } from "../channel/text.ts";
import { MOST_ANSWER_BYTES, type RawAnswer } from "./connection.ts";
import { NoValidAnswer } from "./network-failure.ts";
import { remarkOnClock, ServiceRefusal } from "./service-refusal.ts";

/** From bytes to an answer that means something, or to the reason why it does not. A body is never shown. */

/** A valid answer to a whole request: ErrorCode is 0. */
export interface Answer {
  readonly head: AnswerHead;
  readonly content: Readonly<Record<string, unknown>>;
  /** The server's Date header. */
  readonly serverDate: string | undefined;
}

/**
 * Reads an answer.
 *
 * @param now milliseconds since 1970, to compare with the server's Date
 * @param scrub takes secrets out of the text before any of it is clipped, for the half of one is not known as such
 * @throws NoValidAnswer where status, encoding, JSON or the documented head are not as they should be
 * @throws ServiceRefusal where ErrorCode is not 0
 */
export function readAnswer(raw: RawAnswer, now: number, scrub: (text: string) => string): Answer {
  refuseStatus(raw.status);
  const content = parse(scrub(decode(raw)));
  const code = content.ErrorCode;
  const serverDate = dateOf(raw);
  if (!Number.isSafeInteger(code)) throw malformed("ErrorCode is missing or no whole number");
  const head = readHead(content);
  if (code !== 0) throw new ServiceRefusal({ ...head, ErrorCode: code as number }, remarkOnClock(serverDate, now));
  if (head.ActionStatus !== undefined && head.ActionStatus !== "OK")
    throw malformed("ActionStatus and ErrorCode disagree");
  return { head, content, serverDate };
}

/** The documented head of an answer or of one of its elements; what is of another type is left out, long text clipped. */
export function readHead(content: Readonly<Record<string, unknown>>): AnswerHead {
  const text = (key: string) => (typeof content[key] === "string" ? { [key]: clip(content[key]) } : {});
  return {
    ...text("ActionStatus"),
    ...(Number.isSafeInteger(content.ErrorCode) ? { ErrorCode: content.ErrorCode as number } : {}),
    ...text("ErrorInfo"),
    ...text("RequestId"),
  };
}

/** For what an answer should hold and does not. */
export function malformed(detail: string): NoValidAnswer {
  return new NoValidAnswer("answerMalformed", detail);
}

function refuseStatus(status: number): void {
  if (status === 200) return;
  const told = `HTTP ${status}`;
  if (status === 429) throw new NoValidAnswer("tooManyRequests", told);
  if (status >= 500) throw new NoValidAnswer("serverError", told);
  if (status >= 300 && status < 400) throw new NoValidAnswer("redirected", told);
  if (status >= 400) throw new NoValidAnswer("statusRefused", told);
  throw malformed(`${told} where 200 is the only documented status`);
}

function decode({ headers, body }: RawAnswer): string {
  const encoding = String(headers["content-encoding"] ?? "identity")
    .trim()
    .toLowerCase();
  const bytes = decompress(body, encoding);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("not valid UTF-8");
  }
}

// No compression is asked for, but a gateway may compress all the same; the cap then counts what comes out.
function decompress(body: Buffer, encoding: string): Buffer {
  const limit = { maxOutputLength: MOST_ANSWER_BYTES };
  try {
    switch (encoding) {
      case "identity":
      case "":
        return body;
      case "gzip":
      case "x-gzip":
        return gunzipSync(body, limit);
      case "deflate":
        return inflateSync(body, limit);
      case "br":
        return brotliDecompressSync(body, limit);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw new NoValidAnswer("answerTooLarge");
    throw malformed("its compression is broken");
  }
  throw malformed("an unknown content encoding");
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, which may hold anything.
    throw malformed("not valid JSON, or cut short");
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) throw malformed("not a JSON object");
  if (repeatsKey(text)) throw malformed("a key stands twice in one object");
  return content as Record<string, unknown>;
}

/** True if an object in a valid JSON text has the same key twice: two answers in one, of which none can be trusted. */
function repeatsKey(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, key] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (key !== undefined) {
      const keys = open.at(-1);
      const name = key.includes("\\") ? (JSON.parse(key) as string) : key.slice(1, -1);
      if (keys?.has(name)) return true;
      keys?.add(name);
    }
  }
  return false;
}

function dateOf(raw: RawAnswer): string | undefined {
  const date = raw.headers.date;
  return typeof date === "string" ? date : undefined;
}
