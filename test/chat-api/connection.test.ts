import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Connection, MOST_ANSWER_BYTES } from "../../src/chat-api/connection.ts";
import { Deadline } from "../../src/chat-api/deadline.ts";
import { httpPeer } from "../support/peers.ts";
import { callFor, failureOf } from "../support/service.ts";

const POST = { path: "/v4/x", query: new URLSearchParams({ random: "1" }), body: '{"a":"茶"}' };
const always = () => true;

function answerOf(body: string, more = ""): string {
  return `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function connectTo(endpoint: URL): Connection {
  const connection = new Connection({ endpoint, userAgent: "agent/1" });
  onTestFinished(() => connection.close());
  return connection;
}

describe("a post", () => {
  test("carries JSON to the endpoint's own path, and brings back the whole answer", async () => {
    const { endpoint, requests } = await httpPeer((socket, body) => {
      expect(body).toBe(POST.body);
      socket.write(answerOf("hello", "date: now\r\n"));
    });
    const connection = connectTo(new URL("/im/", endpoint));
    const { status, headers, body } = await connection.post(POST, false, always, callFor().deadline);
    expect([status, headers.date, body.toString()]).toEqual([200, "now", "hello"]);
    const [head = ""] = requests;
    expect(head).toMatch(/^POST \/im\/v4\/x\?random=1 HTTP\/1\.1\r\n/);
    expect(head).toContain("content-type: application/json");
    expect(head).toContain("accept-encoding: identity");
    expect(head).toContain("user-agent: agent/1");
  });

  test("keeps its connection for the next, unless a fresh one is asked for", async () => {
    const sockets = new Set<unknown>();
    const { endpoint } = await httpPeer((socket) => {
      sockets.add(socket);
      socket.write(answerOf("x"));
    });
    const connection = connectTo(endpoint);
    const post = async (fresh: boolean) => {
      await connection.post(POST, fresh, always, callFor().deadline);
      await new Promise((resolve) => setImmediate(resolve)); // only then undici knows that the connection is free
    };
    await post(false);
    await post(false);
    expect(sockets.size).toBe(1);
    await post(true);
    await post(true);
    expect(sockets.size).toBe(3);
  });

  test("takes an answer of the most bytes, and not one more", async () => {
    let size = MOST_ANSWER_BYTES;
    const { endpoint } = await httpPeer((socket) => socket.write(answerOf("x".repeat(size))));
    const connection = connectTo(endpoint);
    const post = () => connection.post(POST, false, always, callFor().deadline);
    expect((await post()).body).toHaveLength(MOST_ANSWER_BYTES);
    size += 1;
    expect(await failureOf(post())).toMatchObject({ name: "NoValidAnswer", reason: "answerTooLarge" });
  });
});

describe("nothing is sent", () => {
  test("by a post that is kept back in the last moment", async () => {
    const { endpoint, requests } = await httpPeer((socket) => socket.write(answerOf("x")));
    const connection = connectTo(endpoint);
    const kept = failureOf(connection.post(POST, false, () => false, callFor().deadline));
    expect(await kept).toMatchObject({ name: "NotSent", reason: "keptBack" });
    await connection.post(POST, false, always, callFor().deadline);
    expect(requests).toHaveLength(1);
  });

  test("by a post whose time is over already", async () => {
    const { endpoint, requests } = await httpPeer((socket) => socket.write(answerOf("x")));
    const connection = connectTo(endpoint);
    const over = new Deadline(1_000);
    over.cancel();
    const failure = await failureOf(connection.post(POST, false, always, over));
    expect(failure).toMatchObject({ name: "NotSent", reason: "cancelledBeforeSending", detail: "" });
    await connection.post(POST, false, always, callFor().deadline);
    expect(requests).toHaveLength(1);
  });

  test("by a post that finds a free connection only after its time", async () => {
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { endpoint, requests } = await httpPeer((socket) => void mayAnswer.then(() => socket.write(answerOf("x"))));
    const connection = connectTo(endpoint);
    const busy = Array.from({ length: 256 }, () => connection.post(POST, false, always, callFor().deadline));
    await vi.waitUntil(() => requests.length === 256);
    const started = vi.fn(always);
    const failure = await failureOf(connection.post(POST, false, started, callFor(100).deadline));
    expect(failure).toMatchObject({ name: "NotSent", reason: "unreachable", detail: "no connection in time" });
    answer();
    await Promise.all(busy);
    await connection.post(POST, false, always, callFor().deadline);
    expect(requests).toHaveLength(257);
    expect(started).not.toHaveBeenCalled();
  });

  test("to a name whose addresses all refuse", async () => {
    const connection = connectTo(new URL("http://localhost:9"));
    const failure = await failureOf(connection.post(POST, false, always, callFor().deadline));
    expect(failure).toMatchObject({ name: "NotSent", reason: "connectionRefused", detail: "ECONNREFUSED" });
  });
});

describe("a connection", () => {
  test("is made by the first post, not before", async () => {
    const { endpoint, requests } = await httpPeer((socket) => socket.write(answerOf("x")));
    const connection = connectTo(endpoint);
    expect(await connection.warmUp()).toBe(await connection.warmUp());
    expect(requests).toHaveLength(0);
  });

  test("closes what it kept, and ends what is under way", async () => {
    let openSockets = 0;
    const { endpoint, requests } = await httpPeer((socket, _body, nth) => {
      if (nth > 1) return;
      openSockets += 1;
      socket.on("close", () => {
        openSockets -= 1;
      });
      socket.write(answerOf("x"));
    });
    const connection = connectTo(endpoint);
    await connection.post(POST, false, always, callFor().deadline);
    const underWay = failureOf(connection.post(POST, true, always, callFor().deadline));
    await vi.waitUntil(() => requests.length === 2);
    await connection.close();
    expect(await underWay).toMatchObject({ name: "NoValidAnswer", reason: "connectionLost" });
    await vi.waitUntil(() => openSockets === 0);
  });

  test("that was never used closes without a word", async () => {
    await new Connection({ endpoint: new URL("http://127.0.0.1:9"), userAgent: "x" }).close();
  });
});
