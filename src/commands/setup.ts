import { platform } from "node:os";
import { dirname, resolve } from "node:path";
import { PROXY_VARIABLES } from "../settings/location.ts";
import { splitChannels } from "../settings/schema.ts";
import { readSettings } from "../settings/settings.ts";
import { describeFileError } from "../text/file-error.ts";
import { addToHost, isOnPath, printWhatToAdd } from "./add-to-host.ts";
import { type Answers, askApplication, type Variables } from "./application-questions.ts";
import type { CliProcess } from "./cli-process.ts";
import { formatCheck, runChecks } from "./doctor.ts";
import { makeFolder, storeKey } from "./key-file.ts";
import { MCP_HOSTS, PROGRAM, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import { Cancelled, createPrompts, type Prompts } from "./prompts.ts";
import { type Texts, textsFor } from "./texts.ts";

/**
 * Asks a person for what the server needs, checks it, and adds the server to an MCP host. Nothing is written before the
 * person has said to go on; then the key goes into a file of its own, and the rest is the host's own command.
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

/** The commands of hosts are scripts for a shell there. */
const IS_WINDOWS = platform() === "win32";

/** @returns the exit code: 0 when the server was added or its block was printed */
export async function setup(cli: CliProcess, version: string): Promise<number> {
  if (!cli.stdin.isTTY || !cli.stdout.isTTY) {
    cli.stdout.write(BY_HAND);
    return 1;
  }
  const prompts = await createPrompts(cli, textsFor(cli.env));
  try {
    return await run(cli, version, prompts);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    prompts.cancel();
    return 1;
  }
}

async function run(cli: CliProcess, version: string, prompts: Prompts): Promise<number> {
  const { texts } = prompts;
  prompts.begin(`${PROGRAM} ${version}: ${texts.title}`);
  const hosts = Object.values(MCP_HOSTS).map((value) => ({
    value,
    label: value === MCP_HOSTS.other ? texts.otherHost : value.label,
  }));
  const host = await prompts.select(texts.whichHost, hosts);
  const isSandbox = await prompts.select(texts.whatToEdit, [
    { value: true, label: texts.sandbox, hint: texts.sandboxHint },
    { value: false, label: texts.application, hint: texts.applicationHint },
  ]);
  const answers: Answers = isSandbox
    ? { env: { TENCENT_CHAT_SANDBOX: "true" } }
    : await askApplication(prompts, cli.env, host);
  const env = { ...(isSandbox ? {} : proxiesOf(cli, prompts)), ...answers.env };
  prompts.say("step", texts.checking);
  const works = await check(cli, version, { env, newKey: answers.newKey }, prompts);
  if (!works && !(await prompts.confirm(texts.goOnAnyway, false))) throw new Cancelled();

  const server: ServerEntry = { ...startCommand(cli, version), env };
  const { label, add } = host;
  const command = add?.(server);
  const runsHere = command !== undefined && !IS_WINDOWS && isOnPath(command[0] ?? "", cli.env);
  if (runsHere) prompts.say("step", texts.theCommand(label, shellLine(command, "posix")));
  const plan = [
    ...(answers.newKey ? [texts.storeKey(answers.newKey.path)] : []),
    runsHere ? texts.runCommand : texts.printBlock,
  ];
  if (!(await prompts.confirm(texts.goOn(plan.join(texts.and)), true))) throw new Cancelled();

  const problem = prepareFiles(answers, texts) ?? (runsHere ? await addToHost(prompts, host, command, cli) : undefined);
  if (problem) {
    prompts.say("error", problem);
    return 1;
  }
  if (!runsHere) printWhatToAdd(prompts, host, server, IS_WINDOWS);
  const prompt = firstPrompt(answers.env, texts);
  const shown = host === MCP_HOSTS.other ? undefined : label;
  prompts.end(runsHere ? texts.done(label, prompt) : texts.doneAfterPaste(shown, prompt));
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

/** Shows what the doctor says of the answers; the key has not been stored yet. Returns true if nothing failed. */
async function check(cli: CliProcess, version: string, { env, newKey }: Answers, prompts: Prompts): Promise<boolean> {
  // Proxies of this shell count, other settings of this server do not: the host will not know them.
  const others = Object.entries(cli.env).filter(([name]) => !name.startsWith("TENCENT_CHAT_"));
  const pasted = newKey && { TENCENT_CHAT_SECRET_KEY_FILE: undefined, TENCENT_CHAT_SECRET_KEY: newKey.key };
  // The doctor would create the journal, and nothing is written yet.
  const { TENCENT_CHAT_JOURNAL: _, ...withoutJournal } = env;
  const settings = readSettings({ ...Object.fromEntries(others), ...withoutJournal, ...pasted });
  const texts = textsFor(cli.env).doctor;
  const checks = (await runChecks(cli, version, settings, texts)).filter(({ about }) => about !== "journal");
  prompts.say("message", checks.map((each) => formatCheck(each, texts)).join("\n"));
  return checks.every(({ status }) => status !== "failed");
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
function startCommand({ execPath, argv }: CliProcess, version: string): Omit<ServerEntry, "env"> {
  const path = resolve(argv[1] ?? "");
  if (!/[\\/]_npx[\\/]/.test(path)) return { command: execPath, args: [path] };
  const npx = ["npx", "-y", `${PROGRAM}@${version}`];
  return IS_WINDOWS ? { command: "cmd", args: ["/c", ...npx] } : { command: "npx", args: npx.slice(1) };
}
