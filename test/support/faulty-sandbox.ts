import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { envelope } from "../../src/sandbox/commands.ts";
import { Sandbox, type SandboxOptions, type SandboxRequest } from "../../src/sandbox/sandbox.ts";

/** The sandbox with scripted faults: what the next requests get instead of a good answer. */

/** One fault. A request takes the first in the script that fits it. */
export interface Fault {
  /** The command it waits for; any if left out. */
  readonly command?: string;
  /** What the body must hold; any if left out. */
  readonly mentions?: string;
  /** True if the request is carried out before the fault. */
  readonly applied?: boolean;
  /** The request is carried out this many milliseconds after the fault. */
  readonly appliedAfterMs?: number;
  /** What the client gets. */
  readonly response:
    | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
    /** The documented answer with this ErrorCode. */
    | { readonly code: number; readonly info?: string }
    /** The documented answer, changed, and late if so wanted. */
    | { readonly change: (answer: Record<string, unknown>) => unknown; readonly delayMs?: number }
    /** 200 with exactly these bytes. */
    | { readonly raw: string | Buffer; readonly headers?: Record<string, string> }
    /** The good answer, this many milliseconds late. */
    | { readonly delayMs: number }
    /** RST, or nothing at all. */
    | "reset"
    | "silence";
}

/** The faults that wait to be injected. */
class FaultScript {
  readonly #waiting: Fault[] = [];
  injected = 0;

  add(...faults: Fault[]): void {
    this.#waiting.push(...faults);
  }

  /** The fault for a request; it is used up. */
  take({ command, body }: SandboxRequest): Fault | undefined {
    const at = this.#waiting.findIndex(
      (fault) => (fault.command ?? command) === command && body.includes(fault.mentions ?? ""),
    );
    if (at < 0) return undefined;
    this.injected += 1;
    return this.#waiting.splice(at, 1)[0];
  }

  /** For scripts of which not every fault must be used. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Faults that no request took: a test that leaves any proves nothing. */
  get unused(): readonly Fault[] {
    return this.#waiting;
  }
}

export class FaultySandbox extends Sandbox {
  readonly faults = new FaultScript();
  /** Every request, in the order in which it arrived. */
  readonly requests: (SandboxRequest & { readonly at: number; readonly socketId: number })[] = [];
  /** Requests that were carried out, in that order. */
  readonly applied: Pick<SandboxRequest, "command" | "body">[] = [];
  /** Connections that clients have made so far. */
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #socketIds = new WeakMap<object, number>();

  static override async start(options: SandboxOptions): Promise<FaultySandbox> {
    const sandbox = new FaultySandbox(options);
    sandbox.server.on("connection", (socket) => {
      sandbox.connections += 1;
      sandbox.#socketIds.set(socket, sandbox.connections);
      sandbox.#sockets.add(socket);
      socket.on("close", () => sandbox.#sockets.delete(socket));
    });
    await sandbox.listen();
    return sandbox;
  }

  /** Numbers of the connections that clients hold open now. */
  get openSocketIds(): number[] {
    return [...this.#sockets].map((socket) => this.#socketIds.get(socket) ?? 0);
  }

  /** Closes every connection that clients hold open. */
  closeConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  protected override async respond(request: SandboxRequest, response: ServerResponse): Promise<void> {
    const socketId = this.#socketIds.get(response.socket ?? {}) ?? 0;
    this.requests.push({ ...request, at: performance.now(), socketId });
    const fault = this.faults.take(request);
    if (!fault) return this.send(response, this.carryOut(request));
    const isLate = typeof fault.response === "object" && "delayMs" in fault.response;
    const answer = fault.applied || isLate ? this.carryOut(request) : envelope(0, "");
    if (fault.appliedAfterMs !== undefined) setTimeout(() => this.carryOut(request), fault.appliedAfterMs);
    await this.#inject(fault, answer, response);
  }

  protected override carryOut(request: SandboxRequest): object {
    const answer = super.carryOut(request);
    if ("ErrorCode" in answer && answer.ErrorCode === 0) this.applied.push(request);
    return answer;
  }

  async #inject({ response: fault }: Fault, answer: object, response: ServerResponse): Promise<void> {
    if (fault === "silence") return;
    if (fault === "reset") {
      response.socket?.resetAndDestroy();
    } else if ("delayMs" in fault) {
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      this.send(response, "change" in fault ? fault.change(answer as Record<string, unknown>) : answer);
    } else if ("status" in fault) {
      response
        .writeHead(fault.status, { "content-type": "text/html", ...fault.headers })
        .end(fault.body ?? "<html>sandbox</html>");
    } else if ("code" in fault) {
      this.send(response, envelope(fault.code, fault.info ?? "scripted"));
    } else if ("change" in fault) {
      this.send(response, fault.change({ ...answer }));
    } else {
      response.writeHead(200, { "content-type": "application/json", ...fault.headers }).end(fault.raw);
    }
  }
}
