import pino, { type Logger } from "pino";

/**
 * The gateway's own log: JSON, a line an event, on standard error. What agents do goes to the audit log, not here.
 * Members that could hold a secret are cut out by name, whatever a library puts there.
 */
export function createLogger(level: string): Logger {
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
    pino.destination({ dest: 2, sync: true }),
  );
}
