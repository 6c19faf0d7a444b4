import pino, { type Logger } from "pino";
import { LogSink } from "./log-sink.ts";

/**
 * The gateway's own log: JSON, a line an event, on standard error. What agents do goes to the audit log, not here.
 * Members that could hold a secret are cut out by name, whatever a library puts there. A reader that falls behind holds
 * nobody up: the lines wait, and where too many wait, or a line finds no room on its disk, a later line tells how many were left
 * out. What waits at the process's end is written then.
 * @param descriptor where to write, standard error
 */
export function createLogger(level: string, descriptor = 2): Logger {
  const destination = new LogSink(descriptor, leftOutLine);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          "token",
          "password",
          "secret",
          "authorization",
          "*.token",
          "*.password",
          "*.secret",
          "*.authorization",
          "req.headers",
          "headers",
        ],
        remove: true,
      },
    },
    destination,
  );
}

/** The line that says how many lines were left out: as the log writes a warning. */
export function leftOutLine(lines: number): string {
  const msg = "lines were left out of this log: whoever reads it fell behind, or there was no room for them";
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), lines, msg })}\n`;
}
