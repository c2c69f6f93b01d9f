import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { cleanUpLater } from "./clean-up.ts";
import { waitUntil } from "./clock.ts";
import { runCommand } from "./commands.ts";

/** What a person sees and does at a terminal. */
abstract class Screen {
  protected shown = "";
  #plain = { length: 0, text: "" };
  #readFrom = 0;

  protected abstract type(keys: string): void;
  /** The exit code of the command. */
  abstract exit(): Promise<number | null>;

  /** What the screen was sent, without colors and movements. */
  get output(): string {
    const { length } = this.shown;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is controlled with
    const plain = () => this.shown.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, "");
    if (length !== this.#plain.length) this.#plain = { length, text: plain() };
    return this.#plain.text;
  }

  /** Waits for a text that came after the last answer, then types. */
  async answer(text: string, keys: string): Promise<void> {
    await waitUntil(() => this.output.includes(text, this.#readFrom)).catch(() => {
      throw new Error(`"${text}" was not asked; the screen ends with: ${this.output.slice(-500)}`);
    });
    this.#readFrom = this.output.length;
    this.type(keys);
  }
}

/** A command in a pseudo-terminal, which `script` of util-linux makes. */
export class PseudoTerminal extends Screen {
  readonly #child: ChildProcess;

  constructor(command: string, env: Record<string, string>, size = "cols 300 rows 60") {
    super();
    const sized = `stty ${size}; exec ${command}`;
    this.#child = spawn("script", ["--quiet", "--return", "--command", sized, "/dev/null"], {
      env: { PATH: process.env.PATH ?? "", TERM: "xterm", ...env },
      stdio: "pipe",
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.shown += text;
    });
    cleanUpLater(() => void this.#child.kill("SIGKILL"));
  }

  protected override type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  override async exit(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return this.#child.exitCode;
  }
}

/** A command in this process, at streams that say they are a terminal. */
export class Terminal extends Screen {
  readonly #keys = new PassThrough();
  readonly #code: Promise<number>;

  constructor(args: string[], env: Record<string, string>, entry?: string) {
    super();
    const screen = () => {
      const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 300, rows: 60 });
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.shown += text;
      });
      return stream;
    };
    const stdin = Object.assign(this.#keys, { isTTY: true, setRawMode: () => stdin });
    this.#code = runCommand(args, { env, stdin, stdout: screen(), stderr: screen() }, entry);
  }

  protected override type(keys: string): void {
    this.#keys.write(keys);
  }

  override async exit(): Promise<number> {
    const code = await this.#code;
    await new Promise((resolve) => setImmediate(resolve)); // the streams hand over what is in them
    return code;
  }
}

export const ENTER = "\r";
export const DOWN = "\u001b[B";
export const CTRL_C = "\u0003";
