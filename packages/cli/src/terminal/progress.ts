import { oneLine } from "../print.ts";
import { fit } from "./width.ts";

/** How often a wait tells of itself, milliseconds. */
const EVERY_MS = 1000;
/** Erase in line, whole (ECMA-48, section 8.3.41). */
const ERASE_LINE = "\u001b[2K";

/** A line of standard error that changes while something is waited for. */
export interface Progress {
  /** Takes the line away, so that other text can stand there. */
  clear(): void;
  stop(): void;
}

/** Shows how a wait goes on, on a terminal; elsewhere nothing is shown. @param textOf called each second */
export function progress(textOf: () => string): Progress {
  if (!process.stderr.isTTY || process.env["TERM"] === "dumb")
    return { clear: () => undefined, stop: () => undefined };
  const clear = (): void => void process.stderr.write(`\r${ERASE_LINE}`);
  const show = (): void => {
    // One column stays free: a full line would scroll.
    const columns = Math.max(1, process.stderr.columns - 1);
    process.stderr.write(`\r${ERASE_LINE}${fit(oneLine(textOf()), columns)}`);
  };
  show();
  const timer = setInterval(show, EVERY_MS);
  return {
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}
