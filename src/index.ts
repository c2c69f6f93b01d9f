import packageJson from "../package.json" with { type: "json" };
import { HELP, parseArguments } from "./commands/arguments.ts";
import { serve } from "./commands/serve.ts";

/** The entry: from the command line to a command. The only file that touches `process`. */

const { version } = packageJson;

async function main(): Promise<void> {
  const line = parseArguments(process.argv.slice(2), process.stdin.isTTY === true);
  // Where nobody reads our output any more (head), the exit code still counts; a full disk ends everything.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => error.code === "EPIPE" || process.exit(1));
  process.stderr.on("error", () => {});
  const isTyped = line.command !== "serve" || process.stdin.isTTY === true;
  if (isTyped && line.problems.length > 0) {
    process.stderr.write(`${line.problems.join("\n")}\n`);
    process.exitCode = 2;
  } else if (line.command === "help") process.stdout.write(`tencent-chat-channel-mcp ${version}: ${HELP}`);
  else if (line.command === "version") process.stdout.write(`${version}\n`);
  else if (line.command === "serve") serve(process, version, line);
  else {
    process.exitCode = 1; // for a command that never ends, because its input did
    // Built apart, so that the server's start does not load what only people use. Each returns the exit code.
    const commands = await import("./commands/index.ts");
    process.exitCode = await commands[line.command](process, version, line);
  }
}

void main();
