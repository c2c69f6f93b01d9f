import { describe, expect, test, vi } from "vitest";
import { BuiltServer } from "../support/built.ts";
import { environmentOf, GET, PENN, startSandbox } from "../support/service.ts";

const read = { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } };

async function open(env: Record<string, string> = {}, nodeArgs: string[] = []) {
  const sandbox = await startSandbox();
  const server = new BuiltServer(environmentOf(sandbox.endpoint, env), [], nodeArgs);
  await server.initialize();
  return { sandbox, server };
}

async function msToExit(server: BuiltServer): Promise<number> {
  const startedAt = performance.now();
  await server.exit();
  return performance.now() - startedAt;
}

describe("the end of the input", () => {
  test("while idle ends the process with 0, at once", async () => {
    const { server } = await open();
    await server.request("tools/call", read);
    server.child.stdin?.end();
    expect(await msToExit(server)).toBeLessThan(1_000);
    expect(server.child.exitCode).toBe(0);
  });

  test("in mid-call lets the answer out first", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ meets: { delayMs: 500 } });
    void server.request("tools/call", read, "late");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
    expect(server.messages.at(-1)).toMatchObject({ id: "late", result: { structuredContent: { ErrorCode: 0 } } });
  });

  test("cuts a call that takes too long, within two seconds", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ meets: "silence" });
    void server.request("tools/call", read, "never");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.stdin?.end();
    expect(await msToExit(server)).toBeLessThan(3_000); // 1.5 s are promised
    expect(server.child.exitCode).toBe(0);
    expect(server.messages.map(({ id }) => id)).not.toContain("never");
  });
});

describe("signals", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s lets the call in flight out and ends with 0", async (signal) => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ meets: { delayMs: 400 } });
    void server.request("tools/call", read, "late");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.kill(signal);
    expect(await server.exit()).toBe(0);
    expect(server.messages.at(-1)).toMatchObject({ id: "late" });
  });

  test("a second one ends it at once", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ meets: "silence" });
    void server.request("tools/call", read, "never");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    server.child.kill("SIGTERM");
    expect(await msToExit(server)).toBeLessThan(1_000);
  });
});

describe("the client's side", () => {
  test("gone from stderr: the server works on, quietly", async () => {
    const { server } = await open({ TENCENT_CHAT_LOG_LEVEL: "debug" });
    server.child.stderr?.destroy();
    for (let times = 0; times < 3; times += 1) {
      expect((await server.request("tools/call", read)).result.structuredContent.ErrorCode).toBe(0);
    }
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("that no longer reads its answers cannot keep the server from leaving", async () => {
    const { server } = await open();
    server.child.stdout?.pause();
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list" })}\n`.repeat(100));
    server.child.stdin?.end();
    expect(await msToExit(server)).toBeLessThan(5_000);
  });

  test("gone from stdout: the server leaves with 0 and without a stack", async () => {
    const { server } = await open();
    server.child.stdout?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list" })}\n`.repeat(50));
    expect(await server.exit()).toBe(0);
    expect(server.stderr).not.toMatch(/EPIPE|at /);
  });

  test("cancelling a call in flight: no answer, and the connection is gone within 100 ms", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ meets: "silence" });
    void server.request("tools/call", read, "cancelled");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.write(
      `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "cancelled" } })}\n`,
    );
    const cancelledAt = performance.now();
    await vi.waitUntil(() => sandbox.openConnections === 0, { interval: 5 });
    expect(performance.now() - cancelledAt).toBeLessThan(1_000); // 100 ms are promised; the rest is for a busy machine
    expect((await server.request("ping")).result).toEqual({});
    expect(server.messages.map(({ id }) => id)).not.toContain("cancelled");
  });
});

describe("stdout", () => {
  test("stays JSON-RPC when something in the process prints to it", async () => {
    const noise = `data:text/javascript,setTimeout(()=>{console.log("noise");console.info("noise");process.stdout.write("noise\\n");process.emitWarning("careful")},50)`;
    const { server } = await open({}, ["--import", noise]);
    await vi.waitUntil(() => server.stderr.includes("careful"));
    expect((await server.request("ping")).result).toEqual({});
    expect(server.stdout).not.toContain("noise");
    expect(server.stderr).toContain("noise");
  });

  test("stays JSON-RPC on an uncaught exception, which is logged and ends the process with 1 after the calls in flight", async () => {
    const bomb = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a fault with a secret 5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e")})`;
    const { sandbox, server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" }, ["--import", bomb]);
    sandbox.faults.add({ meets: { delayMs: 300 } });
    void server.request("tools/call", read, "in flight");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.kill("SIGUSR2");
    expect(await server.exit()).toBe(1);
    expect(server.messages.at(-1)).toMatchObject({ id: "in flight", result: { structuredContent: { ErrorCode: 0 } } });
    expect(server.stderr).toContain('"event":"uncaught"');
    expect(server.stderr).toContain("a fault with a secret [secret]");
  });
});

describe("what Node itself prints", () => {
  test.each(["undici", "fetch", "http", "*"])(
    "with NODE_DEBUG=%s is never a signed address: the server refuses to work",
    async (sections) => {
      const { sandbox, server } = await open({ NODE_DEBUG: sections });
      const reply = await server.request("tools/call", read);
      expect(reply.result.structuredContent.explanation).toMatchObject({ stage: "settings", attempts: 0 });
      expect(reply.result.content[0].text).toContain("NODE_DEBUG would print signed addresses");
      expect(sandbox.requests).toEqual([]);
    },
  );
});

describe("hostile input", () => {
  test("is answered or dropped, and the server lives on", async () => {
    const { server } = await open();
    server.write('{"jsonrpc":\n\u0000\n\r\n[]\n{"id":7}\n');
    server.write(
      `{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"${"x".repeat(12 * 1024 * 1024)}"}}\n`,
    );
    expect((await server.request("ping")).result).toEqual({});
    expect(server.messages.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [null, -32700],
      [null, -32700],
      [null, -32600],
      [7, -32600],
      [null, -32600],
      [2, undefined],
    ]);
  });
});

test("a pipe that ends right after the call still gets its answer", async () => {
  const sandbox = await startSandbox();
  const server = new BuiltServer(environmentOf(sandbox.endpoint));
  const clientInfo = { name: "printf", version: "1" };
  const lines = [
    {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo },
    },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: read },
  ];
  server.child.stdin?.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  expect(await server.exit()).toBe(0);
  expect(server.messages.map(({ id }) => id)).toEqual([1, 2]);
});
