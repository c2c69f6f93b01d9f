import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, onTestFinished, test } from "vitest";
import { BUILT } from "../support/built.ts";
import { bodiesOf, environmentOf, GET, MODIFY, PENN, startSandbox } from "../support/service.ts";

/** The built server under the newer SDK's client, in each way in which it chooses a protocol revision. */
describe.each([
  ["legacy", "legacy" as const, "2025-11-25"],
  ["auto", "auto" as const, "2026-07-28"],
  ["pin", { pin: "2026-07-28" } as const, "2026-07-28"],
])("@modelcontextprotocol/client, %s", (_name, mode, version) => {
  async function connect(answer: object | undefined) {
    const sandbox = await startSandbox();
    const client = new Client(
      { name: "the newer client", version: "2" },
      { capabilities: answer ? { elicitation: { form: {} } } : {}, versionNegotiation: { mode } },
    );
    const questions: string[] = [];
    if (answer) {
      client.setRequestHandler("elicitation/create", ({ params }) => {
        questions.push(params.message);
        return answer as { action: "accept" };
      });
    }
    const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "always" });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [BUILT], env }));
    onTestFinished(() => client.close());
    const edit = (Name: string) =>
      client.callTool({ name: MODIFY, arguments: { Official_Account: PENN, Name } }) as Promise<{
        isError?: boolean;
        structuredContent?: { receipt: { outcome: string } };
      }>;
    return { sandbox, client, questions, edit };
  }

  test("lists, reads, and edits after an explicit yes", async () => {
    const yes = { action: "accept", content: { decision: "Apply the edit" } };
    const { sandbox, client, questions, edit } = await connect(yes);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect((await client.listTools()).tools).toHaveLength(3);
    const read = await client.callTool({
      name: GET,
      arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] },
    });
    expect(read.structuredContent).toMatchObject({ ErrorCode: 0 });
    expect((await edit("Renamed")).structuredContent?.receipt.outcome).toBe("applied");
    expect(questions).toHaveLength(1);
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
  });

  test.each([
    ["an empty form", { action: "accept", content: {} }],
    ["decline", { action: "decline" }],
    ["cancel", { action: "cancel" }],
  ])("writes nothing after %s", async (_what, answer) => {
    const { sandbox, edit } = await connect(answer);
    const result = await edit("Renamed");
    expect([result.isError, result.structuredContent?.receipt.outcome]).toEqual([true, "declined"]);
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });

  test("writes nothing where it cannot ask, and hears which setting decides that", async () => {
    const { sandbox, edit } = await connect(undefined);
    const text = await edit("Renamed").then(JSON.stringify, (error: Error) => error.message);
    expect(text).toContain("TENCENT_CHAT_CONFIRM_EDITS");
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });
});
