import { createHash, type Hash } from "node:crypto";
import { type Readable, Transform, type TransformCallback } from "node:stream";

/** A body that turned out larger than granted. */
export class TooLarge extends Error {}

/**
 * Reads a body whole, up to a bound.
 * @returns its bytes, or undefined when it is larger
 * @throws Error when the client goes before its end
 */
export async function readWhole(body: Readable, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
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
