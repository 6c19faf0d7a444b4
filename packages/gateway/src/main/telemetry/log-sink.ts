import { write, writeSync } from "node:fs";
import { visibleJson } from "../../kernel/invisible-characters.ts";

/** Lines that wait for whoever reads the log, bytes. Those beyond it are left out, and counted. */
const MAX_WAITING_BYTES = 4_194_304;
/** What is written at a time, bytes. */
const MAX_WRITE_BYTES = 65_536;
/** How long a reader that takes nothing now is left alone, milliseconds. */
const RETRY_MS = 50;
/** How long the process's end waits for such a reader, milliseconds. */
const MAX_END_MS = 1000;

/** All sinks of this process: each writes what waits when it ends. */
const sinks: LogSink[] = [];

/** Where a log's lines go. A line that cannot be written is left out: no log is worth the process that writes it. */
export class LogSink {
  readonly #descriptor: number;
  readonly #told: (lines: number) => string;
  #lines: Buffer[] = [];
  #waitingBytes = 0;
  #leftOut = 0;
  #isWriting = false;
  /** What its reader did not take just now. */
  #refused: Buffer | undefined;

  /** @param told makes the line that says how many were left out; it is written once others find room again */
  constructor(descriptor: number, told: (lines: number) => string) {
    this.#descriptor = descriptor;
    this.#told = told;
    if (sinks.push(this) === 1)
      process.once("exit", () => {
        for (const sink of sinks) sink.writeRest();
      });
  }

  /** What a terminal would act on, or not show, is written as JSON's escape: names and messages of others stand in a log. */
  write(line: string): void {
    const bytes = Buffer.from(visibleJson(line));
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#leftOut += 1;
      return;
    }
    this.#lines.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#lines) {
      if (count > 0 && bytes + length > MAX_WRITE_BYTES) break;
      bytes += length;
      count += 1;
    }
    this.#isWriting = true;
    this.#writeWhole(Buffer.concat(this.#lines.splice(0, count)), count);
  }

  /** @param count of the lines that these bytes are, or the rest of them */
  #writeWhole(bytes: Buffer, count: number): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error?.code === "EAGAIN") {
        this.#refused = bytes;
        setTimeout(() => {
          this.#refused = undefined;
          this.#writeWhole(bytes, count);
        }, RETRY_MS).unref();
        return;
      }
      const rest = error === null ? bytes.subarray(written) : undefined;
      this.#waitingBytes -= bytes.length - (rest?.length ?? 0);
      if (rest !== undefined && rest.length > 0) this.#writeWhole(rest, count);
      else this.#wrote(rest === undefined ? count : 0);
    });
  }

  #wrote(lost: number): void {
    this.#isWriting = false;
    this.#leftOut += lost;
    if (this.#lines.length > 0) this.#writeNext();
    else if (this.#leftOut > 0 && lost === 0) {
      const line = this.#told(this.#leftOut);
      this.#leftOut = 0;
      this.write(line);
    }
  }

  /** Writes what waits when the process ends. What is being written then is the system's already. */
  writeRest(): void {
    if (this.#leftOut > 0) this.#lines.push(Buffer.from(this.#told(this.#leftOut)));
    let rest = Buffer.concat([this.#refused ?? Buffer.alloc(0), ...this.#lines.splice(0)]);
    const end = performance.now() + MAX_END_MS;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || performance.now() > end) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}
