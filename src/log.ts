/** What the server tells on stderr: one JSON line an event, never a secret, never channel text. */

/** Least to most: a level shows itself and all after it; silent shows nothing. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = (level: Exclude<LogLevel, "silent">, event: string, details?: Record<string, unknown>) => void;

/**
 * Makes a log.
 * @param write takes whole lines
 * @param scrub takes secrets out of a line, as a last guard
 */
export function makeLog(least: LogLevel, write: (line: string) => void, scrub: (line: string) => string): Log {
  const from = LOG_LEVELS.indexOf(least);
  return (level, event, details = {}) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    write(`${scrub(JSON.stringify({ time: new Date().toISOString(), level, event, ...details }))}\n`);
  };
}
