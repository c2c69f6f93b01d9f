import type { Readable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { isRecord } from "../text/json.ts";
import { INVALID_REQUEST, PARSE_ERROR } from "./protocol-error.ts";

/**
 * JSON-RPC over lines of ASCII. The SDK's own transport leaves bad lines unanswered, closes at a long one, takes null
 * for a value, and does not know which calls are still in flight.
 */

/** Maximum bytes of a line; the largest valid call is about 40 kB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  readonly #input: Readable;
  readonly #write: (line: string) => void;
  readonly #inFlight = new Set<unknown>();
  #onIdle = () => {};
  /** The beginning of a line whose end has not arrived. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param write takes one whole line for the client, newline included */
  constructor(input: Readable, write: (line: string) => void) {
    this.#input = input;
    this.#write = write;
  }

  async start(): Promise<void> {
    this.#input.on("data", this.#receive).on("end", this.#endLine);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#writeJson(fromSdk(message));
    if (!("method" in message)) this.#settle(message.id);
  }

  async close(): Promise<void> {
    this.stopReading();
    this.onclose?.();
  }

  /** Takes no further line. */
  stopReading(): void {
    this.#input.off("data", this.#receive).off("end", this.#endLine).pause();
  }

  /** Resolves when no request waits for its answer. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#inFlight.size === 0) resolve();
    });
  }

  readonly #receive = (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#append(chunk.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#append(chunk.subarray(from));
  };

  /** Of a line that is too long nothing is kept. */
  #append(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > MAX_LINE_BYTES) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  /** The last line may lack its line break. */
  readonly #endLine = () => {
    const line = Buffer.concat(this.#pieces);
    const isTooLong = this.#bytes > MAX_LINE_BYTES;
    this.#pieces = [];
    this.#bytes = 0;
    if (isTooLong) this.#reject(INVALID_REQUEST, `The maximum length of a message is ${MAX_LINE_BYTES} bytes.`);
    else this.#read(line);
  };

  #read(line: Buffer): void {
    let content: unknown;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(line);
      if (text.trim() === "") return;
      content = JSON.parse(text);
    } catch {
      this.#reject(PARSE_ERROR, "This line is not valid JSON in UTF-8.");
      return;
    }
    if (Array.isArray(content)) this.#reject(INVALID_REQUEST, "MCP has no batches: send one message per line.");
    else if (isRecord(content)) this.#receiveMessage(content);
  }

  #receiveMessage(content: Readonly<Record<string, unknown>>): void {
    const { id, method } = content;
    const hasId = typeof id === "string" || Number.isSafeInteger(id);
    const params = readableParams(content.params);
    const isValid =
      content.jsonrpc === "2.0" && typeof method === "string" && (params === undefined || isRecord(params));
    if ("method" in content && "id" in content) {
      if (!isValid || !hasId || this.#inFlight.has(id)) {
        // An error with the ID of a request in flight would be taken for its answer.
        const isTaken = isValid && hasId;
        const problem = isTaken ? "A request with this ID is in flight." : describeInvalid(hasId);
        this.#reject(INVALID_REQUEST, problem, hasId && !this.#inFlight.has(id) ? id : null);
        return;
      }
      this.#inFlight.add(id);
    } else if ("method" in content ? !isValid : !hasId) return; // what is no request has no answer
    // It is not answered; its ID is free again when the SDK has cancelled it.
    if (method === "notifications/cancelled" && isRecord(params)) setImmediate(() => this.#settle(params.requestId));
    const { result, error } = content;
    const message = {
      jsonrpc: "2.0",
      ...("method" in content
        ? { ...("id" in content && { id }), method, ...(params !== undefined && { params }) }
        : { id: Number(id) - 1, ...("error" in content ? { error } : { result }) }), // see fromSdk
    };
    this.onmessage?.(message as JSONRPCMessage);
  }

  #reject(code: number, message: string, id: unknown = null): void {
    this.#writeJson({ jsonrpc: "2.0", id, error: { code, message } });
  }

  /** In ASCII: some clients split lines at U+2028, or decode by the locale. */
  #writeJson(message: object): void {
    const ascii = JSON.stringify(message).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    this.#write(`${ascii}\n`);
  }

  #settle(id: unknown): void {
    this.#inFlight.delete(id);
    if (this.#inFlight.size === 0) this.#onIdle();
  }
}

function describeInvalid(hasId: boolean): string {
  return hasId
    ? "Not a JSON-RPC 2.0 request."
    : "The id of a request must be a string, or a whole number that JavaScript can hold.";
}

/**
 * Some hosts send null for what they leave out, or [] for an empty object. A part of _meta that is not as the protocol
 * has it is dropped too: the SDK would not answer the request. There are no tasks here.
 */
function readableParams(params: unknown): unknown {
  if (params === null || isEmptyList(params)) return undefined;
  if (!isRecord(params)) return params;
  const { _meta, task: _, ...others } = withoutNulls(params);
  return { ...others, ...(isRecord(_meta) && { _meta: readableMeta(_meta) }) };
}

function readableMeta(meta: Readonly<Record<string, unknown>>): object {
  const { progressToken, ...others } = withoutNulls(meta);
  const isToken = typeof progressToken === "string" || Number.isSafeInteger(progressToken);
  const plain = Object.entries(others).filter(([key]) => key !== "io.modelcontextprotocol/related-task");
  return { ...Object.fromEntries(plain), ...(isToken && { progressToken }) };
}

function withoutNulls(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * SDK v1 numbers its own requests from 0, which clients take for none when a question is withdrawn. On the wire the
 * numbers are one higher.
 */
function fromSdk(message: JSONRPCMessage): object {
  if ("method" in message && "id" in message && typeof message.id === "number")
    return { ...message, id: message.id + 1 };
  if (!("method" in message) || message.method !== "notifications/cancelled") return message;
  const { requestId } = message.params ?? {};
  return { ...message, params: { ...message.params, requestId: Number(requestId) + 1 } };
}
