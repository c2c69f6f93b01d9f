import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Deadline } from "../../../src/call/deadline.ts";
import { HttpClient } from "../../../src/chat-api/http/http-client.ts";
import { waitUntil } from "../../support/clock.ts";
import { httpPeer } from "../../support/peers.ts";
import { callFor } from "../../support/service.ts";

const BODY = '{"a":"茶"}';
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

function answerOf(body: string, more = ""): string {
  return `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function clientOf(endpoint: URL): HttpClient {
  const client = new HttpClient({ endpoint, userAgent: "agent/1" });
  onTestFinished(() => client.close());
  return client;
}

const post = (client: HttpClient, deadline = callFor().deadline, timeoutMs = 10_000) =>
  client.post("/v4/x?random=1", BODY, deadline, timeoutMs);

describe("a post", () => {
  test("carries JSON to the endpoint's own path, and returns the whole answer", async () => {
    const { endpoint, requests } = await httpPeer((socket, body) => {
      expect(body).toBe(BODY);
      socket.write(answerOf("hello", "date: now\r\n"));
    });
    const client = clientOf(new URL("/im/", endpoint));
    const response = await post(client);
    expect(response).toMatchObject({ status: 200, headers: { date: "now" }, body: Buffer.from("hello") });
    const [head = ""] = requests;
    expect(head).toMatch(/^POST \/im\/v4\/x\?random=1 HTTP\/1\.1\r\n/);
    expect(head).toContain("content-type: application/json");
    expect(head).toContain("accept-encoding: identity");
    expect(head).toContain("user-agent: agent/1");
  });

  test("takes an answer of the maximum size, and not one byte more", async () => {
    let size = MAX_ANSWER_BYTES;
    const { endpoint } = await httpPeer((socket) => socket.write(answerOf("x".repeat(size))));
    const client = clientOf(endpoint);
    expect(await post(client)).toMatchObject({ body: { length: MAX_ANSWER_BYTES } });
    size += 1;
    expect(await post(client)).toMatchObject({ reason: "answerMalformed" });
  });

  test("is given up when its own time after sending is over", async () => {
    const { endpoint, requests } = await httpPeer(() => {});
    const client = clientOf(endpoint);
    expect(await post(client, callFor().deadline, 100)).toMatchObject({ reason: "timedOut" });
    expect(requests).toHaveLength(1);
  });

  test("whose time is over already sends nothing", async () => {
    const { endpoint, requests } = await httpPeer((socket) => socket.write(answerOf("x")));
    const client = clientOf(endpoint);
    const over = new Deadline(1_000);
    over.cancel();
    expect(await post(client, over)).toMatchObject({ reason: "cancelledBeforeSending", detail: "" });
    await post(client);
    expect(requests).toHaveLength(1);
  });

  test("to a name whose addresses all refuse sends nothing", async () => {
    const client = clientOf(new URL("http://localhost:9"));
    expect(await post(client)).toMatchObject({
      reason: "connectionRefused",
      detail: "ECONNREFUSED",
    });
  });

  test("that is answered leaves no timer", async () => {
    const [set, clear] = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "clearTimeout")];
    onTestFinished(() => void vi.restoreAllMocks());
    const { endpoint } = await httpPeer((socket) => socket.write(answerOf("x")));
    await post(clientOf(endpoint), callFor().deadline, 7_777);
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 7_777)]?.value;
    expect(timer).toBeDefined();
    expect(clear.mock.calls.flat()).toContain(timer);
  });

  test("whose answer is there is answered, although its call ends in the same moment", async () => {
    const { endpoint } = await httpPeer((socket) => socket.write(answerOf("x")));
    const { deadline } = callFor();
    const join = Buffer.concat.bind(Buffer);
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(Buffer, "concat").mockImplementation((list) => {
      if (list.length === 1 && String(list[0]) === "x") queueMicrotask(() => deadline.cancel());
      return join(list);
    });
    expect(await post(clientOf(endpoint), deadline)).toMatchObject({ status: 200, body: Buffer.from("x") });
    expect(deadline.ended).toBe("cancelled");
  });

  test("over a connection that the server closes is lost", async () => {
    const { endpoint } = await httpPeer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"));
    expect(await post(clientOf(endpoint))).toMatchObject({ reason: "connectionLost" });
  });
});

describe("connections", () => {
  async function countingPeer() {
    const sockets = new Set<unknown>();
    const { endpoint, requests } = await httpPeer((socket) => {
      sockets.add(socket);
      socket.write(answerOf("x"));
    });
    return { endpoint, requests, sockets };
  }

  test("are opened by the first post, not by loading", async () => {
    const { endpoint, sockets } = await countingPeer();
    await clientOf(endpoint).load();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBe(0);
  });

  test("are kept: what goes on at once goes over the same one", async () => {
    const { endpoint, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    for (let times = 0; times < 20; times += 1) await post(client);
    expect(sockets.size).toBe(1);
  });

  test("live on when a request that waits for one is no longer wanted", async () => {
    const { endpoint, requests, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    await post(client);
    const deadline = new Deadline(1_000);
    const unwanted = post(client, deadline);
    deadline.cancel();
    expect(await unwanted).toMatchObject({ reason: "cancelledBeforeSending" });
    await post(client);
    expect([sockets.size, requests.length]).toEqual([1, 2]);
  });

  test("carry no request that was cancelled while they were made", async () => {
    const { endpoint, requests, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    await client.load();
    const deadline = new Deadline(1_000);
    const unwanted = post(client, deadline);
    await Promise.resolve(); // it has been handed to undici, which connects
    deadline.cancel();
    expect(await unwanted).toMatchObject({ reason: "cancelledBeforeSending" });
    await post(client);
    expect([sockets.size, requests.length]).toEqual([1, 1]);
  });

  test("are closed with the client, those in use too", async () => {
    let openSockets = 0;
    const { endpoint, requests } = await httpPeer((socket, _body, nth) => {
      if (nth > 1) return;
      openSockets += 1;
      socket.on("close", () => {
        openSockets -= 1;
      });
      socket.write(answerOf("x"));
    });
    const client = clientOf(endpoint);
    await post(client);
    const inFlight = post(client);
    await waitUntil(() => requests.length === 2);
    await client.close();
    expect(await inFlight).toMatchObject({ reason: "connectionLost" });
    await waitUntil(() => openSockets === 0);
  });

  test("that were never used close without an error", async () => {
    await new HttpClient({ endpoint: new URL("http://127.0.0.1:9"), userAgent: "x" }).close();
  });
});
