import { styleText } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { wrapAnsi } from "fast-wrap-ansi";
import { COMMANDS } from "../channel/commands.ts";
import { escapeHidden, formatCount, visibleJson } from "../text/text.ts";
import type { CommandLine } from "./arguments.ts";
import type { CliProcess } from "./cli-process.ts";

/** One conversation with scripted parts, played through a real MCP client and the sandbox, printed for a person. */

/** The width of the terminal in the README. */
const WIDTH = 80;
const CHANNEL = "@TOA#_test_for_penn";
const NEW_NAME = "茶与山 · Tea and Mountains";
const TOO_LONG = "茶与山 · Tea and Mountains · ".repeat(5);
const YES = "Apply the edit";

/** What a tool answered. */
interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: the demo looks at it as any client would
  readonly structured: any;
  readonly text: string;
}

/** @returns the exit code: 0 if every step went as announced */
export async function demo(
  { stdout, env, execPath }: CliProcess,
  _version: string,
  _line: CommandLine,
  entry: string,
): Promise<number> {
  // styleText's own test looks at this process's stdout, and not on every Node.
  const hasColors = stdout.isTTY === true && !env.NO_COLOR;
  const print = (text: string, style?: Parameters<typeof styleText>[0]) =>
    stdout.write(`${style && hasColors ? styleText(style, text, { validateStream: false }) : text}\n`);
  const client = new Client(
    { name: "demo", version: "1" },
    // The SDK's own validator is not part of the build, and nothing here is validated.
    { capabilities: { elicitation: { form: {} } }, jsonSchemaValidator: { getValidator: () => undefined as never } },
  );
  const script = new Script(client, print);
  const serverEnv = { TENCENT_CHAT_LOG_LEVEL: "warn", TENCENT_CHAT_CONFIRM_EDITS: "100000" };
  await client.connect(
    new StdioClientTransport({ command: execPath, args: [entry, "--sandbox"], env: serverEnv, stderr: "inherit" }),
  );
  try {
    print("A conversation about an official channel, in the embedded sandbox", "bold");
    print("The words are scripted and no model is called. The calls, the signatures and the");
    print("HTTP are real, and stay on this machine.");
    await script.play();
    print("");
    const { failures } = script;
    print(failures === 0 ? "Every step worked. Next: tencent-chat-channel-mcp setup" : `${failures} steps failed.`);
    return failures === 0 ? 0 : 1;
  } finally {
    await client.close();
  }
}

class Script {
  failures = 0;
  readonly #client: Client;
  readonly #print: (text: string, style?: "cyan" | "green" | "red") => void;

  constructor(client: Client, print: (text: string, style?: "cyan" | "green" | "red") => void) {
    this.#client = client;
    this.#print = print;
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      const [audience = "", changes = ""] = params.message.replace(/[\u2068\u2069]/g, "").split("\n");
      this.#tell("?", `${audience}: ${changes}. Apply the edit?`);
      this.#say(`${YES}.`);
      return { action: "accept", content: { decision: YES } };
    });
  }

  async play(): Promise<void> {
    this.#ask(`What is the channel ${CHANNEL} called?`);
    const read = await this.#call(COMMANDS.get, { OfficialAccountIdList: [{ Official_Account: CHANNEL }] });
    const { Name, SubscriberNum } = read.structured.OfficialAccountInfoList[0];
    this.#tell("→", `It is called '${Name}' and has ${formatCount(SubscriberNum)} subscribers.`);
    this.#check(SubscriberNum === 780_031, "read; every edit reaches all of them at once");

    this.#ask("Rename it to 'Tea and Mountains' five times over, in Chinese too.");
    const { text } = await this.#call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: TOO_LONG });
    this.#tell("→", `${text.split(". ")[0]}.`);
    this.#check(/the limit is 150/.test(text), "stopped before anything was sent");

    this.#ask(`Then once: ${NEW_NAME}.`);
    const edited = await this.#call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: NEW_NAME });
    const { outcome, summary, undo } = edited.structured.receipt;
    this.#tell("→", escapeHidden(summary));
    this.#tell("→", `undo: ${undo.tool} ${visibleJson(undo.arguments).replaceAll(',"', ', "')}`); // it may break at a space
    this.#check(outcome === "applied", "applied: the new name was read back");

    this.#ask("Take that back.");
    const { structured } = await this.#call(undo.tool, undo.arguments);
    this.#check(structured.receipt.changes[0].after === Name, "applied: the old name was read back");
  }

  async #call(name: string, args: Record<string, unknown>): Promise<Answer> {
    const { content, structuredContent } = await this.#client.callTool({ name, arguments: args });
    const [block] = content as { text: string }[];
    return { structured: structuredContent, text: block?.text ?? "" };
  }

  #ask(text: string): void {
    this.#print("");
    this.#say(text);
  }

  /** What the person says. */
  #say(text: string): void {
    for (const line of wrapAnsi(`You: ${text}`, WIDTH, { hard: true }).split("\n")) this.#print(line, "cyan");
  }

  /** What the person is told (→) or asked (?). */
  #tell(mark: "→" | "?", text: string): void {
    const lines = wrapAnsi(text, WIDTH - 4, { hard: true }).split("\n");
    for (const [index, line] of lines.entries()) this.#print(`  ${index === 0 ? mark : " "} ${line}`);
  }

  #check(ok: boolean, text: string): void {
    if (!ok) this.failures += 1;
    this.#print(ok ? `  ✓ ${text}` : `  ✗ this did not happen: ${text}`, ok ? "green" : "red");
  }
}
