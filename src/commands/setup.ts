import { existsSync } from "node:fs";
import { platform } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { REGIONS } from "../chat-api/regions.ts";
import { readSettings, splitChannels } from "../settings/settings.ts";
import type { SettingName } from "../settings/table.ts";
import { addToHost, isOnPath, printWhatToAdd } from "./add-to-host.ts";
import { formatCheck, runChecks } from "./doctor.ts";
import { type CliProcess, connectService, describeProcess, KEY_FILES } from "./environment.ts";
import { configurationFolder, isInRepository, makeFolder, storeKey } from "./key-file.ts";
import { MCP_HOSTS, type McpHostName, mcpHost, SERVER_NAME, type ServerEntry, shellLine } from "./mcp-hosts.ts";
import { Cancelled, Questions } from "./questions.ts";

/**
 * Asks a person for what the server needs, checks it, and adds the server to an MCP host. Nothing is written before the
 * last question is answered; then the key goes into a file of its own, and the rest is the host's own command.
 */

type Variables = Partial<Record<SettingName, string>>;

/** The environment that the answers make, and the key that is to be stored. */
interface Answers {
  readonly env: Variables;
  readonly newKey?: { readonly path: string; readonly key: string } | undefined;
}

const BY_HAND = `setup asks questions, so it needs a terminal. By hand:

For the sandbox, add the server to your MCP host with TENCENT_CHAT_SANDBOX=true; nothing else is needed.
For your application:

1. Put the secret key into a file that only you can read, outside of any repository:
     (umask 077; cat > ~/tencent-chat.key)   (paste the key, Enter, Ctrl-D)
2. Check the settings:
     TENCENT_CHAT_SDKAPPID=1400000000 TENCENT_CHAT_REGION=singapore \\
     TENCENT_CHAT_SECRET_KEY_FILE=$HOME/tencent-chat.key ${SERVER_NAME} doctor
3. Add the server to your MCP host with the same variables and TENCENT_CHAT_READ_ONLY=true.
   The README has a block for each host, and the list of all settings.
`;

/**
 * @param entry the path of the file that runs
 * @returns the exit code: 0 when the server was added or its block was printed
 */
export async function setup(cli: CliProcess, version: string, entry: string): Promise<number> {
  if (!cli.stdin.isTTY || !cli.stdout.isTTY) {
    cli.stdout.write(BY_HAND);
    return 1;
  }
  const questions = new Questions(await import("@clack/prompts"), cli);
  try {
    return await askAndAdd(questions, cli, version, entry);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    questions.cancel("Nothing was written.");
    return 1;
  }
}

async function askAndAdd(questions: Questions, cli: CliProcess, version: string, entry: string): Promise<number> {
  questions.begin(`${SERVER_NAME} ${version}: setup`);
  const name = await questions.select<McpHostName>(
    "Which MCP host will use the server?",
    Object.entries(MCP_HOSTS).map(([value, { label }]) => ({ value: value as McpHostName, label })),
  );
  const isSandbox = await questions.select("What will it edit?", [
    { value: false, label: "my application", hint: "needs its SDKAppID and secret key" },
    { value: true, label: "the embedded sandbox", hint: "sample channels, no account" },
  ]);
  const application: Answers = isSandbox
    ? { env: { TENCENT_CHAT_SANDBOX: "true" } }
    : await askApplication(questions, cli);
  const limits = await askLimits(questions, name, isSandbox, configurationFolder(cli.env));
  const env = { ...(isSandbox ? {} : proxiesOf(questions, cli)), ...application.env, ...limits };
  const works = await check(questions, cli, env, application.newKey?.key, version);
  if (!works && !(await questions.confirm("The check found problems. Go on anyway?", false))) throw new Cancelled();

  const server: ServerEntry = { command: cli.execPath, args: [resolve(entry)], env };
  const { label, add, remove } = mcpHost(name);
  const command = add?.(server);
  const isWindows = platform() === "win32"; // the commands of hosts are scripts for a shell there
  const runsHere = command !== undefined && !isWindows && isOnPath(command[0] ?? "", cli.env);
  if (runsHere) {
    const again = remove
      ? "if it is there already, setup then asks whether to replace it"
      : "an entry of the same name is replaced, and settings that were added to it by hand are lost";
    questions.say("step", `This command adds the server to ${label} (${again}):\n${shellLine(command, isWindows)}`);
  }
  const plan = [
    ...(application.newKey ? [`store the key in ${application.newKey.path}`] : []),
    runsHere ? "run the command" : "print what to add",
  ];
  if (!(await questions.confirm(`Go on: ${plan.join(" and ")}?`, true))) throw new Cancelled();

  const problem = prepareFiles(application, env) ?? (runsHere && (await addToHost(questions, name, command, cli)));
  if (problem) {
    questions.say("error", problem);
    return 1;
  }
  if (!runsHere) printWhatToAdd(questions, name, server, isWindows);
  questions.end(`Restart ${name === "other" ? "your host" : label}, then try: "${firstPrompt(env)}"`);
  return 0;
}

