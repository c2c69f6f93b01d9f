import { platform } from "node:os";
import { PassThrough } from "node:stream";
import { Secrets } from "../chat-api/auth/secrets.ts";
import { createLog } from "../log.ts";
import { type Session, startSession } from "../mcp/session.ts";
import { applicationName } from "../settings/settings.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { CommandOptions } from "./arguments.ts";
import { type CliProcess, connectService, describeProcess, readEnvironment } from "./environment.ts";

/** Serves MCP on stdio until the input ends. */

/** After a signal, calls in flight have this long: MCP clients kill a process two seconds later. */
const DRAIN_MS = 1_400;
/**
 * After the end of the input they have this long: enough for an edit and its looks, since a client that wants to go on
 * sends a signal. Windows knows none: there a client kills the process after two seconds.
 */
const DRAIN_AT_END_MS = platform() === "win32" ? DRAIN_MS : 10_000;
/** Hard exit this long after that. */
const FLUSH_MS = 50;
/** Answers that the client has not read this long after the last one was written are dropped. */
const READ_LATE_MS = DRAIN_MS + FLUSH_MS;
/** With more unread bytes of answers than this, no further request is taken in until the client reads. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/**
 * A client that reads nothing for this long meanwhile is taken for gone: the end of its input may stand behind requests
 * that are not taken in.
 */
const NOT_READING_MS = 10_000;
/** Input that is read ahead meanwhile, so that its end is noticed. */
const READ_AHEAD_BYTES = 1024 * 1024;

export async function serve(cli: CliProcess, version: string, options: CommandOptions): Promise<void> {
  const { stdin, stdout, stderr } = cli;
  // stdout belongs to JSON-RPC alone: whatever else is written there by accident goes to stderr.
  const writeOut = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;

  const { settings, problems, warnings, readOnly, logLevel, secrets } = readEnvironment(cli, options);
  let context: ToolContext | undefined;
  const early = new Secrets(); // what is known before the first call opens the context
  for (const secret of secrets) early.add(secret);
  const log = createLog(
    logLevel,
    (line) => stderr.write(line),
    (event) => (context?.secrets ?? early).redactDeep(event),
  );
  for (const problem of problems) log("error", "settings", { problem });
  for (const warning of warnings) log("warn", "settings", { warning });
  if (options.ignored.length > 0) log("info", "arguments ignored", { names: options.ignored });

  const openContext = async () => {
    if (!settings) {
      const { SettingsError } = await import("../settings/settings-error.ts");
      throw new SettingsError(early.redactDeep(problems));
    }
    const { createContext } = await import("../context.ts");
    context = createContext(settings, await connectService(settings), describeProcess(cli, version), log);
    return context;
  };

  if (stdin.isTTY) stderr.write("Waiting for an MCP client on standard input. To look around: demo, doctor, --help.\n");
  const input = stdin.pipe(new PassThrough({ highWaterMark: READ_AHEAD_BYTES }));
  const write = (line: string) => {
    writeOut(line);
    if (stdout.writableLength < MAX_UNREAD_BYTES || input.isPaused() || stdin.readableEnded) return;
    input.pause();
    stdout.setTimeout(NOT_READING_MS, () => {
      log("error", "the client does not read", { unreadBytes: stdout.writableLength, seconds: NOT_READING_MS / 1_000 });
      stdout.destroy(new Error("the client does not read"));
    });
    stdout.once("drain", () => {
      stdout.setTimeout(0);
      input.resume();
    });
  };
  const session = await startSession(
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
    input,
    write,
  );
  log("debug", "serving", { version, sandbox: settings?.isSandbox ?? false });
  const exitCode = options.problems.length > 0 ? 2 : 0;
  shutDownOn(cli, session, input, writeOut, log, exitCode);
}

/** Ends the session when the input ends, the reader of the output is gone, a signal arrives, or something breaks. */
function shutDownOn(
  cli: CliProcess,
  session: Session,
  input: PassThrough,
  writeOut: CliProcess["stdout"]["write"],
  log: ReturnType<typeof createLog>,
  exitCode: number,
): void {
  const { stdin, stdout } = cli;
  const cut = new AbortController();
  let code = exitCode;
  let isShuttingDown = false;
  let isUrgent = false;
  const exit = () => cli.exit(code);
  /** Ends the session; calls in flight have `drainMs`. */
  const shutDown = async (reason: string, drainMs: number) => {
    setTimeout(() => cut.abort(), drainMs).unref();
    setTimeout(exit, drainMs + FLUSH_MS).unref();
    if (isShuttingDown) return;
    isShuttingDown = true;
    log("debug", "shutting down", { reason });
    await session.end(cut.signal);
    setTimeout(exit, READ_LATE_MS).unref();
    writeOut("", exit);
  };
  const shutDownSoon = (reason: string) => {
    isUrgent = true;
    void shutDown(reason, DRAIN_MS);
  };
  stdout.removeAllListeners("error");
  stdout.on("error", () => shutDownSoon("the reader of the output is gone"));
  stdin.on("end", () => input.resume()); // what was read ahead is answered even if nothing is read any more
  stdin.on("close", () => input.end());
  stdin.on("error", () => input.end());
  input.on("end", () => void shutDown("input ended", DRAIN_AT_END_MS));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    // After a second signal nothing is waited for; calls that are cut still record their outcome in the journal.
    cli.on(signal, () => (isUrgent ? cut.abort() : shutDownSoon(signal)));
  }
  const fail = (error: unknown) => {
    code = 1;
    if (isUrgent) return;
    log("error", "uncaught", { error: error instanceof Error ? error.stack : String(error) });
    shutDownSoon("uncaught");
  };
  cli.on("uncaughtException", fail);
  cli.on("unhandledRejection", fail);
}
