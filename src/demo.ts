import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { visibleJson } from "./channel/text.ts";

/** One conversation, played through a real MCP client and the sandbox, printed for a person. */

interface Stage {
  /** How to start the server. */
  readonly command: string;
  readonly args: string[];
  readonly print: (line: string) => void;
  readonly hasColours: boolean;
}

/** What a tool answered: its structured half, its text half, and whether it is an error. */
interface Reply {
  readonly structured: Record<string, unknown>;
  readonly text: string;
  readonly isError: boolean;
}

const CHANNEL = "@TOA#_test_for_penn";
const READ = "get_official_account_info";
const EDIT = "modify_official_account_base_info";
const NEW_NAME = "茶与山 · Tea and Mountains";
const TOO_LONG = `${NEW_NAME}: ${"每周一封信,".repeat(12)}`;

/** @returns true if each step went as told */
export async function playDemo(stage: Stage): Promise<boolean> {
  const { command, args } = stage;
  const page = new Page(stage);
  const client = new Client({ name: "demo", version: "1" });
  await client.connect(
    new StdioClientTransport({ command, args, env: { TENCENT_CHAT_LOG_LEVEL: "warn" }, stderr: "inherit" }),
  );
  try {
    return await tellStory(client, page);
  } finally {
    await client.close();
  }
}

async function tellStory(client: Client, page: Page): Promise<boolean> {
  const call = async (tool: string, args: Record<string, unknown>): Promise<Reply> => {
    page.call(tool, args);
    const result = await client.callTool({ name: tool, arguments: args });
    const [block] = result.content as { text?: string }[];
    return {
      structured: (result.structuredContent ?? {}) as Record<string, unknown>,
      text: block?.text ?? "",
      isError: result.isError === true,
    };
  };
  const readChannel = async () => {
    const reply = await call(READ, {
      OfficialAccountIdList: [{ Official_Account: CHANNEL }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "Introduction", "SubscriberNum"] },
    });
    const { ErrorCode, ErrorInfo, ...channel } =
      (reply.structured.OfficialAccountInfoList as Record<string, unknown>[] | undefined)?.[0] ?? {};
    for (const [field, value] of Object.entries(channel)) page.reply(`${field.padEnd(17)} ${visibleJson(value)}`);
    return channel;
  };

  page.title("Which tools are there?");
  const { tools } = await client.listTools();
  for (const tool of tools) page.reply(`${tool.name.padEnd(34)} ${tool.title}`);
  page.check(tools.length === 3, "three tools");

  page.title("What does the channel look like?");
  const before = await readChannel();
  page.check(before.SubscriberNum === 780_031, "780,031 subscribers will see any edit");

  page.title("A new name, but too long");
  const refused = await call(EDIT, { Official_Account: CHANNEL, Name: TOO_LONG });
  page.reply(refused.text);
  page.check(refused.isError && /of 150 bytes/.test(refused.text), "refused by its bytes, and nothing was sent");

  page.title("The mistake put right");
  const edited = await call(EDIT, { Official_Account: CHANNEL, Name: NEW_NAME });
  const receipt = edited.structured.receipt as
    | {
        outcome: string;
        summary: string;
        warnings: string[];
        undo?: { tool: string; arguments: Record<string, unknown> };
      }
    | undefined;
  page.reply(receipt?.summary ?? edited.text);
  for (const warning of receipt?.warnings ?? []) page.reply(`warning: ${warning}`);
  page.reply(`undo: ${receipt?.undo?.tool} ${visibleJson(receipt?.undo?.arguments ?? {})}`);
  page.check(receipt?.outcome === "applied", "applied, and seen by reading back");

  page.title("A channel that does not exist");
  const missing = await call(READ, { OfficialAccountIdList: [{ Official_Account: "@TOA#_nobody_here" }] });
  page.reply(missing.text);
  page.check(
    missing.isError && missing.text.startsWith("130004"),
    "the service says OK around it, the server does not",
  );

  page.title("Take the edit back, with the undo exactly as given");
  const undone = receipt?.undo ? await call(receipt.undo.tool, receipt.undo.arguments) : refused;
  page.reply((undone.structured.receipt as typeof receipt)?.summary ?? undone.text);
  page.check(!undone.isError, "applied");

  page.title("How does the channel stand now?");
  const after = await readChannel();
  page.check(JSON.stringify(after) === JSON.stringify(before), "as it was before");
  return page.wentAsTold();
}

/** What the person sees. */
class Page {
  readonly #print: (line: string) => void;
  readonly #hasColours: boolean;
  #steps = 0;
  #missed = 0;

  constructor({ print, hasColours }: Stage) {
    this.#print = print;
    this.#hasColours = hasColours;
    print(this.#paint("1", "An agent's conversation with tencent-chat-channel-mcp"));
    print("The service is the embedded sandbox: real HTTP and real signatures on this machine alone.");
  }

  title(text: string): void {
    this.#steps += 1;
    this.#print("");
    this.#print(this.#paint("1;36", `${this.#steps}. ${text}`));
  }

  call(tool: string, args: object): void {
    this.#print(this.#paint("2", `   → ${tool} ${visibleJson(args)}`));
  }

  reply(text: string): void {
    for (const line of text.split("\n")) this.#print(`   ← ${line}`);
  }

  check(isAsTold: boolean, told: string): void {
    if (!isAsTold) this.#missed += 1;
    this.#print(isAsTold ? this.#paint("32", `   ✓ ${told}`) : this.#paint("31", `   ✗ not as told: ${told}`));
  }

  wentAsTold(): boolean {
    this.#print("");
    this.#print(this.#missed === 0 ? "Each step went as told." : `${this.#missed} of the steps did not go as told.`);
    return this.#missed === 0;
  }

  #paint(colour: string, text: string): string {
    return this.#hasColours ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }
}
