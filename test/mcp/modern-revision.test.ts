import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { linesIn } from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { GET, MODIFY, PENN, startSandbox } from "../support/service.ts";
import { modern, Wire } from "../support/wire.ts";

const META = "io.modelcontextprotocol/";
const read = { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } };

describe("MCP 2026-07-28", () => {
  test("is discovered without a handshake, with what clients may keep", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    const { result } = await wire.request(1, "server/discover", modern());
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {} },
      ttlMs: 3_600_000,
      cacheScope: "private",
      _meta: { [`${META}serverInfo`]: { name: "tencent-chat-channel-mcp", version: "0" } },
    });
    expect(result.instructions).toContain("official channels");
  });

  test("lists the same tools as the older revision, in the same order, whatever the client can do", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "always" });
    await wire.initialize();
    const older = await wire.request(1, "tools/list");
    const newer = await wire.request(2, "tools/list", modern());
    const asking = await wire.request(3, "tools/list", modern({}, { elicitation: {} }));
    expect(newer.result.tools).toEqual(older.result.tools);
    expect(asking.result).toEqual(newer.result);
    expect(newer.result).toMatchObject({ resultType: "complete", ttlMs: 3_600_000, cacheScope: "private" });
    expect(older.result).not.toHaveProperty("resultType");
  });

  test("answers a call, with the type of the result and the server's name", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    const { result } = await wire.request(1, "tools/call", modern(read));
    expect(result).toMatchObject({ resultType: "complete", structuredContent: { ErrorCode: 0 } });
    expect(result._meta[`${META}serverInfo`].name).toBe("tencent-chat-channel-mcp");
  });

  test.each([
    ["2099-01-01", -32022, { supported: ["2026-07-28"], requested: "2099-01-01" }],
    [
      "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
      -32022,
      { supported: ["2026-07-28"], requested: "unknown" },
    ],
    ["2025-11-25", -32022, { supported: ["2026-07-28"], requested: "2025-11-25" }],
    ["v3-beta", -32022, { supported: ["2026-07-28"], requested: "v3-beta" }],
    [20260728, -32602, undefined],
  ])("refuses the version %j", async (version, code, data) => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    for (const method of ["server/discover", "tools/list", "tools/call"]) {
      const { error } = await wire.request(method, method, modern(read, {}, version));
      expect([error.code, error.data]).toEqual([code, data]);
    }
  });

  test.each([undefined, null, [], "all"])("refuses the client capabilities %j", async (capabilities) => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    const _meta = { [`${META}protocolVersion`]: "2026-07-28", [`${META}clientCapabilities`]: capabilities };
    const { error } = await wire.request(1, "tools/list", { _meta });
    expect(error.code).toBe(-32602);
    expect(error.message).toContain("clientCapabilities");
  });

  test("refuses a discovery that does not say its version", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    expect((await wire.request(1, "server/discover")).error.code).toBe(-32602);
  });

  test.each(["initialize", "ping", "resources/list", "logging/setLevel", "tasks/get"])(
    "has no method %s",
    async (method) => {
      const wire = await Wire.open((await startSandbox()).endpoint);
      expect((await wire.request(1, method, modern())).error.code).toBe(-32601);
    },
  );

  test("refuses an unknown tool as a protocol error, and arguments that are not an object in words", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    const { error } = await wire.request(1, "tools/call", modern({ name: "delete_everything" }));
    expect(error.code).toBe(-32602);
    expect(error.message).toBe(`Unknown tool. This server has ${[GET, MODIFY].join(", ")}, modify_subscriber_info.`);
    const { result } = await wire.request(2, "tools/call", modern({ name: GET, arguments: [1] }));
    expect(result.structuredContent.explanation.cause).toBe("The arguments must be an object, not an array.");
  });

  test("acknowledges a subscription to nothing, and ends it at once", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint);
    const { result } = await wire.request(
      4,
      "subscriptions/listen",
      modern({ notifications: { toolsListChanged: {} } }),
    );
    expect(wire.messages.at(-2)).toEqual({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { _meta: { [`${META}subscriptionId`]: 4 }, notifications: {} },
    });
    expect(result).toMatchObject({ resultType: "complete", _meta: { [`${META}subscriptionId`]: 4 } });
  });

  test("is decided request by request: nothing is remembered from one to the next", async () => {
    const place = mkdtempSync(join(tmpdir(), "journal-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const journal = join(place, "edits.jsonl");
    const wire = await Wire.open((await startSandbox()).endpoint, { TENCENT_CHAT_JOURNAL: journal });
    const edit = (Name: string) => ({ name: MODIFY, arguments: { Official_Account: PENN, Name } });
    await wire.initialize();
    await wire.request(1, "tools/call", edit("one"));
    await wire.request(2, "tools/call", modern(edit("two")));
    await wire.request(3, "tools/call", edit("three"));
    expect((await wire.request(4, "ping")).result).toEqual({});
    const clients = linesIn(journal).flatMap((line) => (line.event === "intent" ? [line.client] : []));
    expect(clients).toEqual(["a client", "a newer client", "a client"]);
  });

  test("a cancelled call is not answered", async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ response: "silence" });
    const wire = await Wire.open(sandbox.endpoint);
    wire.send({ id: 5, method: "tools/call", params: modern(read) });
    await waitUntil(() => sandbox.requests.length === 1);
    await wire.request(1, "tools/list", modern());
    wire.send({ method: "notifications/cancelled", params: { requestId: 5 } });
    await wire.request(2, "tools/call", modern(read));
    expect(wire.messages.map(({ id }) => id)).toEqual([1, 2]);
  });
});
