import { PassThrough } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { StdioTransport } from "../../src/mcp/stdio-transport.ts";

async function open() {
  const input = new PassThrough();
  const written: string[] = [];
  const received: JSONRPCMessage[] = [];
  const transport = new StdioTransport(input, (line) => void written.push(line));
  transport.onmessage = (message) => received.push(message);
  await transport.start();
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { input, written, received, transport, settle };
}

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

describe("lines in", () => {
  test("are read however they are cut, with CRLF, and past blank ones", async () => {
    const { input, received, settle } = await open();
    const text = `${JSON.stringify(ping)}\r\n\n  \n${JSON.stringify({ ...ping, id: "茶" })}\n`;
    for (const byte of Buffer.from(text)) input.write(Buffer.from([byte]));
    await settle();
    expect(received).toEqual([ping, { ...ping, id: "茶" }]);
  });

  test("without a line break at the end of the input are read", async () => {
    const { input, received, settle } = await open();
    input.end(JSON.stringify(ping));
    await settle();
    await settle();
    expect(received).toEqual([ping]);
  });

  test("several in one piece are all read", async () => {
    const { input, received, settle } = await open();
    input.write([1, 2, 3].map((id) => `${JSON.stringify({ ...ping, id })}\n`).join(""));
    await settle();
    expect(received).toHaveLength(3);
  });

  test.each([
    ["half a JSON", '{"jsonrpc":', -32700, null],
    ["NUL", "\u0000", -32700, null],
    ["no JSON-RPC", '{"id":7}', -32600, 7],
    ["another version", '{"jsonrpc":"1.0","id":"x","method":"ping"}', -32600, "x"],
    ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
    ["a batch", `[${JSON.stringify(ping)}]`, -32600, null],
    ["null", "null", -32600, null],
    ["a number", "5", -32600, null],
  ])("that are %s are answered, and the next is read", async (_what, line, code, id) => {
    const { input, written, received, settle } = await open();
    input.write(`${line}\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(written.map((text) => JSON.parse(text))).toEqual([
      { jsonrpc: "2.0", id, error: { code, message: expect.any(String) } },
    ]);
    expect(received).toEqual([ping]);
  });

  test("in bytes that are no UTF-8 are answered, not guessed at", async () => {
    const { input, written, received, settle } = await open();
    input.write(
      Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'), Buffer.from([0xff]), Buffer.from('"}\n')]),
    );
    await settle();
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ error: { code: -32700 } });
    expect(received).toEqual([]);
  });

  test("longer than a mebibyte are dropped, answered, and forgotten", async () => {
    const { input, written, received, settle } = await open();
    const chunk = Buffer.alloc(64 * 1024, "x");
    const before = process.memoryUsage().arrayBuffers;
    for (let size = 0; size < 12 * 1024 * 1024; size += chunk.length) {
      input.write(chunk);
      if (size % (1024 * 1024) === 0) await settle();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * 1024 * 1024);
    input.write(`\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(written.map((text) => JSON.parse(text))).toEqual([
      {
        jsonrpc: "2.0",
        id: null,
        error: { code: -32600, message: "The maximum length of a message is 1048576 bytes." },
      },
    ]);
    expect(received).toEqual([ping]);
  });

  test("of a mebibyte that come byte by byte take little more memory than that", async () => {
    const { input, received } = await open();
    const frame = JSON.stringify({ ...ping, params: { pad: "" } });
    const line = `${JSON.stringify({ ...ping, params: { pad: "x".repeat(1024 * 1024 - frame.length) } })}\n`;
    const byte = Buffer.alloc(1);
    const before = process.memoryUsage();
    let max = 0;
    for (let at = 0; at < line.length; at += 1) {
      byte[0] = line.charCodeAt(at);
      input.emit("data", byte);
      if (at % 100_000 === 0) max = Math.max(max, process.memoryUsage().external - before.external);
    }
    expect(received).toHaveLength(1);
    expect(max).toBeLessThan(10 * 1024 * 1024);
  });

  test("of exactly a mebibyte are read", async () => {
    const { input, received, settle } = await open();
    const frame = JSON.stringify({ ...ping, params: { pad: "" } });
    input.write(`${JSON.stringify({ ...ping, params: { pad: "x".repeat(1024 * 1024 - frame.length) } })}\n`);
    await settle();
    expect(received).toHaveLength(1);
  });
});

describe("calls in flight", () => {
  test("of the same ID at the same time: the second is refused, and the first is answered", async () => {
    const { input, written, received, transport, settle } = await open();
    input.write(`${JSON.stringify(ping)}\n`.repeat(2));
    await settle();
    expect(received).toHaveLength(1);
    expect(written.map((text) => JSON.parse(text))).toMatchObject([{ id: null, error: { code: -32600 } }]);
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    input.write(`${JSON.stringify(ping)}\n`);
    await settle();
    expect(received).toHaveLength(2);
  });

  test("can be 20,000; one more is refused, and taken in once one of them is answered", async () => {
    const { input, written, received, transport, settle } = await open();
    const requests = Array.from({ length: 20_001 }, (_, id) => ({ ...ping, id }));
    input.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
    await settle();
    expect(received).toHaveLength(20_000);
    expect(written.map((text) => JSON.parse(text))).toMatchObject([{ id: 20_000, error: { code: -32000 } }]);
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    input.write(`${JSON.stringify(requests[20_000])}\n`);
    await settle();
    expect(received).toHaveLength(20_001);
  });

  test("that were cancelled do not lend their ID to another call", async () => {
    const { input, written, received, settle } = await open();
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
    input.write([ping, cancel, ping].map((message) => `${JSON.stringify(message)}\n`).join(""));
    await settle();
    expect(received).toEqual([ping, cancel]);
    expect(written.map((text) => JSON.parse(text))).toMatchObject([{ id: null, error: { code: -32600 } }]);
  });

  test("are known until they are answered or cancelled", async () => {
    const { input, transport, written, settle } = await open();
    await transport.idle();
    input.write(`${JSON.stringify(ping)}\n${JSON.stringify({ ...ping, id: 0 })}\n`);
    await settle();
    let isIdle = false;
    void transport.idle().then(() => {
      isIdle = true;
    });
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    await settle();
    expect(isIdle).toBe(false);
    input.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 0 } })}\n`);
    await settle();
    await settle();
    expect(isIdle).toBe(true);
    expect(written).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}\n']);
  });

  test("are no more taken in after closing", async () => {
    const { input, transport, received, settle } = await open();
    let isClosed = false;
    transport.onclose = () => {
      isClosed = true;
    };
    await transport.close();
    input.write(`${JSON.stringify(ping)}\n`);
    await settle();
    expect([isClosed, received]).toEqual([true, []]);
  });
});
