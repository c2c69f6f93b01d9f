import { platform } from "node:os";
import { dirname, resolve } from "node:path";
import { PROXY_VARIABLES } from "../settings/location.ts";
import { splitChannels } from "../settings/schema.ts";
import { readSettings } from "../settings/settings.ts";
import { describeFileError } from "../text/file-error.ts";
import { addToHost, isOnPath, printWhatToAdd } from "./add-to-host.ts";
import { type Answers, askApplication, type Variables } from "./application-questions.ts";
import type { CommandLine } from "./arguments.ts";
import type { CliProcess } from "./cli-process.ts";
import { formatCheck, runChecks } from "./doctor.ts";
import type { Check } from "./doctor-connection.ts";
import { makeFolder, storeKey } from "./key-file.ts";
import { MCP_HOSTS, type McpHostName, mcpHost, PROGRAM, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import { Cancelled, createPrompts, type Prompts } from "./prompts.ts";
import { type Texts, textsFor } from "./texts.ts";

/**
 * Asks a person for what the server needs, checks it, and adds the server to an MCP host. Nothing is written before the
 * last question is answered; then the key goes into a file of its own, and the rest is the host's own command.
 */

const BY_HAND = `setup asks questions, so it needs a terminal. By hand:

For the sandbox, add the server to your MCP host with TENCENT_CHAT_SANDBOX=true; nothing else is needed.
For your application:

1. Put the secret key into a file that only you can read, outside of any repository:
     (umask 077; cat > ~/tencent-chat.key)   (paste the key, Enter, Ctrl-D)
2. Check the settings:
     TENCENT_CHAT_SDKAPPID=1400000000 TENCENT_CHAT_REGION=singapore \\
     TENCENT_CHAT_SECRET_KEY_FILE=$HOME/tencent-chat.key ${PROGRAM} doctor
3. Add the server to your MCP host with the same variables and TENCENT_CHAT_READ_ONLY=true.
   The README has a block for each host, and the list of all settings.
`;

/**
 * @param entry the path of the file that runs
 * @returns the exit code: 0 when the server was added or its block was printed
 */
export async function setup(cli: CliProcess, version: string, _line: CommandLine, entry: string): Promise<number> {
  if (!cli.stdin.isTTY || !cli.stdout.isTTY) {
    cli.stdout.write(BY_HAND);
    return 1;
  }
  const texts = textsFor(cli.env);
  const prompts = await createPrompts(cli, texts);
  try {
    return await run(cli, version, entry, prompts, texts.doctor);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    prompts.cancel();
    return 1;
  }
}

async function run(
  cli: CliProcess,
  version: string,
  entry: string,
  prompts: Prompts,
  doctor: Texts["doctor"],
): Promise<number> {
  const { texts } = prompts;
  prompts.begin(`${PROGRAM} ${version}: ${texts.title}`);
  const name = await prompts.select<McpHostName>(
    texts.whichHost,
    Object.entries(MCP_HOSTS).map(([value, host]) => ({
      value: value as McpHostName,
      label: value === "other" ? texts.otherHost : host.label,
    })),
  );
  const isSandbox = await prompts.select(texts.whatToEdit, [
    { value: true, label: texts.sandbox, hint: texts.sandboxHint },
    { value: false, label: texts.application, hint: texts.applicationHint },
  ]);
  const answers: Answers = isSandbox
    ? { env: { TENCENT_CHAT_SANDBOX: "true" } }
    : await askApplication(prompts, cli.env, name);
  const env = { ...(isSandbox ? {} : proxiesOf(cli, prompts)), ...answers.env };
  prompts.say("step", texts.checking);
  const checks = await check(cli, version, env, answers.newKey?.key, doctor);
  prompts.say("message", checks.map((each) => formatCheck(each, doctor)).join("\n"));
  const works = checks.every(({ status }) => status !== "failed");
  if (!works && !(await prompts.confirm(texts.goOnAnyway, false))) throw new Cancelled();

  const isWindows = platform() === "win32"; // the commands of hosts are scripts for a shell there
  const server: ServerEntry = { ...startCommand(cli, entry, version, isWindows), env };
  const { label, add } = mcpHost(name);
  const command = add?.(server);
  const runsHere = command !== undefined && !isWindows && isOnPath(command[0] ?? "", cli.env);
  if (runsHere) prompts.say("step", texts.theCommand(label, shellLine(command, "posix")));
  const plan = [
    ...(answers.newKey ? [texts.storeKey(answers.newKey.path)] : []),
    runsHere ? texts.runCommand : texts.printBlock,
  ];
  if (!(await prompts.confirm(texts.goOn(plan.join(texts.and)), true))) throw new Cancelled();

  const problem = prepareFiles(answers, texts) ?? (runsHere ? await addToHost(prompts, name, command, cli) : undefined);
  if (problem) {
    prompts.say("error", problem);
    return 1;
  }
  if (!runsHere) printWhatToAdd(prompts, name, server, isWindows);
  const prompt = firstPrompt(answers.env, texts);
  const host = name === "other" ? undefined : label;
  prompts.end(runsHere ? texts.done(label, prompt) : texts.doneAfterPaste(host, prompt));
  return 0;
}

/** Proxy and CA settings of this shell: hosts do not pass them on to a server by themselves. */
function proxiesOf({ env }: CliProcess, { say, texts }: Prompts): Record<string, string> {
  const names = [...PROXY_VARIABLES, "NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS"];
  const set = names.flatMap((name): [string, string][] => (env[name] ? [[name, env[name]]] : []));
  const hasPassword = ([name, value]: [string, string]) => /(https|all)_proxy$/i.test(name) && value.includes("@");
  const withPassword = set.filter(hasPassword).map(([name]) => name);
  if (withPassword.length > 0) say("warn", texts.proxyPassword(withPassword.join(", ")));
  const copied = set.filter((variable) => !hasPassword(variable));
  if (copied.length > 0) say("info", texts.proxyCopied(copied.map(([name]) => name).join(", ")));
  return Object.fromEntries(copied);
}

/** Runs the doctor on the answers; the key has not been stored yet. */
async function check(
  cli: CliProcess,
  version: string,
  env: Readonly<Record<string, string>>,
  key: string | undefined,
  texts: Texts["doctor"],
): Promise<Check[]> {
  // Proxies of this shell count, other settings of this server do not: the host will not know them.
  const others = Object.entries(cli.env).filter(([name]) => !name.startsWith("TENCENT_CHAT_"));
  const pasted = key === undefined ? {} : { TENCENT_CHAT_SECRET_KEY_FILE: undefined, TENCENT_CHAT_SECRET_KEY: key };
  // The doctor would create the journal, and nothing is written yet.
  const { TENCENT_CHAT_JOURNAL: _, ...withoutJournal } = env;
  const settings = readSettings({ ...Object.fromEntries(others), ...withoutJournal, ...pasted });
  const checks = await runChecks(cli, version, settings, texts);
  return checks.filter(({ about }) => about !== "journal");
}

/** Stores the key and makes the journal's folder. Returns what went wrong, or undefined. */
function prepareFiles({ newKey, env }: Answers, texts: Texts["setup"]): string | undefined {
  const paths = [newKey?.path, env.TENCENT_CHAT_JOURNAL].filter((path) => path !== undefined);
  try {
    for (const path of paths) makeFolder(dirname(path));
    if (newKey) storeKey(newKey.path, newKey.key);
    return undefined;
  } catch (error) {
    return texts.notStored(paths.join(", "), describeFileError(error));
  }
}

function firstPrompt(env: Variables, texts: Texts["setup"]): string {
  if (env.TENCENT_CHAT_SANDBOX) return texts.promptEdit("@TOA#_@TOA#dZDP");
  const list = splitChannels(env.TENCENT_CHAT_ALLOWED_CHANNELS ?? "");
  return texts.promptRead(list.find((rule) => rule !== "" && !rule.endsWith("*")) ?? texts.yourChannel);
}

/** How a host starts the server: what npx runs lies in a cache that npm may empty, so there npx is the command. */
function startCommand(
  { execPath }: CliProcess,
  entry: string,
  version: string,
  isWindows: boolean,
): Pick<ServerEntry, "command" | "args"> {
  const path = resolve(entry);
  if (!/[\\/]_npx[\\/]/.test(path)) return { command: execPath, args: [path] };
  const npx = ["npx", "-y", `${PROGRAM}@${version}`];
  return isWindows ? { command: "cmd", args: ["/c", ...npx] } : { command: "npx", args: npx.slice(1) };
}
