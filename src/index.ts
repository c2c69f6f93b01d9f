import { fstatSync, readFileSync } from "node:fs";
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import type { Readable } from "node:stream";
import packageJson from "../package.json" with { type: "json" };
import type { Service } from "./house.ts";
import { makeLog } from "./log.ts";
import { readSettings, type Settings } from "./settings/settings.ts";

/** The command: the only file that touches `process`. */

const { version } = packageJson;

const HELP = `tencent-chat-channel-mcp ${version}: an MCP server for Tencent Cloud Chat official channels

  tencent-chat-channel-mcp             serve MCP on stdio, set up by the environment
  tencent-chat-channel-mcp --sandbox   the same on an embedded service with sample channels; no account needed
  tencent-chat-channel-mcp demo        play a conversation in the sandbox
  tencent-chat-channel-mcp doctor      check settings, signature, reach and journal   [--json] [--journal]
  tencent-chat-channel-mcp --version

Settings are TENCENT_CHAT_… variables in the environment; the README lists them.
`;

/** So many milliseconds after it was told to end, the process is gone; answers that nobody has read by then are dropped. */
const LEAVE_MS = 1_450;
/** With more bytes of answers than this waiting to be read, nothing more is taken in, the end of the input included. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;
const FLAGS = ["--sandbox", "--json", "--journal", "--help", "-h", "--version", "-v"];
const COMMANDS = ["demo", "doctor"];

const args = process.argv.slice(2);
const flags = new Set(args);
for (const arg of args) {
  if (!FLAGS.includes(arg) && !COMMANDS.includes(arg))
    complain(`This argument is not known and is ignored: ${JSON.stringify(arg)}`);
}

// Whoever read our output has gone: there is nobody left to tell.
process.stdout.on("error", () => process.exit(0));
process.stderr.on("error", () => {});

if (flags.has("--help") || flags.has("-h")) process.stdout.write(HELP);
else if (flags.has("--version") || flags.has("-v")) process.stdout.write(`${version}\n`);
else if (flags.has("demo")) void demo();
else if (flags.has("doctor")) void doctor();
else void serveStdio();

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

function readEnvironment() {
  return readSettings(process.env, flags.has("--sandbox"), (path) => readFileSync(path, "utf8"));
}

/** The service that the settings name; the embedded one is started. */
async function reach({ endpoint, sdkAppId, credential }: Settings): Promise<Service> {
  if (endpoint) return { endpoint, close: async () => {} };
  const { Sandbox } = await import("./sandbox/service.ts");
  const secretKey = "secretKey" in credential ? credential.secretKey : "";
  const sandbox = await Sandbox.start({ sdkAppId, secretKey });
  sandbox.unref();
  return { endpoint: sandbox.endpoint, close: () => sandbox.close() };
}

async function serveStdio(): Promise<void> {
  // stdout belongs to JSON-RPC alone: whatever else is written there by accident goes to stderr.
  const toClient = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;

  const { settings, faults, readOnly, logLevel } = readEnvironment();
  const secrets = settings ? Object.values(settings.credential) : [];
  let scrub = (line: string) => secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);
  const log = makeLog(
    logLevel,
    (line) => process.stderr.write(line),
    (line) => scrub(line),
  );
  for (const fault of faults) log("error", "settings", { fault });

  const openHouse = async () => {
    if (!settings) {
      const { SettingsRefusal } = await import("./settings/settings-refusal.ts");
      throw new SettingsRefusal(faults);
    }
    const { furnish } = await import("./house.ts");
    const house = furnish(settings, await reach(settings), version, log);
    scrub = house.scrub; // knows the signatures made since, too
    return house;
  };
  const { serve } = await import("./mcp/serve.ts");
  const isSandbox = settings?.isSandbox ?? false;
  if (process.stdin.isTTY)
    complain("Waiting for an MCP client on standard input. To look around, try: demo, doctor, --help.");
  const input = openInput();
  let isEnding = false;
  const answer = (line: string) => {
    toClient(line);
    if (process.stdout.writableLength < MOST_UNREAD_BYTES || input.isPaused()) return;
    input.pause();
    process.stdout.once("drain", () => isEnding || input.resume());
  };
  const session = await serve({ version, readOnly, isSandbox, openHouse, log }, input, answer);
  log("debug", "serving", { version, sandbox: isSandbox });

  const end = async (reason: string, code: number) => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(code), LEAVE_MS).unref();
    log("debug", "ending", { reason });
    await session.end();
    toClient("", () => process.exit(code));
  };
  process.stdout.removeAllListeners("error");
  process.stdout.on("error", () => void end("reader gone", 0));
  input.on("end", () => void end("input ended", 0));
  input.on("close", () => void end("input closed", 0));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => (isEnding ? process.exit(0) : void end(signal, 0)));
  }
  const die = (error: unknown) => {
    if (isEnding) return;
    log("error", "uncaught", { error: error instanceof Error ? error.stack : String(error) });
    void end("uncaught", 1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}

/**
 * Standard input. A pipe is read into one buffer again and again: as a plain stream it would pile up 64 MB of a line
 * that is too long to be taken in, before the garbage collector saw a reason to look.
 */
function openInput(): Readable {
  if (process.platform === "win32" || !isPipe(0)) return process.stdin;
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafe(64 * 1024),
    callback: (size, buffer) => input.emit("data", buffer.subarray(0, size)),
  };
  const options: SocketConstructorOpts & { onread: OnReadOpts } = { fd: 0, readable: true, writable: false, onread };
  const input = new Socket(options);
  return input;
}

function isPipe(fd: number): boolean {
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false; // closed: the plain stream ends at once, and the server with it
  }
}

async function demo(): Promise<void> {
  const { playDemo } = await import("./demo.ts");
  const wentAsTold = await playDemo({
    command: process.execPath,
    args: [process.argv[1] ?? "", "--sandbox"],
    print: (line) => process.stdout.write(`${line}\n`),
    hasColours: process.stdout.isTTY === true && !process.env.NO_COLOR,
  });
  process.exitCode = wentAsTold ? 0 : 1;
}

async function doctor(): Promise<void> {
  const { examine, readOutJournal } = await import("./doctor.ts");
  const reading = readEnvironment();
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const isWell = flags.has("--journal")
    ? readOutJournal(process.env.TENCENT_CHAT_JOURNAL, flags.has("--json"), print)
    : await examine({ reading, reach, version, asJson: flags.has("--json"), print });
  process.exitCode = isWell ? 0 : 1;
}
