import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { noLog } from "../../src/log.ts";
import { startSession } from "../../src/mcp/session.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { waitUntil } from "../support/clock.ts";
import { contextOn, GET, MODIFY, PENN, startSandbox } from "../support/service.ts";

async function open(openContext: () => Promise<ToolContext>) {
  const input = new PassThrough();
  const written: string[] = [];
  const session = await startSession(
    { version: "0", readOnly: false, isSandbox: false, openContext, log: noLog },
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
  await waitUntil(() => written.length === 1);
  return { session, input, send, answers };
}

const call = {
  method: "tools/call",
  params: { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } },
};

describe("a session", () => {
  test("answers a call in flight before it ends, and closes the context", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(sandbox.endpoint);
    const close = vi.spyOn(context, "close");
    const { session, send, answers } = await open(async () => context);
    sandbox.faults.add({ response: { delayMs: 300 } });
    send({ id: 2, ...call });
    await waitUntil(() => sandbox.requests.length === 1);
    await session.end(AbortSignal.timeout(1_400));
    expect(answers()[1]).toMatchObject({ id: 2, result: { structuredContent: { ErrorCode: 0 } } });
    expect(close).toHaveBeenCalledOnce();
  });

  test("takes no more calls once it shuts down", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(sandbox.endpoint);
    const { session, input, send, answers } = await open(async () => context);
    sandbox.faults.add({ response: { delayMs: 300 } });
    send({ id: 2, ...call });
    await waitUntil(() => sandbox.requests.length === 1);
    const ended = session.end(AbortSignal.timeout(1_400));
    input.resume(); // as a writer does that was held back
    send({ id: 3, ...call });
    await ended;
    expect(answers().map(({ id }) => id)).toEqual([1, 2]);
    expect(sandbox.requests).toHaveLength(1);
  });

  test("reports an internal error in an edit with its own stage, and says that the outcome is not known", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(sandbox.endpoint);
    vi.spyOn(context.journal, "begin").mockImplementation(() => {
      throw new Error("a bug");
    });
    const { session, send, answers } = await open(async () => context);
    const edit = { name: MODIFY, arguments: { Official_Account: PENN, Name: "x" } };
    send({ id: 2, method: "tools/call", params: edit });
    await waitUntil(() => answers().length === 2);
    expect(answers()[1].result.structuredContent.explanation).toMatchObject({
      stage: "internal",
      cause: "This server has a bug that stopped the call; whether the edit was sent is not known.",
      nextStep: expect.stringMatching(/^Read the channel/),
    });
    await session.end(AbortSignal.timeout(1_400));
  });

  test("cancels at its end a call that takes too long, and answers nothing for it", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(sandbox.endpoint);
    const { session, send, answers } = await open(async () => context);
    sandbox.faults.add({ response: "silence" });
    send({ id: 2, ...call });
    await waitUntil(() => sandbox.requests.length === 1);
    await session.end(AbortSignal.timeout(1_400));
    expect(answers()).toHaveLength(1);
  });

  test("reports a context that cannot be opened as an internal error", async () => {
    const { session, send, answers } = await open(async () => {
      throw new Error("a port was taken");
    });
    send({ id: 2, ...call });
    await waitUntil(() => answers().length === 2);
    expect(answers()[1].result).toMatchObject({
      isError: true,
      structuredContent: { explanation: { fixedBy: "operator" } },
    });
    expect(answers()[1].result.content[0].text).toMatch(
      /^Internal error of this server: This server has a bug that stopped the call; nothing was changed\.\n/,
    );
    expect(JSON.stringify(answers()[1])).not.toContain("a port was taken");
    await session.end(AbortSignal.timeout(1_400));
  });

  test("connects to nothing before a tool is called, but loads what a call needs once the tools were listed", async () => {
    const sandbox = await startSandbox();
    const context = contextOn(sandbox.endpoint);
    const warmUp = vi.spyOn(context, "warmUp");
    const { session, send, answers } = await open(async () => context);
    send({ id: 2, method: "tools/list" });
    await waitUntil(() => answers().length === 2);
    await waitUntil(() => warmUp.mock.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sandbox.connections).toBe(0);
    await session.end(AbortSignal.timeout(1_400));
  });
});