function firstPrompt(env: Variables): string {
  const { TENCENT_CHAT_SANDBOX: sandbox, TENCENT_CHAT_READ_ONLY: readOnly, TENCENT_CHAT_ALLOWED_CHANNELS: list } = env;
  if (sandbox && !readOnly && !list)
    return "Change the introduction of @TOA#_@TOA#dZDP to: Hello. Then take that back.";
  const allowed = list && splitChannels(list).find((entry) => !entry.endsWith("*"));
  const sample = sandbox && !list ? "@TOA#_test_for_penn" : "(the ID of one of your channels)";
  return `Read the channel ${allowed ?? sample}.`;
}

/** Who signs, for which application. An endpoint of this shell's environment is kept. */
async function askApplication(questions: Questions, { env: shell }: CliProcess): Promise<Answers> {
  const { TENCENT_CHAT_ENDPOINT: endpoint } = shell;
  const location: Variables = endpoint
    ? { TENCENT_CHAT_ENDPOINT: endpoint }
    : {
        TENCENT_CHAT_REGION: await questions.select(
          "In which region is the application? (Chat console → the application → Region)",
          Object.entries(REGIONS).map(([value, { host }]) => ({ value, label: value, hint: host })),
        ),
      };
  const sdkAppId = await questions.setting(
    "What is its SDKAppID? A number, such as 1400000000.",
    "TENCENT_CHAT_SDKAPPID",
  );
  const withKeyIn = (path: string): Variables => ({
    ...location,
    TENCENT_CHAT_SDKAPPID: sdkAppId,
    TENCENT_CHAT_SECRET_KEY_FILE: path,
  });
  const path = join(await askKeyFolder(questions, configurationFolder(shell)), `${sdkAppId}.key`);
  const source = await questions.select<"stored" | "paste" | "file">("Where is its secret key?", [
    ...(existsSync(path) ? ([{ value: "stored", label: "where setup stored it", hint: path }] as const) : []),
    { value: "paste", label: "I paste it now", hint: "Chat console → the application → Basic information" },
    { value: "file", label: "in a file that I have" },
  ]);
  if (source === "stored") return { env: withKeyIn(path) };
  if (source === "file") return { env: withKeyIn(await questions.keyFile("In which file?")) };
  return {
    env: withKeyIn(path),
    newKey: { path, key: await questions.key("Paste its secret key. It is not shown.") },
  };
}

/** The folder of the key: another one that the person names where the usual one is in a repository. */
async function askKeyFolder(questions: Questions, folder: string): Promise<string> {
  if (!isInRepository(folder)) return folder;
  const message = `${folder} is inside a Git repository. In which folder outside of any should the key be stored?`;
  return questions.text(message, (value) => {
    if (!isAbsolute(value)) return "Give a full path.";
    return isInRepository(value) ? "That is inside a Git repository too." : undefined;
  });
}

/** What the server may do. */
async function askLimits(
  questions: Questions,
  name: McpHostName,
  isSandbox: boolean,
  folder: string,
): Promise<Variables> {
  const readOnly = await questions.confirm("Read only, for a start? The edit tools are then not listed.", !isSandbox);
  const channels = await questions.setting(
    "Which channels may it use? IDs or prefixes separated by commas, such as @TOA#_news, @TOA#_test_*; empty for all.",
    "TENCENT_CHAT_ALLOWED_CHANNELS",
  );
  if (readOnly) {
    const later = `confirmations${isSandbox ? "" : " and a journal"}`;
    questions.say("info", `To turn editing on, run setup again and answer No; it then asks about ${later}.`);
  }
  return {
    ...(readOnly && { TENCENT_CHAT_READ_ONLY: "true" }),
    ...(channels && { TENCENT_CHAT_ALLOWED_CHANNELS: channels }),
    ...(!readOnly && (await askConfirmation(questions, name, isSandbox))),
    ...(!readOnly && !isSandbox && (await askJournal(questions, join(folder, "journal.jsonl")))),
  };
}

