import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Signer } from "../../src/chat-api/user-sig.ts";
import { readJournal } from "../../src/guard/journal.ts";
import { BUILT, BuiltServer } from "../support/built.ts";
import { environmentOf, GET, PENN, SECRET_KEY, SUBSCRIBER, startSandbox } from "../support/service.ts";
import { expectBelow, msOf } from "../support/timing.ts";

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

function msToExit(server: BuiltServer): Promise<number> {
  return msOf(() => server.exit());
}

/** How long Node alone takes to leave when its input ends, just now. */
async function msOfBareExit(): Promise<number> {
  const script = "process.stdin.resume().on('end', () => process.exit()); console.log('ready')";
  const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.stdin.end();
  return msOf(() => once(child, "exit"));
}

describe("the end of the input", () => {
  test("while idle ends the process with 0, within 100 ms of what Node itself needs", async () => {
    // Far below what is promised: an optimizing compiler at work in the background would take 90 ms by itself.
    await expectBelow(60, async () => {
      const { server } = await open();
      await server.request("tools/call", read);
      server.child.stdin?.end();
      const took = await msToExit(server);
      expect(server.child.exitCode).toBe(0);
      return took - (await msOfBareExit());
    });
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

  test("cuts a call that takes too long, notes that in the journal, and leaves within 1.5 s", async () => {
    const place = mkdtempSync(join(tmpdir(), "cut-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const write = { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" };
    let times = 0;
    await expectBelow(1_500, async () => {
      const journal = join(place, `${times++}.jsonl`);
      const { sandbox, server } = await open({ TENCENT_CHAT_JOURNAL: journal });
      sandbox.faults.add({ meets: "silence" });
      void server.request("tools/call", { name: SUBSCRIBER, arguments: write }, "never");
      await vi.waitUntil(() => sandbox.requests.length === 1);
      server.child.stdin?.end();
      const took = await msToExit(server);
      expect(took).toBeGreaterThan(1_300); // it was given its time
      expect(server.child.exitCode).toBe(0);
      expect(server.messages.map(({ id }) => id)).not.toContain("never");
      expect(readJournal(journal).writes).toMatchObject([
        { intent: { tool: SUBSCRIBER, channel: PENN }, ending: { outcome: "unknown", cancelled: true } },
      ]);
      return took;
    });
  });
});

describe.runIf(process.platform === "linux")("a parent that is killed", () => {
  test.each([
    ["idle", undefined],
    ["in mid-call", { meets: "silence" as const }],
  ])("%s: the server is gone within 2 s", async (_what, fault) => {
    await expectBelow(2_000, async () => {
      const sandbox = await startSandbox();
      if (fault) sandbox.faults.add(fault);
      const { parent, serverPid } = await startParent(sandbox.endpoint);
      if (fault) await vi.waitUntil(() => sandbox.requests.length === 1, { timeout: 10_000 });
      parent.kill("SIGKILL");
      return msOf(() => vi.waitUntil(() => !runs(serverPid), { timeout: 10_000, interval: 10 }));
    });
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

  test("that reads its answers late, after its last word, still gets them all", async () => {
    const { server } = await open();
    server.child.stdout?.pause();
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list" })}\n`.repeat(100));
    server.child.stdin?.end();
    setTimeout(() => server.child.stdout?.resume(), 700);
    expect(await server.exit()).toBe(0);
    await vi.waitUntil(() => server.messages.length === 101, { timeout: 5_000 });
  });

  test("that does not read its answers is asked to wait with its questions, and gets every answer in the end", async () => {
    const { server } = await open();
    server.child.stdout?.pause();
    const question = (id: number) => `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", params: {} })}\n`;
    for (let id = 10; id < 10_010; id += 1) server.write(question(id)); // 0.7 MB that would make 70 MB
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(server.child.stdin?.writableLength).toBeGreaterThan(0);
    server.child.stdout?.resume();
    await vi.waitUntil(() => server.messages.length === 10_001, { timeout: 20_000 });
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
    await expectBelow(100, async () => {
      const { sandbox, server } = await open();
      sandbox.faults.add({ meets: "silence" });
      void server.request("tools/call", read, "cancelled");
      await vi.waitUntil(() => sandbox.requests.length === 1);
      server.write(
        `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "cancelled" } })}\n`,
      );
      const took = await msOf(() => vi.waitUntil(() => sandbox.openConnections === 0, { interval: 5 }));
      expect((await server.request("ping")).result).toEqual({});
      expect(server.messages.map(({ id }) => id)).not.toContain("cancelled");
      return took;
    });
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
    const signer = new Signer({ sdkAppId: 7, identifier: "a", credential: { secretKey: "k" } });
    const fault = `a fault with a secret ${SECRET_KEY} and a signature ${signer.current()}.`;
    const bomb = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("${fault}")})`;
    const { sandbox, server } = await open({ TENCENT_CHAT_LOG_LEVEL: "error" }, ["--import", bomb]);
    sandbox.faults.add({ meets: { delayMs: 300 } });
    void server.request("tools/call", read, "in flight");
    await vi.waitUntil(() => sandbox.requests.length === 1);
    server.child.kill("SIGUSR2");
    expect(await server.exit()).toBe(1);
    expect(server.messages.at(-1)).toMatchObject({ id: "in flight", result: { structuredContent: { ErrorCode: 0 } } });
    expect(server.stderr).toContain('"event":"uncaught"');
    expect(server.stderr).toContain("a fault with a secret [secret] and a signature [secret].");
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
  server.child.stdin?.end(conversation.map((line) => `${JSON.stringify(line)}\n`).join(""));
  expect(await server.exit()).toBe(0);
  expect(server.messages.map(({ id }) => id)).toEqual([1, 2]);
});
