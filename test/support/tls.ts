import { writeFileSync } from "node:fs";
import { createServer, type Server as HttpsServer } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { cleanUpLater } from "./clean-up.ts";
import { temporaryFolder } from "./folders.ts";
import { tcpPeer } from "./peers.ts";

/** TLS and proxies on loopback, with certificates made for the test. */

/** The name that the certificates are for; only a proxy of the test knows where it is. */
export const HOST = "channels.test";

export interface Authority {
  readonly key: string;
  readonly cert: string;
  /** A file with the certificate, for NODE_EXTRA_CA_CERTS. */
  readonly file: string;
}

/** A certificate authority of the test's own. */
export async function makeAuthority(): Promise<Authority> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "Test CA" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const file = join(temporaryFolder(), "ca.pem");
  writeFileSync(file, cert);
  return { key, cert, file };
}

/** A TLS service with a certificate for these names, signed by the authority, or by itself. Returns its port. */
export async function startTls(options: {
  authority?: Authority;
  names?: string[];
  isExpired?: boolean;
  answer: (body: string) => string;
}): Promise<{ port: number; requests: string[] }> {
  const { authority, names = [HOST], isExpired = false, answer } = options;
  const day = 86_400_000;
  const from = Date.now() - (isExpired ? 10 : 1) * day;
  const { private: key, cert } = await generate([{ name: "commonName", value: names[0] ?? HOST }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + (isExpired ? 2 : 100) * day),
    extensions: [{ name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) }],
    ...(authority && { ca: { key: authority.key, cert: authority.cert } }),
  });
  const requests: string[] = [];
  const server: HttpsServer = createServer({ key, cert }, async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    requests.push(request.url ?? "");
    response.setHeader("content-type", "application/json").end(answer(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUpLater(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, requests };
}

/** A proxy that answers each CONNECT as scripted, or leads it to a port of this machine. Returns its address and what it heard. */
export async function startProxy(meet: number | ((socket: Socket) => void)): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = [];
  const port = await tcpPeer((socket) => {
    socket.once("data", (chunk) => {
      heard.push(chunk.toString("latin1").split("\r\n")[0] ?? "");
      if (typeof meet !== "number") return meet(socket);
      const onwards = connectTcp(meet, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onwards).pipe(socket);
      });
      onwards.on("error", () => socket.destroy());
    });
  });
  return { url: `http://127.0.0.1:${port}`, heard };
}

/** A SOCKS5 proxy (RFC 1928, 1929) that wants a user and password, and answers each CONNECT alike. */
interface SocksOptions {
  readonly user: string;
  readonly password: string;
  /** 0: connected. */
  readonly reply?: number;
  /** The port that it leads to; without one it closes the connection. */
  readonly to?: number;
}

/** Starts one. Returns its address, with these credentials in it, and what it heard. */
export async function startSocksProxy(
  { user, password, reply = 0, to }: SocksOptions,
  given = `${user}:${encodeURIComponent(password)}`,
): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = [];
  const port = await tcpPeer(async (socket) => {
    const next = () => new Promise<Buffer>((resolve) => socket.once("data", resolve));
    await next();
    socket.write(Buffer.from([5, 2]));
    const login = await next();
    const userLength = login[1] ?? 0;
    const credentials = `${login.subarray(2, 2 + userLength)}:${login.subarray(3 + userLength)}`;
    const isKnown = credentials === `${user}:${password}`;
    socket.write(Buffer.from([1, isKnown ? 0 : 1]));
    if (!isKnown) return void socket.end();
    const request = await next();
    heard.push(`${credentials} ${request.subarray(5, -2)}:${request.readUInt16BE(request.length - 2)}`);
    const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (to === undefined) return void socket.end(answer);
    const onwards = connectTcp(to, "127.0.0.1", () => {
      socket.write(answer);
      socket.pipe(onwards).pipe(socket);
    });
    onwards.on("error", () => socket.destroy());
  });
  return { url: `socks5://${given}@127.0.0.1:${port}`, heard };
}
