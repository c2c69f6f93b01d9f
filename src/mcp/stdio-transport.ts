import type { Readable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  JSONRPCErrorResponseSchema,
  type JSONRPCMessage,
  JSONRPCNotificationSchema,
  JSONRPCRequestSchema,
  JSONRPCResultResponseSchema,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
import type * as z from "zod/v4";

/**
 * JSON-RPC over lines. The SDK's own transport leaves bad lines unanswered, closes at a long one, and does not know
 * which calls are still in flight.
 */

/** Maximum bytes of a line; the largest valid call is about 40 kB. */
const MAX_LINE_BYTES = 1024 * 1024;
/** The buffer for a line starts with this size. */
const INITIAL_BUFFER_BYTES = 16 * 1024;
/** More requests than this at once are refused, so that a client that never waits cannot fill the memory. */
const MAX_IN_FLIGHT = 20_000;
const TOO_MANY_REQUESTS = -32000;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const NEWLINE = 0x0a;

export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #input: Readable;
  readonly #write: (line: string) => void;
  readonly #inFlight = new Set<RequestId>();
  /** IDs of cancelled requests: the answer to another one with the same ID could be taken for theirs. */
  readonly #cancelled = new Set<RequestId>();
  #idleListeners: (() => void)[] = [];
  /** The beginning of a line whose end has not arrived. */
  #line = Buffer.alloc(INITIAL_BUFFER_BYTES);
  #bytes = 0;

  /** @param write takes one whole line for the client, newline included */
  constructor(input: Readable, write: (line: string) => void) {
    this.#input = input;
    this.#write = write;
  }

  async start(): Promise<void> {
    this.#input.on("data", this.#receive);
    this.#input.on("end", this.#receiveEnd);
    this.#input.on("error", this.#fail);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#write(`${JSON.stringify(message)}\n`);
    if (!("method" in message) && message.id !== undefined) this.#settle(message.id);
  }

  async close(): Promise<void> {
    this.stopReading();
    this.#input.off("error", this.#fail);
    this.onclose?.();
  }

  /** Takes no further line, also when the input is resumed. */
  stopReading(): void {
    this.#input.off("data", this.#receive);
    this.#input.off("end", this.#receiveEnd);
    this.#input.pause();
  }

  /** Resolves when no call waits for its answer. */
  idle(): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  readonly #fail = (error: Error) => this.onerror?.(error);

  readonly #receive = (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#append(chunk.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#append(chunk.subarray(from));
  };

  /** The last line may lack its line break. */
  readonly #receiveEnd = () => {
    if (this.#bytes > 0) this.#endLine();
  };

  /** Of a line that is too long only the length is kept. */
  #append(piece: Buffer): void {
    const from = this.#bytes;
    this.#bytes += piece.length;
    if (this.#bytes > MAX_LINE_BYTES) return;
    if (this.#bytes > this.#line.length) {
      const larger = Buffer.alloc(Math.max(this.#bytes, 2 * this.#line.length));
      this.#line.copy(larger, 0, 0, from);
      this.#line = larger;
    }
    piece.copy(this.#line, from);
  }

  #endLine(): void {
    const line = this.#line.subarray(0, this.#bytes);
    const isTooLong = this.#bytes > MAX_LINE_BYTES;
    this.#bytes = 0;
    if (this.#line.length > INITIAL_BUFFER_BYTES) this.#line = Buffer.alloc(INITIAL_BUFFER_BYTES);
    if (isTooLong) this.#reject(INVALID_REQUEST, `The maximum length of a message is ${MAX_LINE_BYTES} bytes.`, null);
    else this.#read(line);
  }

  #read(line: Buffer): void {
    let content: unknown;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(line);
      if (text.trim() === "") return;
      content = JSON.parse(text);
    } catch {
      this.#reject(PARSE_ERROR, "This line is not valid JSON in UTF-8.", null);
      return;
    }
    const { success, data: message } = schemaFor(content).safeParse(content);
    if (!success) {
      const problem = Array.isArray(content)
        ? "MCP has no batches: send one message per line."
        : "Not a JSON-RPC 2.0 message.";
      this.#reject(INVALID_REQUEST, problem, idOf(content));
      return;
    }
    if ("method" in message && "id" in message) {
      if (this.#inFlight.has(message.id) || this.#cancelled.has(message.id)) {
        // An answer with this ID would be taken for the answer to the first request.
        this.#reject(INVALID_REQUEST, "A request with the same ID is still in flight, or was cancelled.", null);
        return;
      }
      if (this.#inFlight.size >= MAX_IN_FLIGHT) {
        const problem = `The maximum of requests in flight is ${MAX_IN_FLIGHT}: send this one again later.`;
        this.#reject(TOO_MANY_REQUESTS, problem, message.id);
        return;
      }
      this.#inFlight.add(message.id);
    }
    // A cancelled call is not answered, so it is not waited for.
    if ("method" in message && message.method === "notifications/cancelled") {
      const id = message.params?.requestId;
      if ((typeof id === "string" || typeof id === "number") && this.#inFlight.has(id)) {
        this.#cancelled.add(id);
        this.#settle(id);
      }
    }
    this.onmessage?.(message);
  }

  #reject(code: number, message: string, id: RequestId | null): void {
    this.#write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } })}\n`);
  }

  #settle(id: RequestId): void {
    this.#inFlight.delete(id);
    if (this.#inFlight.size > 0) return;
    const listeners = this.#idleListeners;
    this.#idleListeners = [];
    for (const listener of listeners) listener();
  }
}

/** The one schema that a message can fit: the SDK's union of all four would try each, on every message. */
function schemaFor(content: unknown): z.ZodType<JSONRPCMessage> {
  const has = (key: string) => typeof content === "object" && content !== null && key in content;
  if (has("method")) return has("id") ? JSONRPCRequestSchema : JSONRPCNotificationSchema;
  return has("error") ? JSONRPCErrorResponseSchema : JSONRPCResultResponseSchema;
}

function idOf(content: unknown): RequestId | null {
  if (typeof content !== "object" || content === null || !("id" in content)) return null;
  return typeof content.id === "string" || typeof content.id === "number" ? content.id : null;
}
