import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { because, callFor, contextOn, errorOf, okValue, PENN, startSandbox } from "../../support/service.ts";
import { HOST, startProxy, startSocksProxy } from "../../support/tls.ts";

const ELSEWHERE = new URL(`https://${HOST}`);

function read(endpoint: URL, env: Record<string, string>, ms = 5_000) {
  return okValue(contextOn(endpoint, env).api.getChannels([PENN], undefined, callFor(ms).deadline));
}

async function failureThrough(meet: (socket: Socket) => void, ms?: number) {
  const proxy = await startProxy(meet);
  const failure = await errorOf(read(ELSEWHERE, { HTTPS_PROXY: proxy.url }, ms));
  expect(failure.explanation.cause).toMatch(/Nothing was sent\.$/);
  return { failure, heard: proxy.heard };
}

describe.concurrent("a proxy", () => {
  test.each([
    ["wants a password", "407 Proxy Authentication Required", "proxyRefused", 1],
    ["forbids the host", "403 Forbidden", "proxyRefused", 1],
    ["cannot reach the host", "502 Bad Gateway", "proxyFailed", 4],
    ["times out", "504 Gateway Timeout", "proxyFailed", 4],
  ] as const)("that %s is reported as such", async (_what, status, reason, times) => {
    const answer = `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;
    const { failure, heard } = await failureThrough((socket) => socket.end(answer));
    expect(failure).toMatchObject(because(reason));
    expect(failure.explanation).toMatchObject({ stage: "network", fixedBy: "operator", attempts: 0 });
    expect(failure.explanation.cause).toMatch(/^The proxy .* Nothing was sent\.$/);
    expect(failure.explanation.cause).toContain(`(HTTP ${status.slice(0, 3)})`);
    expect(heard).toEqual(Array.from({ length: times }, () => `CONNECT ${HOST}:443 HTTP/1.1`));
  });

  test("that closes the connection is asked four times at most", async () => {
    const { failure, heard } = await failureThrough((socket) => socket.destroy());
    expect(failure).toMatchObject(because("proxyFailed", { attempts: 0 }));
    expect(failure.explanation.cause).toContain("it closed the connection");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard.length).toBeLessThanOrEqual(4);
  });

  test.each([
    ["is not there", "http://127.0.0.1:9", "ECONNREFUSED"],
    ["has no name", "http://no-such-proxy.invalid:8080", "ENOTFOUND"],
  ])("that %s is reported as the proxy, not as the host", async (_what, HTTPS_PROXY, detail) => {
    const failure = await errorOf(read(ELSEWHERE, { HTTPS_PROXY }));
    expect(failure).toMatchObject({ ...because("proxyFailed", { attempts: 0 }) });
    expect(failure.explanation.cause).toContain(`(${detail})`);
    expect(failure.explanation.nextStep).toContain("HTTPS_PROXY");
  });

  test("is never used for this machine, nor for hosts of NO_PROXY", async () => {
    const proxy = await startProxy((socket) => socket.destroy());
    const sandbox = await startSandbox();
    const everywhere = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
    expect((await read(sandbox.endpoint, everywhere)).channels).toHaveLength(1);
    const direct = await errorOf(read(ELSEWHERE, { HTTPS_PROXY: proxy.url, NO_PROXY: HOST }));
    expect(direct).toMatchObject(because("hostNotFound"));
    expect(proxy.heard).toEqual([]);
  });

  test.each([
    ["wants a password", { user: "me", password: "other" }, "proxyRefused"],
    ["forbids the host", { user: "me", password: "p@ss", reply: 2 }, "proxyRefused"],
    ["cannot reach the host", { user: "me", password: "p@ss", reply: 4 }, "proxyFailed"],
  ] as const)("of SOCKS5 that %s is reported as such", async (_what, options, reason) => {
    const { url } = await startSocksProxy(options, "me:p%40ss");
    const failure = await errorOf(read(ELSEWHERE, { HTTPS_PROXY: url }));
    expect(failure).toMatchObject(because(reason, { attempts: 0 }));
  });

  test("of SOCKS5 that is not there is reported as the proxy", async () => {
    const failure = await errorOf(read(ELSEWHERE, { HTTPS_PROXY: "socks5://127.0.0.1:9" }));
    expect(failure).toMatchObject(because("proxyFailed", { attempts: 0 }));
    expect(failure.explanation.cause).toContain("(ECONNREFUSED)");
  });
});

// Alone, because its time is short.
describe("a proxy", () => {
  test("that is silent is given up inside the deadline", async () => {
    const { failure, heard } = await failureThrough(() => {}, 500);
    expect(failure).toMatchObject(because("unreachable"));
    expect(heard).toHaveLength(1);
  });
});