async function askJournal(questions: Questions, path: string): Promise<Variables> {
  const isWanted = await questions.confirm(`Record every edit, with its undo, in ${path}?`, true);
  return isWanted ? { TENCENT_CHAT_JOURNAL: path } : {};
}

async function askConfirmation(questions: Questions, name: McpHostName, isSandbox: boolean): Promise<Variables> {
  const { label, canAsk } = mcpHost(name);
  if (!canAsk) {
    questions.say("info", `${label} cannot ask a person to confirm an edit, so no confirmation is set.`);
    return {};
  }
  const rule = await questions.select(
    "Before which edits must a person confirm? If the host cannot ask, such an edit is declined.",
    [
      { value: "always", label: "every edit" },
      { value: "number", label: "edits that reach many subscribers" },
      { value: "never", label: "none" },
    ],
    isSandbox || name === "other" ? "never" : "always",
  );
  if (rule === "never") return {};
  const from =
    rule === "number"
      ? await questions.setting("From how many subscribers on? Empty for 1000.", "TENCENT_CHAT_CONFIRM_EDITS")
      : rule;
  return { TENCENT_CHAT_CONFIRM_EDITS: from || "1000" };
}

/** Proxy and CA settings of this shell: hosts do not pass them on to a server by themselves. */
function proxiesOf(questions: Questions, { env }: CliProcess): Record<string, string> {
  const names = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS"];
  const set = names.flatMap((name): [string, string][] => {
    const value = env[name];
    return value ? [[name, value]] : [];
  });
  const withPassword = set
    .filter(([name, value]) => /^https_proxy$/i.test(name) && value.includes("@"))
    .map(([name]) => name);
  if (withPassword.length > 0) {
    questions.say(
      "warn",
      `${withPassword.join(" and ")} holds a password, so it is not copied into the host's configuration: set it there yourself.`,
    );
  }
  const copied = set.filter(([name]) => !withPassword.includes(name));
  if (copied.length > 0) {
    const names = copied.map(([name]) => name).join(", ");
    questions.say("info", `Copied from this shell, because hosts do not pass it on: ${names}.`);
  }
  return Object.fromEntries(copied);
}

/** Runs the doctor on the answers; the key has not been stored yet. Returns true if nothing failed. */
async function check(
  questions: Questions,
  cli: CliProcess,
  env: Readonly<Record<string, string>>,
  key: string | undefined,
  version: string,
): Promise<boolean> {
  questions.say("step", "Checking the settings with one harmless read.");
  // Proxies of this shell count, other settings of this server do not: the host will not know them.
  const others = Object.entries(cli.env).filter(([name]) => !name.startsWith("TENCENT_CHAT_"));
  const files = key === undefined ? KEY_FILES : { read: () => key, isOpenToOthers: () => false };
  // The doctor would create the journal, and nothing is written yet.
  const { TENCENT_CHAT_JOURNAL: _, ...withoutJournal } = env;
  const settings = readSettings({ ...Object.fromEntries(others), ...withoutJournal }, { sandbox: false }, files);
  const report = await runChecks(settings, connectService, describeProcess(cli, version));
  const checks = report.filter(({ about }) => about !== "journal");
  questions.list(checks.map(formatCheck));
  return checks.every(({ status }) => status !== "failed");
}

/** Stores the key and makes the journal's folder. Returns what went wrong, or undefined. */
function prepareFiles({ newKey }: Answers, { TENCENT_CHAT_JOURNAL: journal }: Variables): string | undefined {
  const paths = [newKey?.path, journal].filter((path) => path !== undefined);
  try {
    for (const path of paths) makeFolder(dirname(path));
    if (newKey) storeKey(newKey.path, newKey.key);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return `${paths.join(" or ")} could not be written (${code}), so the server was not added.`;
  }
}
