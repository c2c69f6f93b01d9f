import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cleanUpLater } from "./clean-up.ts";
import { waitUntil } from "./clock.ts";

/** A command in a pseudo-terminal, which `script` of util-linux makes. */
export class Terminal {
  readonly child: ChildProcess;
  #output = "";
  #readFrom = 0;

  constructor(command: string, env: Record<string, string>, size = "cols 300 rows 60") {
    const sized = `stty ${size}; exec ${command}`;
    this.child = spawn("script", ["--quiet", "--return", "--command", sized, "/dev/null"], {
      env: { PATH: process.env.PATH ?? "", TERM: "xterm", ...env },
      stdio: "pipe",
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    cleanUpLater(() => void this.child.kill("SIGKILL"));
  }

  /** What the screen was sent, without colors and movements. */
  get output(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is controlled with
    return this.#output.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, "");
  }

  /** Waits for a text that came after the last answer, then types. */
  async answer(text: string, keys: string): Promise<void> {
    await waitUntil(() => this.output.includes(text, this.#readFrom)).catch(() => {
      throw new Error(`"${text}" was not asked; the screen ends with: ${this.output.slice(-500)}`);
    });
    this.#readFrom = this.output.length;
    this.child.stdin?.write(keys);
  }

  /** The exit code of the command. */
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }
}

export const ENTER = "\r";
export const DOWN = "\u001b[B";
export const CTRL_C = "\u0003";
