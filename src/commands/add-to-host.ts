import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { CliProcess } from "./cli-process.ts";
import { configurationBlock, type McpHostName, mcpHost, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import type { Prompts } from "./prompts.ts";

/** Adds the server to an MCP host: by the host's own command, or by printing what to add. */

/** What a host's command may print. */
const MAX_OUTPUT_BYTES = 100_000_000;

/** True if a program is found on the PATH. */
export function isOnPath(program: string, { PATH = "" }: CliProcess["env"]): boolean {
  return PATH.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/** Runs the host's command; where the host has the server already, the person decides. Returns what went wrong. */
export async function addToHost(
  prompts: Prompts,
  name: McpHostName,
  command: readonly string[],
  cli: CliProcess,
): Promise<string | undefined> {
  const { texts } = prompts;
  const { label, remove, has } = mcpHost(name);
  let isRemoved = false;
  if (remove && has && (await run(has, cli)).problem === undefined) {
    // The files are written by now, so Ctrl-C means no.
    if (!(await prompts.confirm(texts.replace(label), true).catch(() => false))) return texts.kept;
    isRemoved = (await run(remove, cli)).problem === undefined;
  }
  const { problem, output } = await run(command, cli);
  if (output.trim() !== "") prompts.print(output.trim());
  if (!problem) return undefined;
  prompts.print(shellLine(command, "posix"));
  return `${texts.notAdded(problem)}${isRemoved ? ` ${texts.removed}` : ""}`;
}

/** Runs a command to its end. */
async function run([command = "", ...args]: readonly string[], { env }: CliProcess) {
  try {
    const running = promisify(execFile)(command, args, { env, maxBuffer: MAX_OUTPUT_BYTES });
    running.child.stdin?.end(); // it can ask nobody
    const { stdout, stderr } = await running;
    return { output: stdout + stderr };
  } catch (error) {
    const { code, message, stdout = "", stderr = "" } = error as Error & Record<"code" | "stdout" | "stderr", string>;
    const problem =
      typeof code === "number" ? `${command} ended with ${code}.` : `${command} did not run (${message}).`;
    return { problem, output: stdout + stderr };
  }
}

/** Prints what the person adds by hand: the host's command, or the block and where it belongs. */
export function printWhatToAdd(prompts: Prompts, name: McpHostName, server: ServerEntry, isWindows: boolean): void {
  const { texts } = prompts;
  const { label, add, pasteInto, installCommand } = mcpHost(name);
  if (!add) {
    prompts.say("step", texts.pasteInto(pasteInto ?? texts.otherConfiguration));
    prompts.print(configurationBlock(server));
    return;
  }
  const why = isWindows ? "" : `${texts.notFound(label, installCommand ? texts.inPalette(installCommand) : "")}\n`;
  prompts.say("step", `${why}${texts.runThis(label)}`);
  if (!isWindows) prompts.print(shellLine(add(server), "posix"));
  else {
    prompts.print(`PowerShell:\n${shellLine(add(server), "powershell")}`);
    prompts.print(`cmd:\n${shellLine(add(server), "cmd")}`);
  }
}
