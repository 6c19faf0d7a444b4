import { createHash, type Hash } from "node:crypto";
import { BODY_MS, BODY_STALL_MS } from "../../bounds.ts";
import { createByteQueue } from "./byte-queue.ts";
import type { SharedUse } from "../sessions/sharing.ts";
import { type Readable, Transform, type TransformCallback } from "node:stream";

/** A body that exceeded its limit. */
export class TooLarge extends Error {}

/**
 * Reads a body whole, up to a bound.
 * @param account of its exchange: the body's bytes count there
 * @param ended gives up when it aborts: the grant is over
 * @returns its bytes, or undefined when it is too large or too slow, or the grant has ended
 * @throws Error when the client goes before its end; Busy when there is no room for it
 */
export function readWhole(
  body: Readable,
  maxBytes: number,
  account: Pick<SharedUse, "hold">,
  ended?: AbortSignal,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    // Chunk by chunk, a body in chunks of one byte would cost hundreds of times what it counts.
    const read = createByteQueue();
    const over = (): void => {
      clearTimeout(timer);
      clearTimeout(stall);
      ended?.removeEventListener("abort", give);
      body.off("data", take).off("end", whole).off("aborted", gone).off("close", gone).off("error", gone);
      body.on("error", () => undefined);
    };
    // What is left is not read, and the body is not destroyed: its socket still has an answer to carry.
    const give = (): void => {
      over();
      body.pause();
      resolve(undefined);
    };
    const take = (chunk: Buffer): void => {
      stall.refresh();
      if (read.length + chunk.length > maxBytes) {
        give();
        return;
      }
      try {
        // Once as it came, and once in the whole body.
        account.hold(2 * chunk.length);
        read.push(chunk);
      } catch (error) {
        over();
        body.pause();
        reject(error);
      }
    };
    const whole = (): void => {
      over();
      resolve(Buffer.concat(read.shift(read.length)));
    };
    // A stream of HTTP/2 that is reset comes to its end like any other, but says so first.
    const gone = (error?: unknown): void => {
      over();
      reject(error instanceof Error ? error : new Error("the client went away"));
    };
    const timer = setTimeout(give, BODY_MS);
    timer.unref();
    const stall = setTimeout(give, BODY_STALL_MS);
    stall.unref();
    if (ended?.aborted === true) {
      give();
      return;
    }
    ended?.addEventListener("abort", give, { once: true });
    body.on("data", take).once("end", whole).once("aborted", gone).once("close", gone).once("error", gone);
  });
}

/** A body on its way upstream, counted and digested as it passes, and cut past a bound. */
export class Counted extends Transform {
  bytes = 0;
  readonly #hash: Hash = createHash("sha256");
  readonly #maxBytes: number;
  #isDigested = false;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    // What comes after its digest was taken goes nowhere: it is never said to be done with, so that no more is read.
    if (this.#isDigested) return;
    this.bytes += chunk.length;
    if (this.bytes > this.#maxBytes) {
      done(new TooLarge(`the body is larger than ${this.#maxBytes} bytes`));
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }

  /** The digest of everything that has passed; call it once. */
  sha256(): string {
    this.#isDigested = true;
    return this.#hash.digest("hex");
  }
}
