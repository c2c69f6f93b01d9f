import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { startSandbox } from "../support/service.ts";

test.each(["GET / HTTP/1.1", "OPTIONS * HTTP/1.1", "POST //:0:/ HTTP/1.1"])(
  "a request that is none of the API's gets a documented error, and the sandbox lives on: %s",
  async (line) => {
    const { endpoint } = await startSandbox();
    for (let times = 0; times < 2; times += 1) {
      const socket = connect(Number(endpoint.port), endpoint.hostname);
      socket.end(`${line}\r\nhost: ${endpoint.host}\r\nconnection: close\r\n\r\n`);
      let answer = "";
      socket.setEncoding("utf8").on("data", (text: string) => {
        answer += text;
      });
      await once(socket, "close");
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
      expect(answer).toContain('"ErrorCode":60009');
    }
  },
);
