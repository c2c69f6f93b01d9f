import { describe, expect, onTestFinished, test } from "vitest";
import { type Connection, HttpClient } from "../../../src/chat-api/http/http-client.ts";
import { Deadline } from "../../../src/chat-api/retry/deadline.ts";
import { waitUntil } from "../../support/clock.ts";
import { httpPeer } from "../../support/peers.ts";
import { callFor } from "../../support/service.ts";

const POST = { path: "/v4/x?random=1", body: '{"a":"茶"}' };
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

function answerOf(body: string, more = ""): string {
  return `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function clientOf(endpoint: URL): HttpClient {
  const client = new HttpClient({ endpoint, userAgent: "agent/1" });
  onTestFinished(() => client.close());
  return client;
}

const post = (client: HttpClient, connection: Connection, deadline = callFor().deadline, timeoutMs = 10_000) =>
  client.post(connection, POST, deadline, timeoutMs);

describe("a post", () => {
  test("carries JSON to the endpoint's own path, and returns the whole answer", async () => {
    const { endpoint, requests } = await httpPeer((socket, body) => {
      expect(body).toBe(POST.body);
      socket.write(answerOf("hello", "date: now\r\n"));
    });
    const client = clientOf(new URL("/im/", endpoint));
    const response = await post(client, await client.borrow());
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
    const connection = await client.borrow();
    expect(await post(client, connection)).toMatchObject({ body: { length: MAX_ANSWER_BYTES } });
    size += 1;
    expect(await post(client, connection)).toMatchObject({ reason: "answerTooLarge" });
  });

  test("is given up when its own time after sending is over", async () => {
    const { endpoint, requests } = await httpPeer(() => {});
    const client = clientOf(endpoint);
    expect(await post(client, await client.borrow(), callFor().deadline, 100)).toMatchObject({ reason: "noAnswer" });
    expect(requests).toHaveLength(1);
  });

  test("whose time is over already sends nothing", async () => {
    const { endpoint, requests } = await httpPeer((socket) => socket.write(answerOf("x")));
    const client = clientOf(endpoint);
    const connection = await client.borrow();
    const over = new Deadline(1_000);
    over.cancel();
    expect(await post(client, connection, over)).toMatchObject({ reason: "cancelledBeforeSending", detail: "" });
    client.release(connection); // it may still try to connect, so it is not lent out again
    const next = await client.borrow();
    expect(next).not.toBe(connection);
    await post(client, next);
    expect(requests).toHaveLength(1);
    client.release(next);
    expect(await client.borrow()).toBe(next);
  });

  test("to a name whose addresses all refuse sends nothing", async () => {
    const client = clientOf(new URL("http://localhost:9"));
    expect(await post(client, await client.borrow())).toMatchObject({
      reason: "connectionRefused",
      detail: "ECONNREFUSED",
    });
  });

  test("over a connection that the server closed while it was idle says so", async () => {
    const { endpoint } = await httpPeer((socket, _body, nth) => {
      if (nth === 1) socket.write(answerOf("x"));
      else socket.destroy();
    });
    const client = clientOf(endpoint);
    const connection = await client.borrow();
    await post(client, connection);
    expect(await post(client, connection)).toMatchObject({ reason: "connectionLost", isStaleConnection: true });
  });

  test("over a new connection that the server closed at once does not", async () => {
    const { endpoint } = await httpPeer((socket) => socket.destroy());
    const client = clientOf(endpoint);
    expect(await post(client, await client.borrow())).toMatchObject({
      reason: "connectionLost",
      isStaleConnection: false,
    });
  });

  test("whose answer broke in the middle is not taken for a stale connection", async () => {
    const { endpoint } = await httpPeer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"));
    const client = clientOf(endpoint);
    expect(await post(client, await client.borrow())).toMatchObject({
      reason: "connectionLost",
      isStaleConnection: false,
    });
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

  test("are opened by the first post, not before", async () => {
    const { endpoint, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    client.release(await client.borrow());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBe(0);
  });

  test("stay with their borrower, one request after another over the same socket", async () => {
    const { endpoint, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    const connection = await client.borrow();
    for (let times = 0; times < 5; times += 1) await post(client, connection);
    expect(sockets.size).toBe(1);
  });

  test("are lent again, the last used first; a new one is made where a new one is asked for", async () => {
    const { endpoint, sockets } = await countingPeer();
    const client = clientOf(endpoint);
    const [one, other] = [await client.borrow(), await client.borrow()];
    expect(one).not.toBe(other);
    client.release(one);
    client.release(other);
    expect(await client.borrow()).toBe(other);
    expect(await client.borrow("new")).not.toBe(one);
    expect(await client.borrow()).toBe(one);
    expect(sockets.size).toBe(0);
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
    const connection = await client.borrow();
    await post(client, connection);
    client.release(connection);
    const inFlight = post(client, await client.borrow("new"));
    await waitUntil(() => requests.length === 2);
    await client.close();
    expect(await inFlight).toMatchObject({ reason: "connectionLost" });
    await waitUntil(() => openSockets === 0);
  });

  test("that were never used close without an error", async () => {
    await new HttpClient({ endpoint: new URL("http://127.0.0.1:9"), userAgent: "x" }).close();
  });
});
