import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { serve } from "../../src/mcp/serve.ts";
import type { House } from "../../src/tools/tool.ts";
import { GET, houseOn, MODIFY, noLog, PENN, startSandbox } from "../support/service.ts";

async function open(openHouse: () => Promise<House>) {
  const input = new PassThrough();
  const written: string[] = [];
  const session = await serve(
    { version: "0", readOnly: false, isSandbox: false, openHouse, log: noLog },
    input,
    (line) => void written.push(line),
  );
  const send = (message: object) => input.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const answers = () => written.map((line) => JSON.parse(line));
  send({
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  });
  await vi.waitUntil(() => written.length === 1, { timeout: 10_000 });
  return { session, send, answers };
}

const call = {
  method: "tools/call",
  params: { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } },
};

describe("a session", () => {
  test("answers a call in flight before it ends, and closes the house", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    const close = vi.spyOn(house, "close");
    const { session, send, answers } = await open(async () => house);
    sandbox.faults.add({ meets: { delayMs: 300 } });
    send({ id: 2, ...call });
    await vi.waitUntil(() => sandbox.requests.length === 1, { timeout: 10_000 });
    await session.end();
    expect(answers()[1]).toMatchObject({ id: 2, result: { structuredContent: { ErrorCode: 0 } } });
    expect(close).toHaveBeenCalledOnce();
  });

  test("takes no more calls once it is ending", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    const { session, send, answers } = await open(async () => house);
    sandbox.faults.add({ meets: { delayMs: 300 } });
    send({ id: 2, ...call });
    await vi.waitUntil(() => sandbox.requests.length === 1, { timeout: 10_000 });
    const ended = session.end();
    send({ id: 3, ...call });
    await ended;
    expect(answers().map(({ id }) => id)).toEqual([1, 2]);
    expect(sandbox.requests).toHaveLength(1);
  });

  test("says of a fault of its own in an edit that nobody knows what came of it", async () => {
    const { session, send, answers } = await open(async () => {
      throw new Error("a bug");
    });
    const edit = { name: MODIFY, arguments: { Official_Account: PENN, Name: "x" } };
    send({ id: 2, method: "tools/call", params: edit });
    await vi.waitUntil(() => answers().length === 2, { timeout: 10_000 });
    expect(answers()[1].result.structuredContent.explanation).toMatchObject({
      cause: "This server has a fault of its own; whether the write was carried out is not known.",
      nextStep: expect.stringMatching(/^Read the channel/),
    });
    await session.end();
  });

  test("cuts a call that is too long, and answers nothing for it", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    const { session, send, answers } = await open(async () => house);
    sandbox.faults.add({ meets: "silence" });
    send({ id: 2, ...call });
    await vi.waitUntil(() => sandbox.requests.length === 1, { timeout: 10_000 });
    await session.end();
    expect(answers()).toHaveLength(1);
  });

  test("opens its house anew where that failed once, and tells a fault of its own as such", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    let times = 0;
    const { session, send, answers } = await open(async () => {
      times += 1;
      if (times === 1) throw new Error("a port was taken");
      return house;
    });
    send({ id: 2, ...call });
    await vi.waitUntil(() => answers().length === 2, { timeout: 10_000 });
    send({ id: 3, ...call });
    await vi.waitUntil(() => answers().length === 3, { timeout: 10_000 });
    expect(answers()[1].result).toMatchObject({
      isError: true,
      structuredContent: { explanation: { fixedBy: "operator" } },
    });
    expect(answers()[1].result.content[0].text).toMatch(
      /^Fault of this server: This server has a fault of its own; nothing was changed\.\n/,
    );
    expect(JSON.stringify(answers()[1])).not.toContain("a port was taken");
    expect(answers()[2].result.structuredContent.ErrorCode).toBe(0);
    await session.end();
  });

  test("loads the HTTP client once after the tools were listed, and connects to nothing", async () => {
    const sandbox = await startSandbox();
    const house = houseOn(sandbox.endpoint);
    const warmUp = vi.spyOn(house, "warmUp");
    const { session, send, answers } = await open(async () => house);
    send({ id: 2, method: "tools/list" });
    send({ id: 3, method: "tools/list" });
    await vi.waitUntil(() => answers().length === 3 && warmUp.mock.calls.length > 0, { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(warmUp).toHaveBeenCalledOnce();
    expect(sandbox.connections).toBe(0);
    await session.end();
  });
});
