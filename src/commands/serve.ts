import { platform } from "node:os";
import { startSession } from "../mcp/session.ts";
import { applicationName } from "../settings/settings.ts";
import type { CommandLine } from "./arguments.ts";
import { type CliProcess, DRAIN_AFTER_SIGNAL_MS, prepareCalls, settingsOf } from "./cli-process.ts";

/** After a signal to a client that has closed our input: it kills the process two seconds later. */
const DRAIN_AFTER_CLIENT_MS = 1_400;
/** After the end of the input: a client that wants to go on sends a signal. Windows has none. */
const DRAIN_AT_END_MS = platform() === "win32" ? DRAIN_AFTER_CLIENT_MS : 10_000;
/** Hard exit this long after that, and for answers that the client has not read. */
const FLUSH_MS = 500;

export function serve(cli: CliProcess, version: string, line: CommandLine): void {
  const { stdin, stdout, stderr } = cli;
  // stdout belongs to JSON-RPC alone: whatever else is written there by accident goes to stderr.
  const writeOut = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;

  const result = settingsOf(cli, line);
  const { log, openContext } = prepareCalls(cli, version, result);
  if (line.ignored.length > 0) log("warn", "arguments ignored", { names: line.ignored });
  if (stdin.isTTY) stderr.write("Waiting for an MCP client on standard input. To look around: demo, doctor, --help.\n");
  const { settings, readOnly } = result;
  const session = startSession(
    {
      version,
      readOnly,
      isSandbox: settings?.isSandbox ?? false,
      confirms: settings && settings.rules.confirmEdits !== "never",
      application: settings && applicationName(settings),
      allowedChannels: settings?.rules.allowedChannels,
      openContext,
      log,
    },
    stdin,
    writeOut,
  );
  log("debug", "serving", { version, sandbox: settings?.isSandbox ?? false });

  // It ends when the input ends, the reader of the output is gone, a signal arrives, or something breaks.
  const controller = new AbortController();
  let code = line.problems.length > 0 ? 2 : 0;
  let isShuttingDown = false;
  let signals = 0;
  const exit = () => cli.exit(code);
  /** Ends the session; calls in flight have `drainMs`. */
  const shutDown = async (reason: string, drainMs: number) => {
    setTimeout(() => controller.abort(), drainMs).unref();
    setTimeout(exit, drainMs + FLUSH_MS).unref();
    if (isShuttingDown) return;
    isShuttingDown = true;
    log("debug", "shutting down", { reason });
    // A job whose command is no word of ours must not look like one that worked.
    if (line.ignored.length > 0 && stdin.bytesRead === 0) code = 2;
    await (await session).end(controller.signal);
    setTimeout(exit, FLUSH_MS).unref();
    writeOut("", exit);
  };
  stdout.removeAllListeners("error");
  stdout.on("error", () => void shutDown("the reader of the output is gone", DRAIN_AFTER_CLIENT_MS));
  for (const event of ["end", "close", "error"]) stdin.on(event, () => void shutDown("input ended", DRAIN_AT_END_MS));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    cli.on(signal, () => {
      signals += 1;
      // After a second signal nothing is waited for; calls that are aborted still record their outcome in the journal.
      if (signals > 1) controller.abort();
      else void shutDown(signal, isShuttingDown ? DRAIN_AFTER_CLIENT_MS : DRAIN_AFTER_SIGNAL_MS);
    });
  }
  const fail = (error: unknown) => {
    code = 1;
    log("error", "uncaught", { error: error instanceof Error ? error : String(error) });
    void shutDown("uncaught", DRAIN_AFTER_CLIENT_MS);
  };
  cli.on("uncaughtException", fail);
  cli.on("unhandledRejection", fail);
}
