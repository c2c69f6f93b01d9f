import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CliProcess } from "./environment.ts";
import { configurationBlock, type McpHostName, mcpHost, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import type { Questions } from "./questions.ts";

/** Adds the server to an MCP host: by the host's own command, or by printing what to add. */

/** True if a program is found on the PATH. */
export function isOnPath(program: string, { PATH = "" }: CliProcess["env"]): boolean {
  return PATH.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/** Runs the host's command; again after a removal, if the person wants that. Returns what went wrong, or undefined. */
export async function addToHost(
  questions: Questions,
  name: McpHostName,
  command: readonly string[],
  cli: CliProcess,
): Promise<string | undefined> {
  let problem = await runCommand(command, cli);
  const { label, remove } = mcpHost(name);
  if (problem && remove) {
    const question = `${problem} ${label} may have this server already. Run \`${shellLine(remove, false)}\`, then add it again? Settings that were added there by hand are lost.`;
    // The files are written by now, so Ctrl-C means no.
    const isWanted = await questions.confirm(question, true).catch(() => false);
    if (isWanted) {
      problem = await runCommand(remove, cli);
      const failedAgain = problem ? undefined : await runCommand(command, cli);
      if (failedAgain) problem = `The old entry was removed. ${failedAgain}`;
    }
  }
  return problem && `${problem} The server was not added; run the command above yourself.`;
}

/** Returns what went wrong, or undefined. */
function runCommand([command = "", ...args]: readonly string[], { env }: CliProcess): Promise<string | undefined> {
  return new Promise((settle) => {
    const child = spawn(command, args, { stdio: "inherit", env });
    child.on("error", ({ message }) => settle(`${command} could not be started (${message}).`));
    child.on("close", (code) => settle(code === 0 ? undefined : `${command} ended with ${code ?? "a signal"}.`));
  });
}

/** Prints what the person adds by hand: the host's command, or the block and where it belongs. */
export function printWhatToAdd(questions: Questions, name: McpHostName, server: ServerEntry, isWindows: boolean): void {
  const { label, add, remove, pasteInto, installCommand } = mcpHost(name);
  if (!add) {
    questions.say(
      "step",
      `Put this into ${pasteInto}; if mcpServers has entries already, add this one to them, in place of one of the same name:`,
    );
    questions.print(configurationBlock(server));
    return;
  }
  const first = remove ? ` (if ${label} has it already, run \`${shellLine(remove, isWindows)}\` first)` : "";
  const how = installCommand ? ` (to have it there, ${installCommand})` : "";
  const why = isWindows ? "" : `${label} was not found on the PATH${how}. `;
  questions.say("step", `${why}To add the server to ${label}, run this command${first}:`);
  questions.print(shellLine(add(server), isWindows));
}
