import packageJson from "../package.json" with { type: "json" };
import { HELP, parseArguments } from "./commands/arguments.ts";

/** The entry: from the command line to a command. The only file that touches `process`. */

const { version } = packageJson;
const { command, options, messages } = parseArguments(process.argv.slice(2), process.stdin.isTTY === true);

// The reader of our output is gone, or its disk is full: there is nothing left to do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.stderr.on("error", () => {});

switch (command) {
  case "help":
    process.stdout.write(`tencent-chat-channel-mcp ${version}: ${HELP}`);
    break;
  case "version":
    process.stdout.write(`${version}\n`);
    break;
  case "unknown":
    process.stderr.write(`${messages.join("\n")}\n`);
    process.exitCode = 2;
    break;
  case "demo": {
    const { demo } = await import("./commands/demo.ts");
    process.exitCode = await demo(process, process.argv[1] ?? "");
    break;
  }
  case "doctor": {
    const { doctor } = await import("./commands/doctor.ts");
    process.exitCode = await doctor(process, version, options);
    break;
  }
  case "setup": {
    const { setup } = await import("./commands/setup.ts");
    process.exitCode = await setup(process, version, process.argv[1] ?? "");
    break;
  }
  case "serve": {
    const { serve } = await import("./commands/serve.ts");
    await serve(process, version, options);
  }
}
