import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { BUILT, BuiltServer } from "../support/built.ts";
import { linesIn } from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { journalPath } from "../support/folders.ts";
import { environmentOf, GET, PENN, SECRET_KEY, SUBSCRIBER, startSandbox } from "../support/service.ts";

const read = { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } };

/** A whole session, as a script would pipe it in. */
const conversation = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "printf", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 2, method: "tools/call", params: read },
];

async function open(env: Record<string, string> = {}, nodeArgs: string[] = []) {
  const sandbox = await startSandbox();
  const server = new BuiltServer(environmentOf(sandbox.endpoint, env), [], nodeArgs);
  await server.initialize();
  return { sandbox, server };
}

describe("the end of the input", () => {
  test("while idle ends the process with 0, although connections are open", async () => {
    const { sandbox, server } = await open();
    await server.request("tools/call", read);
    expect(sandbox.openSocketIds).toHaveLength(1);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("during a call lets its answer out first", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ response: { delayMs: 500 } });
    void server.request("tools/call", read, "late");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
    expect(server.messages.at(-1)).toMatchObject({ id: "late", result: { structuredContent: { ErrorCode: 0 } } });
  });

  test("lets a slow call go on to its end, since no signal came", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ response: { delayMs: 2_500 } });
    void server.request("tools/call", read, "slow");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
    expect(server.messages.at(-1)).toMatchObject({ id: "slow", result: { structuredContent: { ErrorCode: 0 } } });
  });

  test("and a signal after it cancel a call that takes too long; the journal says so", async () => {
    const write = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" };
    const journal = journalPath();
    const { sandbox, server } = await open({ TENCENT_CHAT_JOURNAL: journal, TENCENT_CHAT_LOG_LEVEL: "debug" });
    sandbox.faults.add({ response: "silence" });
    void server.request("tools/call", { name: SUBSCRIBER, arguments: write }, "never");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.stdin?.end();
    await waitUntil(() => server.stderr.includes('"event":"shutting down"')); // the end came first
    server.child.kill("SIGTERM");
    expect(await server.exit()).toBe(0);
    expect(server.messages.map(({ id }) => id)).not.toContain("never");
    expect(linesIn(journal)).toMatchObject([
      { tool: SUBSCRIBER, channel: PENN },
      { outcome: "unknown", cancelled: true },
    ]);
  });
});

describe.runIf(process.platform === "linux")("a parent that is killed", () => {
  test.each([
    ["idle", undefined],
    ["during a call", { response: "silence" as const }],
  ])("%s: the server ends too", async (_what, fault) => {
    const sandbox = await startSandbox();
    if (fault) sandbox.faults.add(fault);
    const { parent, serverPid } = await startParent(sandbox.endpoint);
    if (fault) await waitUntil(() => sandbox.requests.length === 1);
    parent.kill("SIGKILL");
    await waitUntil(() => !runs(serverPid));
  });
});

/** A process that starts the server as its child, has it make a call, and says its process id. */
async function startParent(endpoint: URL) {
  const lines = conversation.map((line) => `${JSON.stringify(line)}\n`).join("");
  const script = `
    const { spawn } = require("node:child_process");
    const server = spawn(process.execPath, [${JSON.stringify(BUILT)}], { stdio: ["pipe", "pipe", "ignore"] });
    server.stdin.write(${JSON.stringify(lines)});
    server.stdout.once("data", () => console.log(server.pid));
    setInterval(() => {}, 1000);`;
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(endpoint) };
  const parent = spawn(process.execPath, ["-e", script], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    parent.kill("SIGKILL");
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  return { parent, serverPid: Number(line) };
}

/** True while a process runs; one that has ended may wait for somebody to ask after it. */
function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

describe("signals", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s lets the call in flight out and ends with 0", async (signal) => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ response: { delayMs: 400 } });
    void server.request("tools/call", read, "late");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.kill(signal);
    expect(await server.exit()).toBe(0);
    expect(server.messages.at(-1)).toMatchObject({ id: "late" });
  });

  test("a second one ends it at once", async () => {
    const { sandbox, server } = await open({ TENCENT_CHAT_LOG_LEVEL: "debug" });
    sandbox.faults.add({ response: "silence" });
    void server.request("tools/call", read, "never");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.kill("SIGTERM");
    await waitUntil(() => server.stderr.includes('"event":"shutting down"'));
    server.child.kill("SIGTERM");
    expect(await server.exit()).toBe(0);
  });
});

