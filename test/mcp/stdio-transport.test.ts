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
    ["another version", '{"jsonrpc":"1.0","id":"x","method":"ping"}', -32600, "x"],
    ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
    ["a method that is no text", '{"jsonrpc":"2.0","id":7,"method":5}', -32600, 7],
    ["params that are a list", '{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', -32600, 7],
    ["a batch", `[${JSON.stringify(ping)}]`, -32600, null],
  ])("that are %s are answered once, and the next is read", async (_what, line, code, id) => {
    const { input, written, received, settle } = await open();
    input.write(`${line}\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(written.map((text) => JSON.parse(text))).toEqual([
      { jsonrpc: "2.0", id, error: { code, message: expect.any(String) } },
    ]);
    expect(received).toEqual([ping]);
  });

  test.each([
    ["no request and no response", '{"id":7}'],
    ["null", "null"],
    ["a number", "5"],
    ["a notification that is none", '{"jsonrpc":"1.0","method":"x"}'],
    ["a response without an ID", '{"jsonrpc":"2.0","result":{}}'],
  ])("that are %s are not answered: nobody waits", async (_what, line) => {
    const { input, written, received, settle } = await open();
    input.write(`${line}\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(written).toEqual([]);
    expect(received.at(-1)).toEqual(ping);
  });

  test.each<[string, object, object | undefined]>([
    ["params of PHP's empty array", { params: [] }, undefined],
    ["_meta of it", { params: { _meta: [] } }, {}],
    ["a progress token that lost digits", { params: { _meta: { progressToken: 2 ** 60, a: 1 } } }, { _meta: { a: 1 } }],
    [
      "tasks, which are not offered",
      { params: { task: {}, _meta: { "io.modelcontextprotocol/related-task": { taskId: "t" } } } },
      { _meta: {} },
    ],
    ["a progress token that is an object", { params: { _meta: { progressToken: {} } } }, { _meta: {} }],
  ])("with %s are read without it", async (_what, more, params) => {
    const { input, received, settle } = await open();
    input.write(`${JSON.stringify({ ...ping, ...more })}\n`);
    await settle();
    expect(received).toEqual([{ ...ping, ...(params && { params }) }]);
  });

  test("take null in params and in _meta for what is left out", async () => {
    const { input, received, settle } = await open();
    input.write(`${JSON.stringify({ ...ping, params: null })}\n`);
    const params = { cursor: null, name: "n", _meta: { progressToken: null, a: 1 }, arguments: { Name: null } };
    input.write(`${JSON.stringify({ ...ping, id: 2, params })}\n`);
    await settle();
    expect(received).toEqual([
      ping,
      { ...ping, id: 2, params: { name: "n", _meta: { a: 1 }, arguments: { Name: null } } },
    ]);
  });

  test("take an answer of the client", async () => {
    const { input, received, settle } = await open();
    input.write(
      '{"jsonrpc":"2.0","id":1,"result":{"a":1}}\n{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}\n',
    );
    await settle();
    expect(received).toMatchObject([
      { id: 1, result: { a: 1 } },
      { id: 1, error: { code: expect.any(Number) } },
    ]);
  });

  test.each([
    ['"result":{"a":1},"error":null', { result: { a: 1 } }],
    ['"result":{"a":1,"_meta":null}', { result: { a: 1 } }],
    ['"result":{"a":1,"_meta":{"progressToken":1.5}}', { result: { a: 1 } }],
    ['"result":null', { error: {} }],
    ['"result":"yes"', { error: {} }],
    ['"error":null', { error: {} }],
    ['"error":"no"', { error: {} }],
    ['"result":{"a":1},"error":{"code":1}', { error: {} }],
  ])("take an answer with %s for one: nothing waits for another", async (parts, answer) => {
    const { input, received, settle } = await open();
    input.write(`{"jsonrpc":"2.0","id":1,${parts}}\n`);
    await settle();
    expect(received).toMatchObject([{ id: 1, ...answer }]);
    expect(received).not.toHaveProperty([0, "result", "_meta", "progressToken"]);
  });

  test("come out in ASCII, and mean the same", async () => {
    const { written, transport } = await open();
    const text = "茶 \u2028 \u007f 🎋 \ud800 \u0001";
    await transport.send({ jsonrpc: "2.0", id: 1, result: { text } });
    expect(written[0]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(written[0] ?? "").result.text).toBe(text);
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
});

describe("lines after closing", () => {
  test("are no more taken in", async () => {
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
