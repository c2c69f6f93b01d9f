import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { cleanUpLater } from "./clean-up.ts";

/** Peers that speak TCP as a test wants it, on loopback. */

async function listen(server: Server, port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  cleanUpLater(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** A peer that calls `meet` for each connection. Returns its port. */
export function tcpPeer(meet: (socket: Socket) => void): Promise<number> {
  return listen(createServer(meet));
}

/** Listens where the system gives no port away: once it has closed, no other test listens there. */
async function listenApart(server: Server): Promise<number> {
  for (;;) {
    const port = await listen(server, randomInt(20_000, 30_000)).catch(() => undefined);
    if (port !== undefined) return port;
  }
}

/** A host that calls `meet` for its first connection and is gone afterwards: the next one is refused. */
export async function hostThatGoes(meet: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    server.close();
    meet(socket);
  });
  return new URL(`http://127.0.0.1:${await listenApart(server)}`);
}

/** A way to a service that lets in so many connections, then no more; those that were made live on. */
export async function doorTo(service: URL, connections: number): Promise<URL> {
  let made = 0;
  const server = createServer((socket) => {
    made += 1;
    if (made === connections) server.close();
    const onwards = connect(Number(service.port), "127.0.0.1");
    for (const [one, other] of [
      [socket, onwards],
      [onwards, socket],
    ] as const) {
      one.on("error", () => {}).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  return new URL(`http://127.0.0.1:${await listenApart(server)}`);
}

/** A peer that calls `answer` for each whole HTTP request, with its socket and body. Counts them. */
export async function httpPeer(
  answer: (socket: Socket, body: string, nth: number) => void,
): Promise<{ endpoint: URL; requests: string[] }> {
  const requests: string[] = [];
  const port = await tcpPeer((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        const body = text.slice(end + 4, end + 4 + length);
        requests.push(text.slice(0, end));
        text = text.slice(end + 4 + length);
        answer(socket, Buffer.from(body, "latin1").toString("utf8"), requests.length);
      }
    });
  });
  return { endpoint: new URL(`http://127.0.0.1:${port}`), requests };
}

/** Writes a text in pieces of one byte, one every so many milliseconds. */
export function dribble(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= text.length || socket.destroyed) clearInterval(timer);
    else socket.write(text[at++] ?? "");
  }, everyMs);
  cleanUpLater(() => clearInterval(timer));
}

/** A whole answer to a get of these IDs, as the wire has it. */
export function goodAnswer(body: string, more = ""): string {
  const { OfficialAccountIdList } = JSON.parse(body) as { OfficialAccountIdList: { Official_Account: string }[] };
  const list = OfficialAccountIdList.map(({ Official_Account }) => ({ ErrorCode: 0, Official_Account, Name: "n" }));
  const content = JSON.stringify({ ActionStatus: "OK", ErrorCode: 0, OfficialAccountInfoList: list });
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${more}content-length: ${Buffer.byteLength(content)}\r\n\r\n${content}`;
}
