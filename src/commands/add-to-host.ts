import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CliProcess } from "./cli-process.ts";
import { configurationBlock, type McpHost, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import type { Prompts } from "./prompts.ts";

/** Adds the server to an MCP host: by the host's own command, or by printing what to add. */

export function isOnPath(program: string, { PATH = "" }: CliProcess["env"]): boolean {
  return PATH.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/** Runs the host's command; where the host has the server already, the person decides. Returns what went wrong. */
export async function addToHost(
  prompts: Prompts,
  { label, remove, has }: McpHost,
  command: readonly string[],
  cli: CliProcess,
): Promise<string | undefined> {
  const { texts } = prompts;
  let isRemoved = false;
  if (remove && has && run(has, cli).problem === undefined) {
    // The files are written by now, so Ctrl-C means no.
    if (!(await prompts.confirm(texts.replace(label), true).catch(() => false))) return texts.kept;
    isRemoved = run(remove, cli).problem === undefined;
  }
  const { problem, output } = run(command, cli);
  if (output.trim() !== "") prompts.print(output.trim());
  if (!problem) return undefined;
  prompts.print(shellLine(command, "posix"));
  return `${texts.notAdded(problem)}${isRemoved ? ` ${texts.removed}` : ""}`;
}

/** Runs a command to its end; it can ask nobody. */
function run([command = "", ...args]: readonly string[], { env }: CliProcess) {
  const options = { env, input: "", encoding: "utf8", maxBuffer: Number.POSITIVE_INFINITY } as const;
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, options);
  if (error) return { problem: `${command} did not run (${error.message}).`, output: "" };
  const output = stdout + stderr;
  return status === 0 ? { output } : { problem: `${command} ended with ${status ?? signal}.`, output };
}

/** Prints what the person adds by hand: the host's command, or the block and where it belongs. */
export function printWhatToAdd(prompts: Prompts, host: McpHost, server: ServerEntry, isWindows: boolean): void {
  const { texts } = prompts;
  const { label, add, pasteInto, installCommand } = host;
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
