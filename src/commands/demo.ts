import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import { wrapAnsi } from "fast-wrap-ansi";
import { fromJSONSchema } from "zod/v4";
import { COMMANDS } from "../channel/commands.ts";
import { escapeHidden, visibleJson } from "../text/text.ts";
import type { CommandLine } from "./arguments.ts";
import type { CliProcess } from "./cli-process.ts";

/** One conversation with scripted parts, played through a real MCP client and the sandbox, printed for a person. */

const WIDTH = 80;
const CHANNEL = "@TOA#_test_for_penn";
const NEW_NAME = "茶与山 · Tea and Mountains";
const TOO_LONG = "茶与山 · Tea and Mountains · ".repeat(5);

/** What a tool answered: its structured half, its text half, and whether it is an error. */
interface Reply {
  // biome-ignore lint/suspicious/noExplicitAny: the demo looks at it as any client would
  readonly structured: any;
  readonly text: string;
  readonly isError: boolean;
}

/** @returns the exit code: 0 if every step went as announced */
export async function demo(
  { stdout, env, execPath }: CliProcess,
  _version: string,
  _line: CommandLine,
  entry: string,
): Promise<number> {
  const printer = new Printer((line) => stdout.write(`${line}\n`), stdout.isTTY === true && !env.NO_COLOR);
  const client = new Client(
    { name: "demo", version: "1" },
    { capabilities: { elicitation: { form: {} } }, jsonSchemaValidator: VALIDATOR },
  );
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    const [audience = "", changes = ""] = params.message.replace(/[\u2068\u2069]/g, "").split("\n");
    printer.line("?", `${audience}: ${changes}. Apply the edit?`);
    printer.line("you", "Apply the edit.");
    return { action: "accept", content: { decision: "Apply the edit" } };
  });
  const serverEnv = { TENCENT_CHAT_LOG_LEVEL: "warn", TENCENT_CHAT_CONFIRM_EDITS: "100000" };
  await client.connect(
    new StdioClientTransport({ command: execPath, args: [entry, "--sandbox"], env: serverEnv, stderr: "inherit" }),
  );
  try {
    await client.listTools(); // from here on the client checks every result
    await playSteps(client, printer);
    return printer.finish() ? 0 : 1;
  } finally {
    await client.close();
  }
}

/** Checks results against the advertised schemas; the SDK's own validator is not part of the build. */
const VALIDATOR: jsonSchemaValidator = {
  getValidator(schema) {
    const parsed = fromJSONSchema(JSON.parse(JSON.stringify(schema)));
    return (input) => {
      const { success, error } = parsed.safeParse(input);
      return success
        ? { valid: true, data: input as never, errorMessage: undefined }
        : { valid: false, data: undefined, errorMessage: error.message };
    };
  },
};

async function playSteps(client: Client, printer: Printer): Promise<void> {
  const call = async (tool: string, args: Record<string, unknown>): Promise<Reply> => {
    const result = await client.callTool({ name: tool, arguments: args });
    const [block] = result.content as { text?: string }[];
    return { structured: result.structuredContent, text: block?.text ?? "", isError: result.isError === true };
  };

  printer.step(`What is the channel ${CHANNEL} called?`);
  const read = await call(COMMANDS.get, { OfficialAccountIdList: [{ Official_Account: CHANNEL }] });
  const { Name, SubscriberNum } = read.structured.OfficialAccountInfoList[0];
  printer.line("→", `It is called '${Name}' and has ${SubscriberNum.toLocaleString("en-US")} subscribers.`);
  printer.check(SubscriberNum === 780_031, "read; every edit reaches all of them at once");

  printer.step("Rename it to 'Tea and Mountains' five times over, in Chinese too.");
  const rejected = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: TOO_LONG });
  printer.line("→", `${rejected.text.split(". ")[0]}.`);
  printer.check(rejected.isError && /the limit is 150/.test(rejected.text), "stopped before anything was sent");

  printer.step(`Then once: ${NEW_NAME}.`);
  const edited = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: NEW_NAME });
  const receipt = edited.structured.receipt;
  printer.line("→", escapeHidden(receipt?.summary ?? edited.text));
  const undo = visibleJson(receipt?.undo?.arguments ?? {}).replaceAll(',"', ', "'); // it may break at a space
  printer.line("→", `undo: ${receipt?.undo?.tool} ${undo}`);
  printer.check(receipt?.outcome === "applied", "applied: the new name was read back");

  printer.step("Take that back.");
  const { tool, arguments: values } = receipt?.undo ?? { tool: COMMANDS.modifyChannel, arguments: {} };
  const undone = await call(tool, values);
  printer.check(undone.structured.receipt?.changes[0].after === Name, "applied: the old name was read back");
}

function wrapped(text: string, width: number): string[] {
  return wrapAnsi(text, width, { hard: true }).split("\n");
}

/** Prints for a person, never wider than the terminal of the README. */
class Printer {
  readonly #print: (line: string) => void;
  readonly #hasColors: boolean;
  #failures = 0;

  constructor(print: (line: string) => void, hasColors: boolean) {
    this.#print = print;
    this.#hasColors = hasColors;
    print(this.#paint("1", "A conversation about an official channel, in the embedded sandbox"));
    print("The words are scripted and no model is called. The calls, the signatures and the");
    print("HTTP are real, and stay on this machine.");
  }

  /** What the person says. */
  step(text: string): void {
    this.#print("");
    for (const line of wrapped(`You: ${text}`, WIDTH)) this.#print(this.#paint("1;36", line));
  }

  /** One line of the conversation, wrapped: → an answer, ? a question to the person, you: their answer. */
  line(mark: "→" | "?" | "you", text: string): void {
    const start = mark === "you" ? "You: " : `  ${mark} `;
    for (const [index, part] of wrapped(text, WIDTH - 5).entries()) {
      const line = `${index === 0 ? start : "    "}${part}`;
      this.#print(mark === "you" ? this.#paint("1;36", line) : line);
    }
  }

  check(ok: boolean, text: string): void {
    if (!ok) this.#failures += 1;
    this.#print(ok ? this.#paint("32", `  ✓ ${text}`) : this.#paint("31", `  ✗ this did not happen: ${text}`));
  }

  /** @returns true if every step went as announced */
  finish(): boolean {
    this.#print("");
    this.#print(
      this.#failures === 0
        ? "Every step worked. Next: tencent-chat-channel-mcp setup"
        : `${this.#failures} steps did not work.`,
    );
    return this.#failures === 0;
  }

  #paint(color: string, text: string): string {
    return this.#hasColors ? `\u001b[${color}m${text}\u001b[0m` : text;
  }
}
