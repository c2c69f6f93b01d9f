import { spawn } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type * as Prompts from "@clack/prompts";
import { REGIONS } from "../chat-api/regions.ts";
import { readSettings } from "../settings/settings.ts";
import type { SettingName } from "../settings/table.ts";
import { formatCheck, runChecks } from "./doctor.ts";
import { connectService, describeProcess, type Host, KEY_FILES } from "./environment.ts";
import {
  configurationBlock,
  MCP_HOSTS,
  type McpHostName,
  mcpHost,
  SERVER_NAME,
  type ServerEntry,
  shellLine,
} from "./mcp-hosts.ts";

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

/** The person pressed Ctrl-C or Escape. */
class Cancelled extends Error {}

const BY_HAND = `setup asks questions, so it needs a terminal. By hand:

1. Put the secret key into a file that only you can read, outside of any repository:
     umask 077; cat > ~/tencent-chat.key     (paste the key, Enter, Ctrl-D)
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
export async function setup(host: Host, version: string, entry: string): Promise<number> {
  if (!host.stdin.isTTY || !host.stdout.isTTY) {
    host.stdout.write(BY_HAND);
    return 1;
  }
  const questions = new Questions(await import("@clack/prompts"), host);
  try {
    return await questions.run(version, entry);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    questions.cancel("Nothing was written.");
    return 1;
  }
}

class Questions {
  readonly #prompts: typeof Prompts;
  readonly #host: Host;
  readonly #streams: { readonly input: Host["stdin"]; readonly output: Host["stdout"] };

  constructor(prompts: typeof Prompts, host: Host) {
    this.#prompts = prompts;
    this.#host = host;
    this.#streams = { input: host.stdin, output: host.stdout };
  }

  cancel(message: string): void {
    this.#prompts.cancel(message, this.#streams);
  }

  async run(version: string, entry: string): Promise<number> {
    const { log, intro, outro } = this.#prompts;
    intro(`${SERVER_NAME} ${version}: setup`, this.#streams);
    const name = await this.#select<McpHostName>(
      "Which MCP host will use the server?",
      Object.entries(MCP_HOSTS).map(([value, { label }]) => ({ value: value as McpHostName, label })),
    );
    const isSandbox = await this.#select("What will it edit?", [
      { value: false, label: "my application", hint: "needs its SDKAppID and secret key" },
      { value: true, label: "the embedded sandbox", hint: "sample channels, no account" },
    ]);
    const application: Answers = isSandbox ? { env: { TENCENT_CHAT_SANDBOX: "true" } } : await this.#askApplication();
    const env = { ...this.#proxies(), ...application.env, ...(await this.#askLimits(name, isSandbox)) };
    const works = await this.#check(env, application.newKey?.key, version);
    if (!works && !(await this.#confirm("The check found problems. Go on anyway?", false))) throw new Cancelled();

    const server: ServerEntry = { command: this.#host.execPath, args: [resolve(entry)], env };
    const { label, add, remove, pasteInto } = mcpHost(name);
    const command = add?.(server);
    const isWindows = platform() === "win32";
    const runsHere = command !== undefined && !isWindows; // its commands there are scripts for a shell
    if (runsHere)
      log.step(`This command adds the server to ${label}:\n${shellLine(command, isWindows)}`, this.#streams);
    const plan = [
      ...(application.newKey ? [`store the key in ${application.newKey.path}`] : []),
      runsHere ? "run the command" : "print what to add",
    ];
    if (!(await this.#confirm(`Go on: ${plan.join(" and ")}?`, true))) throw new Cancelled();

    if (application.newKey) {
      const { path, key } = application.newKey;
      try {
        storeKey(path, key);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
        log.error(`The key could not be stored in ${path} (${code}), so the server was not added.`, this.#streams);
        return 1;
      }
    }
    if (runsHere) {
      const problem = await this.#runCommand(command);
      if (problem) {
        const again = remove ? ` If ${label} has it already, remove it first: ${shellLine(remove, isWindows)}` : "";
        log.error(`${problem} The server was not added; run the command above yourself.${again}`, this.#streams);
        return 1;
      }
    } else if (command) {
      log.step(`Run this command to add the server to ${label}:`, this.#streams);
      this.#print(shellLine(command, isWindows));
    } else {
      log.step(`Put this into ${pasteInto}:`, this.#streams);
      this.#print(configurationBlock(server));
    }
    const example = isSandbox ? "@TOA#_test_for_penn" : "@TOA#_…";
    outro(`Restart ${label}, then try: "Read the channel ${example}".`, this.#streams);
    return 0;
  }

  /** Proxy and CA settings of this shell: hosts do not pass them on to a server by themselves. */
  #proxies(): Record<string, string> {
    const names = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS"];
    const set = names.flatMap((name): [string, string][] => {
      const value = this.#host.env[name];
      return value ? [[name, value]] : [];
    });
    const withPassword = set.filter(([, value]) => value.includes("@")).map(([name]) => name);
    if (withPassword.length > 0) {
      this.#prompts.log.warn(
        `${withPassword.join(" and ")} holds a password, so it is not copied into the host's configuration: set it there yourself.`,
        this.#streams,
      );
    }
    return Object.fromEntries(set.filter(([name]) => !withPassword.includes(name)));
  }

  /** Who signs, for which application. An endpoint of this shell's environment is kept. */
  async #askApplication(): Promise<Answers> {
    const { TENCENT_CHAT_ENDPOINT: endpoint } = this.#host.env;
    const location: Variables = endpoint
      ? { TENCENT_CHAT_ENDPOINT: endpoint }
      : {
          TENCENT_CHAT_REGION: await this.#select(
            "In which region is the application? (Chat console → the application → Region)",
            Object.entries(REGIONS).map(([value, { host }]) => ({ value, label: value, hint: host })),
          ),
        };
    const sdkAppId = await this.#ask("What is its SDKAppID?", "TENCENT_CHAT_SDKAPPID", { placeholder: "1400000000" });
    const path = await this.#keyPath(`${sdkAppId}.key`);
    const env = { ...location, TENCENT_CHAT_SDKAPPID: sdkAppId, TENCENT_CHAT_SECRET_KEY_FILE: path };
    if (existsSync(path) && (await this.#confirm(`Use the key that is stored in ${path}?`, true))) return { env };
    const key = await this.#answer(
      this.#prompts.password({
        ...this.#streams,
        message: "Paste its secret key (Chat console → the application → Basic information). It is not shown.",
        validate: (value) => problemWith("TENCENT_CHAT_SECRET_KEY_FILE", path, value ?? ""),
      }),
    );
    return { env, newKey: { path, key: key.trim() } };
  }

  /** What the server may do. */
  async #askLimits(name: McpHostName, isSandbox: boolean): Promise<Variables> {
    const readOnly = await this.#confirm("Read only, for a start? The edit tools are then not listed.", !isSandbox);
    const channels = await this.#ask(
      "Which channels may it use? IDs separated by commas; empty for all.",
      "TENCENT_CHAT_ALLOWED_CHANNELS",
      { placeholder: "@TOA#_news, @TOA#_test_*" },
    );
    return {
      ...(readOnly && { TENCENT_CHAT_READ_ONLY: "true" }),
      ...(channels && { TENCENT_CHAT_ALLOWED_CHANNELS: channels }),
      ...(!readOnly && (await this.#askConfirmation(name))),
    };
  }

  async #askConfirmation(name: McpHostName): Promise<Variables> {
    const { label, canAsk } = mcpHost(name);
    if (!canAsk) {
      this.#prompts.log.info(`${label} cannot ask a person to confirm an edit, so no confirmation is set.`, {
        ...this.#streams,
      });
      return {};
    }
    const rule = await this.#select("Before which edits must a person confirm?", [
      { value: "always", label: "every edit" },
      { value: "number", label: "edits that reach many subscribers" },
      { value: "never", label: "none" },
    ]);
    const from =
      rule === "number"
        ? await this.#ask("From how many subscribers on?", "TENCENT_CHAT_CONFIRM_EDITS", { placeholder: "1000" })
        : rule;
    return { TENCENT_CHAT_CONFIRM_EDITS: from || "always" };
  }

  /** Runs the doctor on the answers; the key has not been stored yet. Returns true if nothing failed. */
  async #check(env: Readonly<Record<string, string>>, key: string | undefined, version: string): Promise<boolean> {
    const { log } = this.#prompts;
    log.step("Checking the settings with one harmless read.", this.#streams);
    // Proxies of this shell count, other settings of this server do not: the host will not know them.
    const others = Object.entries(this.#host.env).filter(([name]) => !name.startsWith("TENCENT_CHAT_"));
    const files = key === undefined ? KEY_FILES : { read: () => key, isOpenToOthers: () => false };
    const settings = readSettings({ ...Object.fromEntries(others), ...env }, { sandbox: false }, files);
    const checks = await runChecks(settings, connectService, describeProcess(this.#host, version));
    log.message(checks.map(formatCheck), this.#streams);
    return checks.every(({ status }) => status !== "failed");
  }

  /** A path in the person's configuration folder, or in one that they name if that is in a repository. */
  async #keyPath(file: string): Promise<string> {
    const { XDG_CONFIG_HOME } = this.#host.env;
    const isFull = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME); // the standard ignores others
    const folder = join(isFull ? XDG_CONFIG_HOME : join(homedir(), ".config"), SERVER_NAME);
    if (!isInRepository(folder)) return join(folder, file);
    const other = await this.#answer(
      this.#prompts.text({
        ...this.#streams,
        message: `${folder} is inside a Git repository. In which folder outside of any should the key be stored?`,
        validate: (value) => {
          if (!isAbsolute(value ?? "")) return "Give a full path.";
          return isInRepository(value ?? "") ? "That is inside a Git repository too." : undefined;
        },
      }),
    );
    return join(other, file);
  }

  /** Runs the host's command. Returns what went wrong, or undefined. */
  #runCommand([command = "", ...args]: readonly string[]): Promise<string | undefined> {
    return new Promise((settle) => {
      const child = spawn(command, args, { stdio: "inherit", env: this.#host.env });
      child.on("error", ({ message }) => settle(`${command} could not be started (${message}).`));
      child.on("close", (code) => settle(code === 0 ? undefined : `${command} ended with ${code ?? "a signal"}.`));
    });
  }

  /** Asks for the text of a setting; its own rules check it. */
  async #ask(message: string, name: SettingName, options: { placeholder: string }): Promise<string> {
    const validate = (value: string | undefined) => problemWith(name, value ?? "");
    const text = await this.#answer(this.#prompts.text({ ...this.#streams, ...options, message, validate }));
    return (text ?? "").trim();
  }

  #confirm(message: string, initialValue: boolean): Promise<boolean> {
    return this.#answer(this.#prompts.confirm({ ...this.#streams, message, initialValue }));
  }

  async #select<T extends string | boolean>(
    message: string,
    options: readonly { value: T; label: string; hint?: string }[],
  ): Promise<T> {
    const choice = { ...this.#streams, message, options: [...options] as Prompts.Option<T>[] };
    return (await this.#answer(this.#prompts.select<T>(choice))) as T;
  }

  async #answer<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
    const value = await answer;
    if (this.#prompts.isCancel(value)) throw new Cancelled();
    return value as Exclude<T, symbol>;
  }

  #print(text: string): void {
    this.#host.stdout.write(`\n${text}\n\n`);
  }
}

/** What the settings say of one value, or undefined. @param key what the key file would hold */
function problemWith(name: SettingName, value: string, key = ""): string | undefined {
  const files = { read: () => key, isOpenToOthers: () => false };
  return readSettings({ [name]: value }, { sandbox: false }, files).problems.find((problem) => problem.includes(name));
}

function isInRepository(folder: string): boolean {
  const parent = dirname(folder);
  if (!existsSync(folder)) return parent !== folder && isInRepository(parent);
  const real = realpathSync(folder); // a link may lead into one
  return existsSync(join(real, ".git")) || (dirname(real) !== real && isInRepository(dirname(real)));
}

/** Writes the file as a new one, so that it is never open to others, not even for a moment. */
function storeKey(path: string, key: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `${key}\n`, { mode: 0o600, flag: "wx" });
  renameSync(fresh, path);
}
