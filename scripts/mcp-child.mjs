import { spawn } from "node:child_process";

/** The built program. */
export const BUILT = new URL("../dist/tencent-chat-channel-mcp.cjs", import.meta.url).pathname;
/** Parameters of the handshake. */
export const HANDSHAKE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "a script", version: "1" },
};

/** The environment that leads the built server to an endpoint on this machine. */
export function environmentOf(endpoint, sdkAppId, secretKey, more = {}) {
  return {
    TENCENT_CHAT_SDKAPPID: String(sdkAppId),
    TENCENT_CHAT_SECRET_KEY: secretKey,
    TENCENT_CHAT_ENDPOINT: endpoint,
    TENCENT_CHAT_LOG_LEVEL: "silent",
    ...more,
  };
}

/** What a child needs of this environment. Node starts 30 ms later with NODE_EXTRA_CA_CERTS, so it is left out. */
export const BARE = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };

/** Starts the built server; `request` sends one and resolves with its answer. */
export function startServer(env = {}, args = []) {
  const stdio = ["pipe", "pipe", "ignore"];
  const child = spawn(process.execPath, [BUILT, ...args], { env: { ...BARE, ...env }, stdio });
  const waiting = new Map();
  let unread = "";
  let nextId = 1;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    unread += text;
    for (let end = unread.indexOf("\n"); end >= 0; end = unread.indexOf("\n")) {
      const line = unread.slice(0, end);
      unread = unread.slice(end + 1);
      const message = JSON.parse(line);
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    }
  });
  return {
    child,
    request(method, params = {}) {
      const id = nextId;
      nextId += 1;
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      return new Promise((resolve) => waiting.set(id, resolve));
    },
  };
}
