import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { expectNoSecret } from "./secrets.ts";

/** The built file as a child process over stdio; every line it writes to stdout must be JSON-RPC. */

export const BUILT = new URL("../../dist/tencent-chat-channel-mcp.cjs", import.meta.url).pathname;

export interface Message {
  readonly jsonrpc?: string;
  readonly id?: number | string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any part of it
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export class BuiltServer {
  readonly child: ChildProcess;
  readonly messages: Message[] = [];
  stdout = "";
  stderr = "";
  #nextId = 1;
  #unread = "";
  readonly #waiting = new Map<number | string, (message: Message) => void>();

  constructor(env: Record<string, string>, args: string[] = [], nodeArgs: string[] = [], file = BUILT) {
    const bare = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };
    this.child = spawn(process.execPath, [...nodeArgs, file, ...args], { env: { ...bare, ...env }, stdio: "pipe" });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.child.stdin?.on("error", () => {});
    onTestFinished(() => {
      if (this.child.exitCode === null) this.child.kill("SIGKILL");
      expectNoSecret(this.stdout + this.stderr);
    });
  }

  /** Sends a request and waits for its answer. */
  request(method: string, params: object = {}, id: number | string = this.#nextId++): Promise<Message> {
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return answer;
  }

  write(text: string | Buffer): void {
    this.child.stdin?.write(text);
  }

  async initialize(): Promise<Message> {
    const clientInfo = { name: "a child's parent", version: "1" };
    const answer = await this.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    this.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
    return answer;
  }

  async call(name: string, args: object): Promise<Message> {
    return this.request("tools/call", { name, arguments: args });
  }

  /** The exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code, signal] = (await once(this.child, "exit")) as [number | null, string | null];
    return code ?? signal;
  }

  #read(text: string): void {
    this.stdout += text;
    this.#unread += text;
    for (let end = this.#unread.indexOf("\n"); end >= 0; end = this.#unread.indexOf("\n")) {
      const line = this.#unread.slice(0, end);
      this.#unread = this.#unread.slice(end + 1);
      const message = JSON.parse(line) as Message;
      if (message.jsonrpc !== "2.0") throw new Error(`not JSON-RPC on stdout: ${line.slice(0, 200)}`);
      this.messages.push(message);
      if (message.id !== undefined && message.id !== null) this.#waiting.get(message.id)?.(message);
    }
  }
}
