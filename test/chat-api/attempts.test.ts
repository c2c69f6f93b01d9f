import { createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ChatApi } from "../../src/chat-api/chat-api.ts";
import { Connection } from "../../src/chat-api/connection.ts";
import type { NotSent, NoValidAnswer } from "../../src/chat-api/network-failure.ts";
import { Sender } from "../../src/chat-api/sender.ts";
import type { ServiceRefusal } from "../../src/chat-api/service-refusal.ts";
import { Signer } from "../../src/chat-api/user-sig.ts";
import { goodAnswer, httpPeer } from "../support/peers.ts";
import {
  callFor,
  failureOf,
  houseOn,
  PENN,
  SDKAPPID,
  SECRET_KEY,
  startSandbox,
  unpacedHouse,
} from "../support/service.ts";

/** A host that meets its first request as told, and is gone afterwards: the next connection is refused. */
async function startHostThatGoes(meet: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    server.close();
    socket.on("error", () => {});
    socket.once("data", () => meet(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return new URL(`http://127.0.0.1:${port}`);
}

const answer = (content: object) => {
  const body = JSON.stringify(content);
  return `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
};
const TRANSIENT = answer({ ActionStatus: "FAIL", ErrorCode: 20005, ErrorInfo: "busy" });

describe("what was sent once stays the truth, though a later attempt did not leave", () => {
  test("of a read that was lost", async () => {
    const house = houseOn(await startHostThatGoes((socket) => socket.resetAndDestroy()));
    const failure = (await failureOf(house.api.getChannels([PENN], undefined, callFor().deadline))) as NoValidAnswer;
    expect(failure).toMatchObject({ name: "NoValidAnswer", reason: "connectionLost" });
    expect(failure.explanation).toMatchObject({ attempts: 3, safeToResend: true });
    expect(failure.explanation.cause).toContain("Nothing was changed.");
  });

  test("of a write that met a transient code", async () => {
    const house = houseOn(await startHostThatGoes((socket) => socket.end(TRANSIENT)));
    const sent = house.api.modifyChannel(PENN, { Name: "x" }, callFor().deadline);
    const failure = (await failureOf(sent)) as ServiceRefusal;
    expect(failure).toMatchObject({
      name: "ServiceRefusal",
      call: { attempts: 3, writes: true },
      head: { ErrorCode: 20005 },
    });
    expect(failure.explanation.cause).not.toContain("Nothing was changed");
  });
});

describe("a write that may have landed is not called refused", () => {
  test("because a later attempt was", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ meets: { code: 20005 } }, { meets: { code: 130004 } });
    const sent = houseOn(sandbox.endpoint).api.modifyChannel(PENN, { Name: "x" }, callFor().deadline);
    const failure = (await failureOf(sent)) as ServiceRefusal;
    expect(failure).toMatchObject({ call: { attempts: 2, writes: true }, head: { ErrorCode: 20005 } });
    expect(failure.explanation.cause).not.toContain("Nothing was changed");
  });

  test("while a refusal at the first attempt says that nothing was changed", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ meets: { code: 130004 } });
    const sent = houseOn(sandbox.endpoint).api.modifyChannel(PENN, { Name: "x" }, callFor().deadline);
    const { explanation } = (await failureOf(sent)) as ServiceRefusal;
    expect(explanation.cause).toContain("Nothing was changed.");
  });
});

describe("no attempt more", () => {
  test("is begun where the pause alone would take the time that is left", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ meets: { code: 60018 } });
    const startedAt = performance.now();
    const failure = await failureOf(
      houseOn(sandbox.endpoint).api.getChannels([PENN], undefined, callFor(900).deadline),
    );
    expect(failure).toMatchObject({ call: { attempts: 1 }, head: { ErrorCode: 60018 } });
    expect(performance.now() - startedAt).toBeLessThan(850);
    expect(sandbox.requests).toHaveLength(1);
  });

  test("is begun after the client gave up in the pause", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ meets: { code: 60018 } });
    const { deadline } = callFor();
    const sent = failureOf(houseOn(sandbox.endpoint).api.getChannels([PENN], undefined, deadline));
    await vi.waitUntil(() => sandbox.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    deadline.cancel();
    expect(await sent).toMatchObject({ call: { attempts: 1 }, head: { ErrorCode: 60018 } });
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(sandbox.requests).toHaveLength(1);
  });

  test("than ten in an outage, and each answer allows one again", async () => {
    const sandbox = await startSandbox({ requestsPerSecond: 1_000_000 });
    const { api } = unpacedHouse(sandbox);
    const read = () => api.getChannels([PENN], undefined, callFor().deadline);
    const outage = () => sandbox.faults.add(...Array.from({ length: 3 }, () => ({ meets: { status: 502 } })));
    const attempts: number[] = [];
    for (let call = 0; call < 6; call += 1) {
      outage();
      attempts.push(((await failureOf(read())) as NoValidAnswer).call.attempts);
    }
    sandbox.faults.clear();
    expect(attempts).toEqual([3, 3, 3, 3, 3, 1]); // ten attempts more than one a call
    expect(api.mayModifyAgain()).toBe(true); // edits have a budget of their own
    await read();
    outage();
    expect(await failureOf(read())).toMatchObject({ call: { attempts: 2 } });
    sandbox.faults.clear();
  });
});

test("requests that waited for connections do not all go out in one second when these come free", async () => {
  const arrivals: number[] = [];
  let answerAll = () => {};
  const mayAnswer = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  const { endpoint } = await httpPeer((socket, body, nth) => {
    arrivals.push(performance.now());
    void (nth === 1 ? Promise.resolve() : mayAnswer).then(() => socket.write(goodAnswer(body)));
  });
  const { api } = houseOn(endpoint);
  const read = () => api.getChannels([PENN], undefined, callFor(25_000).deadline);
  await read();
  const reads = Array.from({ length: 600 }, read); // at 160 a second, over 256 connections
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  expect(arrivals.length).toBeLessThanOrEqual(257);
  answerAll();
  const answers = await Promise.all(reads);
  expect(answers.every(({ attempts }) => attempts === 1)).toBe(true); // what was kept back was no attempt
  for (const [nth, at] of arrivals.entries()) {
    const after200 = arrivals[nth + 200];
    if (after200 !== undefined) expect(after200 - at).toBeGreaterThan(1_000);
  }
});

test("credentials that were refused are tried again when the minute is over", async () => {
  const sandbox = await startSandbox();
  sandbox.faults.add({ meets: { code: 70003 } });
  const { api } = houseOn(sandbox.endpoint);
  const read = () => api.getChannels([PENN], undefined, callFor().deadline);
  await failureOf(read());
  const now = performance.now();
  const clock = vi.spyOn(performance, "now");
  onTestFinished(() => {
    clock.mockRestore();
  });
  clock.mockReturnValue(now + 30_000);
  const locked = (await failureOf(read())) as NotSent;
  expect(locked).toMatchObject({ reason: "locked", call: { attempts: 0 }, detail: "70003; 30 seconds left" });
  clock.mockReturnValue(now + 60_100);
  expect((await read()).channels).toHaveLength(1);
});

test("each attempt more is a note for the log: which command, what failed, how long it waits", async () => {
  const sandbox = await startSandbox();
  sandbox.faults.add({ meets: { status: 502 } });
  const signer = new Signer({ sdkAppId: SDKAPPID, identifier: "administrator", credential: { secretKey: SECRET_KEY } });
  const connection = new Connection({ endpoint: sandbox.endpoint, userAgent: "test" });
  onTestFinished(() => connection.close());
  const note = vi.fn();
  const { deadline } = callFor();
  await new ChatApi(new Sender({ connection, signer, perSecond: 200, note })).getChannels([PENN], undefined, deadline);
  expect(note.mock.calls).toEqual([
    [
      "again",
      {
        command: "get_official_account_info",
        attempts: 1,
        failure: "serverError: HTTP 502",
        pauseMs: expect.any(Number),
      },
    ],
  ]);
});

test("a fault of this server's own is not taken for one of the network", async () => {
  const sandbox = await startSandbox();
  const noJson = { Name: 1n as unknown as string };
  const sent = houseOn(sandbox.endpoint).api.modifyChannel(PENN, noJson, callFor().deadline);
  await expect(sent).rejects.toThrow(TypeError);
  expect(sandbox.requests).toEqual([]);
});

test("an answer of the wrong shape to a read is tried again like any other", async () => {
  let times = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      times += 1;
      if (times < 3) socket.end(answer({ ActionStatus: "OK", ErrorCode: 0 }));
      else socket.end(goodAnswer(JSON.stringify({ OfficialAccountIdList: [{ Official_Account: PENN }] })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { api } = houseOn(new URL(`http://127.0.0.1:${port}`));
  expect(await api.getChannels([PENN], undefined, callFor().deadline)).toMatchObject({ attempts: 3 });
});
