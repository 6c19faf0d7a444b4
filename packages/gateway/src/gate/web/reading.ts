import { createHash, type Hash } from "node:crypto";
import { BODY_MS, BODY_STALL_MS } from "../bounds.ts";
import type { Account } from "./sharing.ts";
import { type Readable, Transform, type TransformCallback } from "node:stream";

/** A body that turned out larger than granted. */
export class TooLarge extends Error {}

/**
 * Reads a body whole, up to a bound.
 * @param account of its exchange: what it holds counts there
 * @param ended gives up when it aborts: the grant is over
 * @returns its bytes, or undefined when it is larger, slower than it may be, or nobody is entitled to it any more
 * @throws Error when the client goes before its end; Busy when there is no room for it
 */
export function readWhole(
  body: Readable,
  most: number,
  account: Pick<Account, "hold">,
  ended?: AbortSignal,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
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
      length += chunk.length;
      stall.refresh();
      if (length > most) {
        give();
        return;
      }
      try {
        // Once as it came, and once in the whole body.
        account.hold(2 * chunk.length);
        chunks.push(chunk);
      } catch (error) {
        over();
        body.pause();
        reject(error);
      }
    };
    const whole = (): void => {
      over();
      resolve(Buffer.concat(chunks, length));
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
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#most) {
      done(new TooLarge(`the body is larger than ${this.#most} bytes`));
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }

  /** Of everything that has passed; call it once. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}
