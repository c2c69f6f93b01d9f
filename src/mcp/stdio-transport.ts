import type { Readable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ErrorCode, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { isRecord } from "../text/json.ts";
import { unicodeEscape } from "../text/text.ts";

/** JSON-RPC over lines of ASCII. The SDK's own transport leaves bad lines unanswered, and takes null for a value. */

export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  readonly #input: Readable;
  readonly #write: (line: string) => void;
  /** The beginning of a line whose end has not arrived. */
  #pieces: Buffer[] = [];

  /** @param write takes one whole line for the client, newline included */
  constructor(input: Readable, write: (line: string) => void) {
    this.#input = input;
    this.#write = write;
  }

  async start(): Promise<void> {
    this.#input.on("data", this.#receive).on("end", this.#endLine);
  }

  /** Sends ASCII: some clients split lines at U+2028, or decode by the locale. */
  async send(message: object): Promise<void> {
    this.#write(`${JSON.stringify(message).replace(/[\u007f-\uffff]/g, unicodeEscape)}\n`);
  }

  async close(): Promise<void> {
    this.stopReading();
    this.onclose?.();
  }

  stopReading(): void {
    this.#input.off("data", this.#receive).off("end", this.#endLine).pause();
  }

  readonly #receive = (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      this.#pieces.push(rest.subarray(0, end));
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#pieces.push(rest);
  };

  /** The last line may lack its line break. */
  readonly #endLine = () => this.#read(Buffer.concat(this.#pieces.splice(0)));

  #read(line: Buffer): void {
    let content: unknown;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(line);
      if (text.trim() === "") return;
      content = JSON.parse(text);
    } catch {
      this.#reject(ErrorCode.ParseError, "This line is not valid JSON in UTF-8.");
      return;
    }
    if (Array.isArray(content))
      this.#reject(ErrorCode.InvalidRequest, "MCP has no batches: send one message per line.");
    else if (isRecord(content)) this.#receiveMessage(content);
  }

  #receiveMessage(content: Readonly<Record<string, unknown>>): void {
    const { jsonrpc, id, method, result, error } = content;
    const hasId = typeof id === "string" || Number.isSafeInteger(id);
    if (!("method" in content)) {
      const isResult = isRecord(result) && (error ?? null) === null;
      const noResult = { error: { code: ErrorCode.InvalidRequest, message: "no result" } };
      // The SDK would drop an answer with a _meta of another form, and wait on.
      const answer = isResult ? { result: { ...result, _meta: undefined } } : noResult;
      if (hasId) this.onmessage?.({ jsonrpc: "2.0", id, ...answer } as JSONRPCMessage);
      return;
    }
    const isRequest = "id" in content;
    const params = readableParams(content.params);
    const isReadable = typeof method === "string" && (params === undefined || isRecord(params));
    if (jsonrpc !== "2.0" || !isReadable || (isRequest && !hasId)) {
      const problem = "Not a JSON-RPC 2.0 request, whose id is a string or a whole number that JavaScript can hold.";
      if (isRequest) this.#reject(ErrorCode.InvalidRequest, problem, hasId ? id : null);
      return; // what is no request has no answer
    }
    const message = { jsonrpc, ...(isRequest && { id }), method, ...(params && { params }) };
    this.onmessage?.(message as JSONRPCMessage);
  }

  #reject(code: number, message: string, id: unknown = null): void {
    void this.send({ jsonrpc: "2.0", id, error: { code, message } });
  }
}

/**
 * Some hosts send null for what they leave out, or [] for an empty object. A progress token of another type and tasks,
 * which are not offered, are dropped too: the SDK would refuse the request, or not answer it.
 */
function readableParams(params: unknown): unknown {
  if (params === null || (Array.isArray(params) && params.length === 0)) return undefined;
  if (!isRecord(params)) return params;
  const { _meta, task: _, ...others } = withoutNulls(params);
  if (!isRecord(_meta)) return others;
  const { progressToken, "io.modelcontextprotocol/related-task": __, ...meta } = withoutNulls(_meta);
  const isToken = typeof progressToken === "string" || Number.isSafeInteger(progressToken);
  return { ...others, _meta: { ...meta, ...(isToken && { progressToken }) } };
}

function withoutNulls(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
