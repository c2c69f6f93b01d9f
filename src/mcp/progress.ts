import type { JSONRPCNotification, ProgressToken } from "@modelcontextprotocol/sdk/types.js";

const INTERVAL_MS = 5_000;

/**
 * Reports what a call waits for, with the caller's token only. Returns a function that stops it: call it before the
 * answer, for none may follow that.
 * @param waitingFor what the call waits for now, or undefined
 */
export function reportProgress(
  token: ProgressToken | undefined,
  send: (notification: JSONRPCNotification) => void,
  waitingFor: () => string | undefined,
): () => void {
  if (token === undefined) return () => {};
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const what = waitingFor();
    if (what === undefined) return;
    const progress = Math.round((performance.now() - startedAt) / 1000);
    const params = { progressToken: token, progress, message: `Waiting for ${what}.` };
    send({ jsonrpc: "2.0", method: "notifications/progress", params });
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
