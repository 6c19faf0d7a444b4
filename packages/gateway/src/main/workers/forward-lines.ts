import type { Readable } from "node:stream";
import type { LogSink } from "../telemetry/log-sink.ts";

/** A line longer than this goes on in pieces, UTF-16 code units. */
const MAX_LINE_CHARACTERS = 1_048_576;

/**
 * Writes what a worker prints, whole lines at a time: several processes that write to one pipe by themselves write into
 * each other's lines once they are longer than the pipe takes in one piece (PIPE_BUF, pipe(7)).
 */
export function forwardLines(from: Readable, to: Pick<LogSink, "write">): void {
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) to.write(`${line}\n`);
    if (rest.length < MAX_LINE_CHARACTERS) return;
    to.write(`${rest}\n`);
    rest = "";
  });
  from.once("end", () => {
    if (rest !== "") to.write(`${rest}\n`);
    rest = "";
  });
  from.on("error", () => undefined);
}