describe("a client", () => {
  test("that no longer reads stderr: the server works on", async () => {
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
    for (const id of [5, 6, 7, 8]) server.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list" })}\n`);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("that reads its answers late, after its last word, still gets them all", async () => {
    const { server } = await open();
    server.child.stdout?.pause();
    for (const id of [5, 6, 7, 8]) server.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list" })}\n`);
    server.child.stdin?.end();
    setTimeout(() => server.child.stdout?.resume(), 700);
    expect(await server.exit()).toBe(0);
    await waitUntil(() => server.messages.length === 5);
  });

  test("that never reads an answer and ends its input does not keep the server alive", async () => {
    const { server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" });
    await server.request("tools/list"); // the first one takes longer, so that more would be taken in meanwhile
    server.child.stdout?.pause();
    const question = (id: number) => `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", params: {} })}\n`;
    for (let id = 10; id < 2_010; id += 1) server.write(question(id) + " ".repeat(300)); // 14 MB of unread answers
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("gone from stdout: the server leaves with 0 and without a stack", async () => {
    const { server } = await open();
    server.child.stdout?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list" })}\n`.repeat(50));
    expect(await server.exit()).toBe(0);
    expect(server.stderr).not.toMatch(/EPIPE|at /);
  });

  test("cancelling a call in flight: no answer, and its connection is closed", async () => {
    const { sandbox, server } = await open();
    sandbox.faults.add({ response: "silence" });
    void server.request("tools/call", read, "cancelled");
    await waitUntil(() => sandbox.requests.length > 0);
    const socketId = sandbox.requests.at(-1)?.socketId ?? 0;
    const params = { requestId: "cancelled" };
    server.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params })}\n`);
    await waitUntil(() => !sandbox.openSocketIds.includes(socketId));
    expect((await server.request("ping")).result).toEqual({});
    expect(server.messages.map((message) => message.id)).not.toContain("cancelled");
  });
});

describe("stdout", () => {
  test("stays JSON-RPC when something in the process prints to it", async () => {
    const noise = `data:text/javascript,process.on("SIGUSR2",()=>{console.log("noise");console.info("noise");process.stdout.write("noise\\n");process.emitWarning("careful")})`;
    const { server } = await open({}, ["--import", noise]);
    server.child.kill("SIGUSR2");
    await waitUntil(() => server.stderr.includes("careful"));
    expect((await server.request("ping")).result).toEqual({});
    expect(server.stdout).not.toContain("noise");
    expect(server.stderr).toContain("noise");
  });

  test("logs an exception before the first call without the key in it", async () => {
    const bomb = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("the key ${SECRET_KEY}.")})`;
    const { server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" }, ["--import", bomb]);
    server.child.kill("SIGUSR2");
    expect(await server.exit()).toBe(1);
    expect(server.stderr).toContain("the key [secret].");
  });

  test("stays JSON-RPC on an uncaught exception, which is logged and ends the process with 1 after the calls in flight", async () => {
    const fault = `an error with the key ${SECRET_KEY}.`;
    const bomb = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("${fault}")})`;
    const { sandbox, server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" }, ["--import", bomb]);
    sandbox.faults.add({ response: { delayMs: 300 } });
    void server.request("tools/call", read, "in flight");
    await waitUntil(() => sandbox.requests.length === 1);
    server.child.kill("SIGUSR2");
    expect(await server.exit()).toBe(1);
    expect(server.messages.at(-1)).toMatchObject({ id: "in flight", result: { structuredContent: { ErrorCode: 0 } } });
    expect(server.stderr).toContain('"event":"uncaught"');
    expect(server.stderr).toContain("an error with the key [secret].");
  });
});

test("an exception while the server waits for the last call after the end of the input ends it with 1", async () => {
  const bomb = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("late")})`;
  const { sandbox, server } = await open({ TENCENT_CHAT_LOG_LEVEL: "debug" }, ["--import", bomb]);
  sandbox.faults.add({ response: { delayMs: 500 } });
  void server.request("tools/call", read, "last");
  await waitUntil(() => sandbox.requests.length === 1);
  server.child.stdin?.end();
  await waitUntil(() => server.stderr.includes('"event":"shutting down"'));
  server.child.kill("SIGUSR2");
  expect(await server.exit()).toBe(1);
  expect(server.messages.at(-1)).toMatchObject({ id: "last", result: { structuredContent: { ErrorCode: 0 } } });
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

describe("a handshake", () => {
  test("that is incomplete is answered in a sentence", async () => {
    const server = new BuiltServer({ TENCENT_CHAT_SANDBOX: "true" });
    for (const [id, params] of [undefined, null, {}, { protocolVersion: 5 }].entries()) {
      server.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params })}\n`);
    }
    await waitUntil(() => server.messages.length === 4);
    for (const { error } of server.messages) {
      expect(error?.code).toBe(-32602);
      expect(error?.message).toMatch(/^[^\n{]+\.$/);
    }
    await server.initialize();
  });

  test("of the newer revision's form names what was asked for, where it is short and plain", async () => {
    const server = new BuiltServer({ TENCENT_CHAT_SANDBOX: "true" });
    const prefix = "io.modelcontextprotocol";
    const meta = (version: string) => ({
      _meta: { [`${prefix}/protocolVersion`]: version, [`${prefix}/clientCapabilities`]: {} },
    });
    const asked = await server.request("tools/list", meta("2099-01-01"));
    expect(asked.error).toMatchObject({ code: -32022, data: { requested: "2099-01-01" } });
    const odd = await server.request("tools/list", meta("x".repeat(5_000)));
    expect(odd.error?.code).toBe(-32022);
    expect(JSON.stringify(odd).length).toBeLessThan(1_000);
    expect((await server.request("initialize", meta("2026-07-28"))).error?.code).toBe(-32601);
  });
});

test("an old Node is told in a line, before anything else is loaded", () => {
  const program = readFileSync(BUILT, "utf8").replace(/^#!.*\n/, "");
  const script = `
    const process = { versions: { node: "18.20.8" }, stderr: globalThis.process.stderr, exit: globalThis.process.exit };
    new Function("process", "require", ${JSON.stringify(program)})(process, () => { throw new Error("loaded"); });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^tencent-chat-channel-mcp needs Node.js 20.18.1 or newer; this is Node.js 18.20.8.\n$/);
});

test("the stack of a bug points to the source", async () => {
  const bomb = `data:text/javascript,const real=Buffer.byteLength;Buffer.byteLength=(text)=>{if(text==="bomb")throw new Error("boom");return real(text)}`;
  const { server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" }, ["--import", bomb]);
  const write = {
    name: SUBSCRIBER,
    arguments: { Official_Account: PENN, Subscriber_Account: "1", CustomString: "bomb" },
  };
  const { result } = await server.request("tools/call", write);
  expect(result.structuredContent.explanation.stage).toBe("internal");
  expect(server.stderr).toMatch(/boom.*\(src\/tools\/schemas\.ts:\d+:\d+/);
  expect(JSON.stringify(result)).not.toContain("boom");
});

describe("hostile input", () => {
  test("is answered or dropped, and the server goes on", async () => {
    const { server } = await open();
    server.write('{"jsonrpc":\n\u0000\n\r\n[]\n{"id":7}\n');
    server.write(
      `{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"${"x".repeat(12 * 1024 * 1024)}"}}\n`,
    );
    expect((await server.request("ping")).result).toEqual({});
    await waitUntil(() => server.messages.length === 6);
    expect(server.messages.map(({ id, error }) => [id, error?.code]).sort()).toEqual([
      [null, -32600],
      [null, -32700],
      [null, -32700],
      [1, undefined],
      [2, undefined],
      [8, -32602],
    ]);
  });
});

test("unknown arguments without a client end with 2, and with a client they are ignored", async () => {
  for (const [input, code] of [
    ["", 2],
    [`${JSON.stringify(conversation[0])}\n`, 0],
  ] as const) {
    const server = new BuiltServer({ TENCENT_CHAT_SANDBOX: "true" }, ["import", "edits.jsonl", "--results", "r"]);
    server.child.stdin?.end(input);
    expect(await server.exit()).toBe(code);
    expect(server.stderr).toContain('"event":"arguments ignored"');
  }
});

test("a pipe that ends right after the call still gets its answer", async () => {
  const sandbox = await startSandbox();
  const server = new BuiltServer(environmentOf(sandbox.endpoint));
  server.child.stdin?.end(conversation.map((line) => `${JSON.stringify(line)}\n`).join(""));
  expect(await server.exit()).toBe(0);
  expect(server.messages.map(({ id }) => id)).toEqual([1, 2]);
});
