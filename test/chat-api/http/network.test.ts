import { spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ExplainedError } from "../../../src/call/explained-error.ts";
import { cleanUpLater } from "../../support/clean-up.ts";
import { dribble, goodAnswer, httpPeer, tcpPeer } from "../../support/peers.ts";
import { because, callFor, contextOn, errorOf, okValue, PENN, startSandbox } from "../../support/service.ts";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const GOOD = '{"ActionStatus":"OK","ErrorCode":0}';

function read(endpoint: URL, ms = 700) {
  return okValue(contextOn(endpoint).api.getChannels([PENN], undefined, callFor(ms).deadline));
}

async function failureAt(endpoint: URL, ms?: number): Promise<ExplainedError> {
  return errorOf(read(endpoint, ms));
}

describe.concurrent("a connection that breaks", () => {
  test.each([
    ["a reset before the headers", (socket: Socket) => socket.resetAndDestroy()],
    ["a FIN before the headers", (socket: Socket) => socket.end()],
    ["a FIN in the headers", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-")],
    ["a FIN in the body", (socket: Socket) => socket.end(`${HEAD}content-length: 500\r\n\r\n{"Err`)],
    [
      "a reset in the body",
      (socket: Socket) =>
        socket.write(`${HEAD}content-length: 500\r\n\r\n{"Err`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    ],
    ["chunks cut short", (socket: Socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"Err`)],
  ])("%s is reported as lost after four attempts", async (_what, meet) => {
    const { endpoint, requests } = await httpPeer(meet);
    const failure = await failureAt(endpoint, 10_000);
    expect(failure).toMatchObject({ ...because("connectionLost") });
    expect(failure.explanation.attempts).toBe(4);
    expect(requests).toHaveLength(4);
  });

  test.each([
    ["a body closed early", `${HEAD}connection: close\r\n\r\n{"ActionStatus":"OK","Err`],
    ["a length that is too short", `${HEAD}content-length: 20\r\n\r\n${GOOD}`],
    ["chunks that end early", `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"Err\r\n0\r\n\r\n`],
  ])("%s is half an answer, never half a success", async (_what, text) => {
    const { endpoint } = await httpPeer((socket) => socket.end(text));
    expect(await failureAt(endpoint, 10_000)).toMatchObject({ ...because("answerMalformed") });
  });
});

describe.concurrent("a slow peer", () => {
  test.each([
    ["silent", () => {}],
    ["dribbling its headers", (socket: Socket) => dribble(socket, HEAD + "x".repeat(500), 50)],
    [
      "dribbling its body",
      (socket: Socket) => {
        socket.write(`${HEAD}content-length: 500\r\n\r\n`);
        dribble(socket, GOOD.padEnd(500), 50);
      },
    ],
    ["stalled in its body", (socket: Socket) => socket.write(`${HEAD}content-length: 500\r\n\r\n{"Err`)],
  ])("%s, is given up inside the deadline", async (_what, meet) => {
    const { endpoint } = await httpPeer((socket) => void meet(socket));
    expect(await failureAt(endpoint, 2_000)).toMatchObject({ ...because("timedOut") });
  });

  test("in accepting a connection at all, nothing was sent", async () => {
    const port = await tcpPeer((socket) => socket.pause());
    // TLS to a peer that never says hello: the connection is never made.
    const failure = await failureAt(new URL(`https://127.0.0.1:${port}`), 500);
    expect(failure).toMatchObject({ ...because("unreachable") });
    expect(failure.explanation.cause).toContain("Nothing was sent.");
  });
});

describe.concurrent("an answer that is too much", () => {
  test("50 MB of it is refused at the cap, in little memory", async () => {
    let written = 0;
    const { endpoint, requests } = await httpPeer((socket) => {
      socket.write(`${HEAD}content-length: ${50 * 1024 * 1024}\r\n\r\n`);
      const piece = Buffer.alloc(64 * 1024, " ");
      const more = () => {
        while (written < 50 * 1024 * 1024 && !socket.destroyed) {
          written += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("drain", more);
      more();
    });
    expect(await failureAt(endpoint, 10_000)).toMatchObject({ ...because("answerMalformed") });
    expect(requests).toHaveLength(4);
    expect(written).toBeLessThan(30 * 1024 * 1024); // what is on its way at a busy moment counts, too
  });

  test("headers of 100 kB are refused", async () => {
    const { endpoint } = await httpPeer((socket) => socket.end(`${HEAD}x-long: ${"y".repeat(100_000)}\r\n\r\n${GOOD}`));
    const failure = await failureAt(endpoint, 10_000);
    expect(failure).toMatchObject({ ...because("answerMalformed") });
    expect(failure.explanation.cause).toContain("not valid HTTP");
  });
});

describe.concurrent("a response that is not the service's", () => {
  test.each([
    ["an SSH banner", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n"],
    ["two lengths", `${HEAD}content-length: 5\r\ncontent-length: 35\r\n\r\n${GOOD}`],
    ["binary noise", "\u0000\u0001\u0002\u0003"],
  ])("%s is explained", async (_what, text) => {
    const { endpoint } = await httpPeer((socket) => socket.end(text));
    const failure = await failureAt(endpoint, 10_000);
    expect(failure).toMatchObject({ ...because("answerMalformed") });
    expect(failure.explanation.cause).not.toContain("OpenSSH");
  });

  test.each([301, 302, 307, 308])(
    "a redirect (%i) is not followed, and nothing goes to where it points",
    async (status) => {
      let asked = 0;
      const elsewhere = await httpPeer(() => {
        asked += 1;
      });
      const { endpoint, requests } = await httpPeer((socket) =>
        socket.end(`HTTP/1.1 ${status} Moved\r\nlocation: ${elsewhere.endpoint}\r\ncontent-length: 0\r\n\r\n`),
      );
      const failure = await failureAt(endpoint, 5_000);
      expect(failure).toMatchObject(because("statusRejected"));
      expect(failure.explanation.nextStep).toContain("TENCENT_CHAT_ENDPOINT");
      expect([requests.length, asked]).toEqual([1, 0]);
    },
  );
});

describe.concurrent("connections that the server keeps closing", () => {
  test("cost no read: 200 in a row succeed", async () => {
    let seed = 20261122;
    const { endpoint } = await httpPeer((socket, body) => {
      socket.write(goodAnswer(body));
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      setTimeout(() => socket.destroy(), seed % 4);
    });
    const { api } = contextOn(endpoint, { TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    for (let times = 0; times < 200; times += 1) await okValue(api.getChannels([PENN], undefined, callFor().deadline));
  });
});

describe("many calls", () => {
  test("900 of them queued at 200 a second open few connections", async () => {
    const sandbox = await startSandbox();
    const { api } = contextOn(sandbox.endpoint, { TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
    const one = () => okValue(api.getChannels([PENN], undefined, callFor().deadline));
    await Promise.all(Array.from({ length: 900 }, one));
    expect(sandbox.connections).toBeLessThanOrEqual(64);
  });
});

describe("a host that is not there", () => {
  test("refuses: nothing sent", async () => {
    const failure = await failureAt(new URL("http://127.0.0.1:9"), 5_000);
    expect(failure).toMatchObject({ ...because("connectionRefused") });
    expect(failure.explanation).toMatchObject({ attempts: 0, safeToResend: true, stage: "network" });
  });

  test("has no name: nothing sent, and the backup host is offered", async () => {
    const failure = await failureAt(new URL("https://no-such-host.invalid"), 5_000);
    expect(failure).toMatchObject({ ...because("hostNotFound") });
    expect(failure.explanation.nextStep).toContain("backup host");
  });
});

/** A service in a process of its own, which answers with the address that it was reached at. */
const ADDRESS_SERVICE = `require("http").createServer((request, response) => {
  request.resume();
  const list = [{ Official_Account: "${PENN}", ErrorCode: 0, Name: request.socket.localAddress }];
  response.end(JSON.stringify({ ActionStatus: "OK", ErrorCode: 0, OfficialAccountInfoList: list }));
}).listen({ port: 0, host: "0.0.0.0", backlog: 1 }, function () { console.log(this.address().port); })`;

test.skipIf(process.platform === "win32")(
  "the first of two addresses is waited for, although its handshake takes a second",
  async () => {
    const service = spawn(process.execPath, ["-e", ADDRESS_SERVICE], { stdio: ["ignore", "pipe", "inherit"] });
    cleanUpLater(() => service.kill("SIGKILL"));
    const [port] = await once(service.stdout, "data");
    service.kill("SIGSTOP");
    // A full queue of connections: the system answers no further handshake, and the next try is a second later.
    const waiting = Array.from({ length: 4 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
    const lookup = vi.spyOn(dns, "lookup").mockImplementation(((...args: unknown[]) => {
      (args.at(-1) as (error: null, all: typeof addresses) => void)(null, addresses);
    }) as never);
    onTestFinished(() => lookup.mockRestore());
    const answer = read(new URL(`http://localhost:${Number(port)}`), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 600));
    service.kill("SIGCONT");
    for (const socket of waiting) socket.destroy();
    expect((await answer).channels[0]?.info.Name).toBe("127.0.0.1");
  },
);
