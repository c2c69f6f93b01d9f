import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { House } from "../../src/tools/tool.ts";
import { dribble, goodAnswer, httpPeer } from "../support/peers.ts";
import { callFor, failureOf, houseOn, PENN } from "../support/service.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const GOOD = goodAnswer(JSON.stringify({ OfficialAccountIdList: [{ Official_Account: PENN }] }));

async function nameRead(house: House): Promise<unknown> {
  const { channels } = await house.api.getChannels([PENN], undefined, callFor(5_000).deadline);
  return channels[0]?.facts.Name;
}

/** Writes pieces a few milliseconds apart, so that each arrives by itself. */
function writeApart(socket: Socket, pieces: string[]): void {
  for (const [nth, piece] of pieces.entries()) setTimeout(() => socket.write(piece), nth * 25);
}

describe("before the answer", () => {
  test.each([
    ["100 Continue", [CONTINUE + GOOD]],
    ["100 Continue by itself", [CONTINUE, GOOD]],
    ["100 Continue with a header, cut in its head", ["HTTP/1.1 100 Continue\r\nx: y\r", `\n\r\n${GOOD}`]],
    ["100 Continue, cut in its first word", ["HT", `${CONTINUE.slice(2)}${GOOD}`]],
    ["two of them", [CONTINUE + CONTINUE, CONTINUE + GOOD]],
    ["103 Early Hints", [`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${GOOD}`]],
    ["nothing, the answer cut in its first words", ["HTTP/1.", `1 200 OK${GOOD.slice(15)}`]],
  ])("%s is fine", async (_what, pieces) => {
    const { endpoint, requests } = await httpPeer((socket) => writeApart(socket, pieces));
    const house = houseOn(endpoint);
    expect([await nameRead(house), await nameRead(house)]).toEqual(["n", "n"]); // the same connection twice
    expect(requests).toHaveLength(2);
  });

  test("100 Continue is fine byte by byte", async () => {
    const { endpoint } = await httpPeer((socket) => dribble(socket, CONTINUE + GOOD, 1));
    expect(await nameRead(houseOn(endpoint))).toBe("n");
  });

  test("100 Continue without an end is malformed", async () => {
    const { endpoint, requests } = await httpPeer((socket) => {
      socket.write(`HTTP/1.1 100 Continue\r\nx: ${"y".repeat(20_000)}`);
    });
    expect(await failureOf(nameRead(houseOn(endpoint)))).toMatchObject({ reason: "answerMalformed" });
    expect(requests).toHaveLength(3);
  });
});

test("a channel's text that reads like 100 Continue stays text, wherever the network cuts it", async () => {
  const text = "HTTP/1.1 100 Continue";
  const answer = GOOD.replace('"n"', JSON.stringify(text)).replace(
    /content-length: (\d+)/,
    (_all, length) => `content-length: ${Number(length) + text.length - 1}`,
  );
  const at = answer.indexOf(text);
  const { endpoint } = await httpPeer((socket) => writeApart(socket, [answer.slice(0, at), answer.slice(at)]));
  expect(await nameRead(houseOn(endpoint))).toBe(text);
});
