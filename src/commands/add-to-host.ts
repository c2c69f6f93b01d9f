import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CliProcess } from "./cli-process.ts";
import { configurationBlock, type McpHostName, mcpHost, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import type { Questions } from "./questions.ts";
import type { Texts } from "./texts.ts";

/** Adds the server to an MCP host: by the host's own command, or by printing what to add. */

/** True if a program is found on the PATH. */
export function isOnPath(program: string, { PATH = "" }: CliProcess["env"]): boolean {
  return PATH.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/** Runs the host's command; where the host has the server already, the person decides. Returns what went wrong. */
export async function addToHost(
  questions: Questions,
  name: McpHostName,
  command: readonly string[],
  cli: CliProcess,
  { setup: texts }: Texts,
): Promise<string | undefined> {
  const { label, remove, has } = mcpHost(name);
  if (remove && has && (await run(has, cli)).problem === undefined) {
    // The files are written by now, so Ctrl-C means no.
    if (!(await questions.confirm(texts.replace(label), true).catch(() => false))) return texts.kept;
    await run(remove, cli);
  }
  const { problem, output } = await run(command, cli);
  if (output.trim() !== "") questions.print(output.trim());
  return problem && texts.notAdded(problem);
}

/** Runs a command to its end. */
function run(
  [command = "", ...args]: readonly string[],
  { env }: CliProcess,
): Promise<{ problem: string | undefined; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", ({ message }) => resolve({ problem: `${command} could not be started (${message}).`, output }));
    child.on("close", (code) =>
      resolve({ problem: code === 0 ? undefined : `${command} ended with ${code ?? "a signal"}.`, output }),
    );
  });
}

/** Prints what the person adds by hand: the host's command, or the block and where it belongs. */
export function printWhatToAdd(
  questions: Questions,
  name: McpHostName,
  server: ServerEntry,
  isWindows: boolean,
  { setup: texts }: Texts,
): void {
  const { label, add, pasteInto, installCommand } = mcpHost(name);
  if (!add) {
    questions.say("step", texts.pasteInto(pasteInto ?? texts.otherConfiguration));
    questions.print(configurationBlock(server));
    return;
  }
  const why = isWindows ? "" : `${texts.notFound(label, installCommand ? texts.inPalette(installCommand) : "")}\n`;
  questions.say("step", `${why}${texts.runThis(label)}`);
  if (!isWindows) questions.print(shellLine(add(server), "posix"));
  else {
    questions.print(`PowerShell:\n${shellLine(add(server), "powershell")}`);
    questions.print(`cmd:\n${shellLine(add(server), "cmd")}`);
  }
}
