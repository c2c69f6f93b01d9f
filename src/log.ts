import { mapStack } from "./text/source-map.ts";

/** What the server logs to stderr: one JSON line per event, never a secret. Channel text can be in the stack of a bug only. */

/** In order of severity: a level shows itself and all after it; silent shows nothing. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An Error among the details (`error`) is logged with its stack. */
export type Log = (level: Exclude<LogLevel, "silent">, event: string, details?: Record<string, unknown>) => void;

export const noLog: Log = () => {};

/**
 * Makes a log.
 * @param write takes whole lines
 * @param redact takes secrets out of an event, as a last guard
 */
export function createLog(
  min: LogLevel,
  write: (line: string) => void,
  redact: <T extends object>(event: T) => object,
): Log {
  const from = LOG_LEVELS.indexOf(min);
  return (level, event, details = {}) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    const { error, ...more } = details;
    const stack = error instanceof Error ? mapStack(error.stack ?? error.message) : error;
    const line = { time: new Date().toISOString(), level, event, ...more, error: stack };
    write(`${JSON.stringify(redact(line))}\n`);
  };
}
