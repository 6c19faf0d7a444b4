import { EventEmitter } from "node:events";
import { turnOver } from "./measure.ts";

/** A socket that takes everything, counts it and says what it is told to. */
export class FakeSocket extends EventEmitter {
  writableLength = 0;
  writableNeedDrain = false;
  writableEnded = false;
  destroyed = false;
  bytesRead = 0;
  writes = 0;
  bytesWritten = 0;
  write(chunk: Uint8Array | string): boolean {
    this.writes += 1;
    this.bytesWritten += chunk.length;
    return true;
  }
  cork(): void {}
  uncork(): void {}
  end(): void {}
  destroy(): void {
    this.destroyed = true;
    queueMicrotask(() => this.emit("close"));
  }
  isPaused = false;
  /** What was read and is given back, to be read again. */
  held: Buffer | undefined = undefined;
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  unshift(chunk: Buffer): void {
    this.held = chunk;
  }
  /** Whoever is connected says something, once it is read. */
  async say(chunk: Buffer): Promise<void> {
    for (let left: Buffer | undefined = chunk; left !== undefined; left = this.held) {
      while (this.isPaused) await turnOver();
      this.held = undefined;
      this.emit("data", left);
    }
  }
}
