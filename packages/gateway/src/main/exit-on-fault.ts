import type { Logger } from "pino";
import { messageOf } from "../kernel/errors.ts";

/** EX_SOFTWARE of sysexits.h. */
export const EXIT_FAULT = 70;

/** A fault that nobody caught: whatever state it left, a process that does not know what it does serves nobody. */
export function exitOnFault(logger: Logger): void {
  const crash = (error: unknown): void => {
    logger.fatal(
      { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
      "crashed",
    );
    process.exit(EXIT_FAULT);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}
