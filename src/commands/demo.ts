import { styleText } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { wrapAnsi } from "fast-wrap-ansi";
import { COMMANDS } from "../channel/commands.ts";
import { escapeHidden, formatCount, visibleJson } from "../text/text.ts";
import type { CliProcess } from "./cli-process.ts";

/** One conversation with scripted parts, played through a real MCP client and the sandbox, printed for a person. */

/** The width of the terminal in the README. */
const WIDTH = 80;
const CHANNEL = "@TOA#_test_for_penn";
const NEW_NAME = "茶与山 · Tea and Mountains";
const TOO_LONG = "茶与山 · Tea and Mountains · ".repeat(5);
const YES = "Apply the edit";

type Print = (text: string, style?: Parameters<typeof styleText>[0]) => void;

/** @returns the exit code: 0 if every step went as announced */
export async function demo({ stdout, env, execPath, argv }: CliProcess): Promise<number> {
  // styleText's own test looks at this process's stdout, and not on every Node.
  const hasColors = stdout.isTTY === true && !env.NO_COLOR;
  const print: Print = (text, style) =>
    stdout.write(`${style && hasColors ? styleText(style, text, { validateStream: false }) : text}\n`);
  const client = new Client(
    { name: "demo", version: "1" },
    // The SDK's own validator is not part of the build, and nothing here is validated.
    { capabilities: { elicitation: { form: {} } }, jsonSchemaValidator: { getValidator: () => undefined as never } },
  );
  const serverEnv = { TENCENT_CHAT_LOG_LEVEL: "warn", TENCENT_CHAT_CONFIRM_EDITS: "100000" };
  const args = [argv[1] ?? "", "--sandbox"];
  await client.connect(new StdioClientTransport({ command: execPath, args, env: serverEnv, stderr: "inherit" }));
  try {
    print("A conversation about an official channel, in the embedded sandbox", "bold");
    print("The words are scripted and no model is called. The calls, the signatures and the");
    print("HTTP are real, and stay on this machine.");
    const failures = await play(client, print);
    print("");
    print(failures === 0 ? "Every step worked. Next: tencent-chat-channel-mcp setup" : `${failures} steps failed.`);
    return failures === 0 ? 0 : 1;
  } finally {
    await client.close();
  }
}

/** @returns how many steps did not go as announced */
async function play(client: Client, print: Print): Promise<number> {
  let failures = 0;
  const say = (text: string) => print(wrapAnsi(`You: ${text}`, WIDTH, { hard: true }), "cyan");
  const ask = (text: string) => {
    print("");
    say(text);
  };
  /** What the agent answers (→) or the server asks (?). */
  const tell = (mark: "→" | "?", text: string) =>
    print(`  ${mark} ${wrapAnsi(text, WIDTH - 4, { hard: true }).replaceAll("\n", "\n    ")}`);
  const check = (ok: boolean, text: string) => {
    if (!ok) failures += 1;
    print(ok ? `  ✓ ${text}` : `  ✗ this did not happen: ${text}`, ok ? "green" : "red");
  };
  const call = async (name: string, args: Record<string, unknown>) => {
    const { content, structuredContent } = await client.callTool({ name, arguments: args });
    const [block] = content as { text: string }[];
    // biome-ignore lint/suspicious/noExplicitAny: the demo looks at it as any client would
    return { structured: structuredContent as any, text: block?.text ?? "" };
  };
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    const [audience = "", changes = ""] = params.message.replace(/[\u2068\u2069]/g, "").split("\n");
    tell("?", `${audience}: ${changes}. Apply the edit?`);
    say(`${YES}.`);
    return { action: "accept", content: { decision: YES } };
  });

  ask(`What is the channel ${CHANNEL} called?`);
  const read = await call(COMMANDS.get, { OfficialAccountIdList: [{ Official_Account: CHANNEL }] });
  const { Name, SubscriberNum } = read.structured.OfficialAccountInfoList[0];
  tell("→", `It is called '${Name}' and has ${formatCount(SubscriberNum)} subscribers.`);
  check(SubscriberNum === 780_031, "read; every edit reaches all of them at once");

  ask("Rename it to 'Tea and Mountains' five times over, in Chinese too.");
  const { text } = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: TOO_LONG });
  tell("→", `${text.split(". ")[0]}.`);
  check(/the limit is 150/.test(text), "stopped before anything was sent");

  ask(`Then once: ${NEW_NAME}.`);
  const edited = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: NEW_NAME });
  const { outcome, summary, undo } = edited.structured.receipt;
  tell("→", escapeHidden(summary));
  tell("→", `undo: ${undo.tool} ${visibleJson(undo.arguments).replaceAll(',"', ', "')}`); // it may break at a space
  check(outcome === "applied", "applied: the new name was read back");

  ask("Take that back.");
  const { structured } = await call(undo.tool, undo.arguments);
  check(structured.receipt.changes[0].after === Name, "applied: the old name was read back");
  return failures;
}
