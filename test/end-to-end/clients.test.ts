import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { beforeAll, describe, expect, test } from "vitest";
import { BUILT } from "../support/built.ts";
import { cleanUpLater } from "../support/clean-up.ts";
import { bodiesOf, environmentOf, GET, MODIFY, PENN, startSandbox } from "../support/service.ts";

/** The built server under the newer SDK's client, in each way in which it chooses a protocol revision. */
describe.each([
  ["legacy", "legacy" as const, "2025-11-25"],
  ["auto", "auto" as const, "2026-07-28"],
  ["pin", { pin: "2026-07-28" } as const, "2026-07-28"],
])("@modelcontextprotocol/client, %s", (_name, mode, version) => {
  /** A server, and a client that can ask a person or cannot; the person answers with `answer`. */
  async function connect(canAsk: boolean) {
    const sandbox = await startSandbox();
    const client = new Client(
      { name: "the newer client", version: "2" },
      { capabilities: canAsk ? { elicitation: { form: {} } } : {}, versionNegotiation: { mode } },
    );
    const person = { answer: {}, questions: [] as string[] };
    if (canAsk) {
      client.setRequestHandler("elicitation/create", ({ params }) => {
        person.questions.push(params.message);
        return person.answer as { action: "accept" };
      });
    }
    const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "always" });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [BUILT], env }));
    cleanUpLater(() => client.close());
    const edit = (Name: string) =>
      client.callTool({ name: MODIFY, arguments: { Official_Account: PENN, Name } }) as Promise<{
        isError?: boolean;
        structuredContent?: { receipt: { outcome: string } };
      }>;
    return { sandbox, client, person, edit };
  }

  let asking: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    asking = await connect(true);
  });

  test("lists, reads, and edits after an explicit yes", async () => {
    const { sandbox, client, person, edit } = asking;
    person.answer = { action: "accept", content: { decision: "Apply the edit" } };
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect((await client.listTools()).tools).toHaveLength(3);
    const read = await client.callTool({
      name: GET,
      arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] },
    });
    expect(read.structuredContent).toMatchObject({ ErrorCode: 0 });
    expect((await edit("Renamed")).structuredContent?.receipt.outcome).toBe("applied");
    expect(person.questions).toHaveLength(1);
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(1);
  });

  test.each([
    ["an empty form", { action: "accept", content: {} }],
    ["decline", { action: "decline" }],
    ["cancel", { action: "cancel" }],
  ])("writes nothing after %s", async (_what, answer) => {
    const { sandbox, person, edit } = asking;
    person.answer = answer;
    const written = bodiesOf(sandbox, MODIFY).length;
    const result = await edit("Renamed again");
    expect([result.isError, result.structuredContent?.receipt.outcome]).toEqual([true, "declined"]);
    expect(bodiesOf(sandbox, MODIFY)).toHaveLength(written);
  });

  test("writes nothing where it cannot ask, and hears which setting decides that", async () => {
    const { sandbox, edit } = await connect(false);
    const text = await edit("Renamed").then(JSON.stringify, (error: Error) => error.message);
    expect(text).toContain("TENCENT_CHAT_CONFIRM_EDITS");
    expect(bodiesOf(sandbox, MODIFY)).toEqual([]);
  });
});
