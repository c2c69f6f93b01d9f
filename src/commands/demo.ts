import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import { fromJSONSchema } from "zod/v4";
import { COMMANDS } from "../channel/commands.ts";
import { escapeHidden, visibleJson } from "../text/text.ts";
import { wrap } from "../text/wrap.ts";
import type { CommandLine } from "./arguments.ts";
import type { CliProcess } from "./cli-process.ts";

/** One conversation, played through a real MCP client and the sandbox, printed for a person. */

const WIDTH = 80;
const CHANNEL = "@TOA#_test_for_penn";
const NEW_NAME = "茶与山 · Tea and Mountains";
const TOO_LONG = "茶与山 · Tea and Mountains · ".repeat(5);

interface DemoOptions {
  /** How to start the server. */
  readonly command: string;
  readonly args: string[];
  readonly printer: Printer;
}

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
  const hasColors = stdout.isTTY === true && !env.NO_COLOR;
  const printer = new Printer((line) => stdout.write(`${line}\n`), hasColors);
  const ok = await runScenario({ command: execPath, args: [entry, "--sandbox"], printer });
  return ok ? 0 : 1;
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

async function runScenario({ command, args, printer }: DemoOptions): Promise<boolean> {
  const info = { name: "demo", version: "1" };
  const client = new Client(info, { capabilities: { elicitation: { form: {} } }, jsonSchemaValidator: VALIDATOR });
  let questions = 0;
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    questions += 1;
    const [audience = "", changes = ""] = params.message.split("\n");
    printer.line("?", questions === 1 ? `${audience}, ${changes}` : "the same question again, for the undo");
    printer.line("=", 'a person chooses "Apply the edit"');
    return { action: "accept", content: { decision: "Apply the edit" } };
  });
  const env = { TENCENT_CHAT_LOG_LEVEL: "warn", TENCENT_CHAT_CONFIRM_EDITS: "100000" };
  await client.connect(new StdioClientTransport({ command, args, env, stderr: "inherit" }));
  try {
    await client.listTools(); // from here on the client checks every result
    await playSteps(client, printer);
    return printer.finish();
  } finally {
    await client.close();
  }
}

async function playSteps(client: Client, printer: Printer): Promise<void> {
  const call = async (tool: string, args: Record<string, unknown>, { isPrinted = true } = {}): Promise<Reply> => {
    if (isPrinted) printer.line("→", `${tool} ${visibleJson(args)}`);
    const result = await client.callTool({ name: tool, arguments: args });
    const [block] = result.content as { text?: string }[];
    return { structured: result.structuredContent, text: block?.text ?? "", isError: result.isError === true };
  };

  printer.title("Read a channel");
  const read = await call(COMMANDS.get, {
    OfficialAccountIdList: [{ Official_Account: CHANNEL }],
    ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "SubscriberNum"] },
  });
  const { Name, SubscriberNum } = read.structured.OfficialAccountInfoList[0];
  printer.line("←", visibleJson({ Name, SubscriberNum }));
  printer.check(SubscriberNum === 780_031, "780,031 subscribers will see any edit");

  printer.title("A new name, but too long");
  const rejected = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: TOO_LONG });
  printer.line("←", `${rejected.text.split(". ")[0]}.`);
  printer.check(
    rejected.isError && /the limit is 150/.test(rejected.text),
    "rejected: too many bytes; nothing was sent",
  );

  printer.title("The name corrected; a person is asked before it is published");
  const edited = await call(COMMANDS.modifyChannel, { Official_Account: CHANNEL, Name: NEW_NAME });
  const receipt = edited.structured.receipt;
  printer.line("←", escapeHidden(receipt?.summary ?? edited.text));
  printer.line("←", `undo: ${receipt?.undo?.tool} ${visibleJson(receipt?.undo?.arguments ?? {})}`);
  printer.check(receipt?.outcome === "applied", "applied: reading the channel again shows the new name");

  printer.title("Take it back");
  printer.line("→", "the undo of the receipt, exactly as given");
  const { tool, arguments: values } = receipt?.undo ?? { tool: COMMANDS.modifyChannel, arguments: {} };
  const undone = await call(tool, values, { isPrinted: false });
  printer.check(
    undone.structured.receipt?.changes[0].after === Name,
    "applied: reading the channel again shows the old name",
  );
}

/** Prints for a person, never wider than the terminal of the README. */
class Printer {
  readonly #print: (line: string) => void;
  readonly #hasColors: boolean;
  #steps = 0;
  #failures = 0;

  constructor(print: (line: string) => void, hasColors: boolean) {
    this.#print = print;
    this.#hasColors = hasColors;
    print(this.#paint("1", "An agent talks to tencent-chat-channel-mcp, in the embedded sandbox"));
    print("Real HTTP and real signatures, on this machine only.");
  }

  title(text: string): void {
    this.#steps += 1;
    this.#print(this.#paint("1;36", `${this.#steps}. ${text}`));
  }

  /** One line of the conversation, wrapped: → a call, ← an answer, ? a question, = its answer. */
  line(mark: "→" | "←" | "?" | "=", text: string): void {
    for (const [index, part] of wrap(text, WIDTH - 5).entries()) {
      const line = `   ${index === 0 ? mark : " "} ${part}`;
      this.#print(mark === "→" ? this.#paint("2", line) : line);
    }
  }

  check(ok: boolean, text: string): void {
    if (!ok) this.#failures += 1;
    this.#print(ok ? this.#paint("32", `   ✓ ${text}`) : this.#paint("31", `   ✗ this did not happen: ${text}`));
  }

  /** @returns true if every step went as announced */
  finish(): boolean {
    this.#print(this.#failures === 0 ? "Every step worked." : `${this.#failures} steps did not work.`);
    return this.#failures === 0;
  }

  #paint(color: string, text: string): string {
    return this.#hasColors ? `\u001b[${color}m${text}\u001b[0m` : text;
  }
}
