import { describe, expect, test } from "vitest";
import { BuiltServer } from "../support/built.ts";
import { goodAnswer } from "../support/peers.ts";
import { environmentOf, GET, PENN } from "../support/service.ts";
import { HOST, makeAuthority, startProxy, startSocksProxy, startTls } from "../support/tls.ts";

const answer = (body: string) => goodAnswer(body).split("\r\n\r\n")[1] ?? "";

/** Reads a channel through a server of its own; gives back the structured half. */
async function read(endpoint: string, env: Record<string, string> = {}) {
  const server = new BuiltServer(environmentOf(new URL(endpoint), { TENCENT_CHAT_TIMEOUT_SECONDS: "5", ...env }));
  await server.initialize();
  const reply = await server.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
  server.child.stdin?.end();
  await server.exit();
  return reply.result.structuredContent;
}

describe("TLS", () => {
  test("with a company's own authority is accepted once NODE_EXTRA_CA_CERTS names it, and never before", async () => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, names: ["localhost"], answer });
    const refused = await read(`https://localhost:${port}`);
    expect(refused.explanation).toMatchObject({ stage: "network", fixedBy: "operator", attempts: 0 });
    expect(refused.explanation.cause).toMatch(/The TLS certificate of the host was not accepted .* Nothing was sent\./);
    expect(refused.explanation.nextStep).toContain("NODE_EXTRA_CA_CERTS");
    expect(requests).toEqual([]);
    const accepted = await read(`https://localhost:${port}`, { NODE_EXTRA_CA_CERTS: authority.file });
    expect(accepted.OfficialAccountInfoList[0].Name).toBe("n");
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["expired", { isExpired: true }, "CERT_HAS_EXPIRED"],
    ["for another host", { names: ["elsewhere.test"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s is rejected at the first attempt, and nothing is sent", async (_what, options, code) => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, names: ["localhost"], ...options, answer });
    const { explanation } = await read(`https://localhost:${port}`, { NODE_EXTRA_CA_CERTS: authority.file });
    expect(explanation.cause).toContain(
      `The TLS certificate of the host was not accepted (${code}). Nothing was sent.`,
    );
    expect(explanation.attempts).toBe(0);
    expect(requests).toEqual([]);
  });

  test("self-signed is rejected", async () => {
    const { port, requests } = await startTls({ names: ["localhost"], answer });
    const { explanation } = await read(`https://localhost:${port}`);
    expect(explanation.cause).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(requests).toEqual([]);
  });

  test("is not turned off by a variable", async () => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, answer });
    const proxy = await startProxy(port);
    const { explanation } = await read(`https://${HOST}`, {
      HTTPS_PROXY: proxy.url,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    });
    expect(explanation).toMatchObject({ stage: "settings", attempts: 0 });
    expect(explanation.cause).toContain("NODE_TLS_REJECT_UNAUTHORIZED=0 turns off every certificate check");
    expect([requests, proxy.heard]).toEqual([[], []]);
  });
});

describe("a proxy", () => {
  test.each([
    ["with a scheme", (url: string) => url],
    ["without one", (url: string) => url.replace("http://", "")],
  ])("named %s is used", async (_what, spell) => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, answer });
    const proxy = await startProxy(port);
    const answered = await read(`https://${HOST}`, {
      HTTPS_PROXY: spell(proxy.url),
      NODE_EXTRA_CA_CERTS: authority.file,
    });
    expect(answered.OfficialAccountInfoList[0].Name).toBe("n");
    expect(proxy.heard).toEqual([`CONNECT ${HOST}:443 HTTP/1.1`]);
    expect(requests).toHaveLength(1);
  });

  test("of SOCKS5 is used, with its password, which may be written as a percent code", async () => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, answer });
    const proxy = await startSocksProxy({ user: "me", password: "p@ss", to: port });
    const env = { ALL_PROXY: proxy.url.replace("socks5:", "socks5h:"), NODE_EXTRA_CA_CERTS: authority.file };
    expect((await read(`https://${HOST}`, env)).OfficialAccountInfoList[0].Name).toBe("n");
    expect(proxy.heard).toEqual([`me:p@ss ${HOST}:443`]);
    expect(requests).toHaveLength(1);
  });

  test("does not hide a bad certificate", async () => {
    const authority = await makeAuthority();
    const { port, requests } = await startTls({ authority, names: ["elsewhere.test"], answer });
    const proxy = await startProxy(port);
    const { explanation } = await read(`https://${HOST}`, {
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: authority.file,
    });
    expect(explanation.cause).toContain("The TLS certificate of the host was not accepted");
    expect([requests.length, proxy.heard.length]).toEqual([0, 1]);
  });
});
