/** The MCP hosts that `setup` adds the server to. */

export const PROGRAM = "tencent-chat-channel-mcp";
/** @public The name of its entry in hosts: they put it before the names of tools, and allow 60 to 64 characters for both. */
export const SERVER_NAME = "tencent-chat";

export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface McpHost {
  readonly label: string;
  /** False if the host cannot ask a person for a confirmation (docs/confirmation.md). */
  readonly canAsk: boolean;
  readonly add?: (entry: ServerEntry) => readonly string[];
  /** The command that removes it, where `add` refuses a name that is there already; elsewhere `add` replaces the entry. */
  readonly remove?: readonly string[];
  readonly has?: readonly string[];
  /** The entry of the host's command palette that installs that command. */
  readonly installCommand?: string;
  /** For a host without such a command: where its block belongs. */
  readonly pasteInto?: string;
}

const variables = ({ env }: ServerEntry, flag: string) =>
  Object.entries(env).flatMap(([name, value]) => [flag, `${name}=${value}`]);

type McpHostName = "claude-code" | "codex" | "gemini" | "vscode" | "claude-desktop" | "cursor" | "other";

export const MCP_HOSTS: Readonly<Record<McpHostName, McpHost>> = {
  "claude-code": {
    label: "Claude Code",
    canAsk: true,
    add: (entry) => [
      ...["claude", "mcp", "add", SERVER_NAME, "--scope", "user", ...variables(entry, "--env")],
      ...["--", entry.command, ...entry.args],
    ],
    remove: ["claude", "mcp", "remove", SERVER_NAME, "--scope", "user"],
    has: ["claude", "mcp", "get", SERVER_NAME],
  },
  codex: {
    label: "Codex",
    canAsk: true,
    add: (entry) => [
      ...["codex", "mcp", "add", SERVER_NAME, ...variables(entry, "--env")],
      ...["--", entry.command, ...entry.args],
    ],
  },
  gemini: {
    label: "Gemini CLI",
    canAsk: false,
    add: (entry) => [
      ...["gemini", "mcp", "add", "--scope", "user", SERVER_NAME, entry.command, ...entry.args],
      ...variables(entry, "-e"),
    ],
  },
  vscode: {
    label: "VS Code",
    canAsk: true,
    add: (entry) => ["code", "--add-mcp", JSON.stringify({ name: SERVER_NAME, type: "stdio", ...entry })],
    installCommand: "Shell Command: Install 'code' command in PATH",
  },
  "claude-desktop": {
    label: "Claude Desktop",
    canAsk: false,
    pasteInto: "claude_desktop_config.json (Settings → Developer → Edit Config)",
  },
  cursor: {
    label: "Cursor",
    canAsk: true,
    pasteInto: "~/.cursor/mcp.json",
  },
  other: {
    label: "another host",
    canAsk: true,
  },
};

export function configurationBlock(entry: ServerEntry): string {
  return JSON.stringify({ mcpServers: { [SERVER_NAME]: entry } }, null, 2);
}

type Shell = "posix" | "powershell" | "cmd";

/** A command as a person would type it. PowerShell 5.1 and 7 both drop quotes on the way to a `.cmd`: hence the `\"`. */
export function shellLine(words: readonly string[], shell: Shell): string {
  const quote = (word: string) => {
    if (shell === "cmd") return `"${word.replaceAll('"', '\\"')}"`;
    if (shell === "powershell") return `'${word.replaceAll('"', '\\"').replaceAll("'", "''")}'`;
    return `'${word.replaceAll("'", `'\\''`)}'`;
  };
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(" ");
}
