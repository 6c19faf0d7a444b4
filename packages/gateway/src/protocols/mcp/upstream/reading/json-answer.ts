import { MAX_MCP_ANSWER_BYTES } from "../../../../gate/bounds.ts";
import { createByteQueue } from "../../../../gate/web/proxy/byte-queue.ts";
import { AnswerTooLarge, type AnswerShare, Borrowed, Later, parseBounded } from "./share.ts";

/** An answer that is one text of JSON: read whole within its bound, and parsed in its principal's turn. */
export class JsonAnswer {
  readonly #share: AnswerShare | undefined;
  readonly #borrowed: Borrowed;
  #bytes = createByteQueue();
  #later: Later<readonly Buffer[]> | undefined;

  constructor(share: AnswerShare | undefined) {
    this.#share = share;
    this.#borrowed = new Borrowed(share);
  }

  /** @throws AnswerTooLarge; Busy when there is no room for it in memory */
  push(chunk: Buffer): void {
    if (this.#bytes.length + chunk.length > MAX_MCP_ANSWER_BYTES) throw new AnswerTooLarge();
    this.#borrowed.take(chunk.length);
    this.#bytes.push(chunk);
  }

  /** It is whole. @param done called once with what it says, unless it is dropped before @throws Busy */
  end(done: (error: unknown, value: unknown, bytes: number) => void): void {
    const { length } = this.#bytes;
    this.#borrowed.giveBack();
    const parse = (pieces: readonly Buffer[]): unknown => parseBounded(Buffer.concat(pieces).toString());
    this.#later = new Later(this.#share, length, this.#bytes.shift(length), parse, (error, value) =>
      done(error, value, length),
    );
    this.#later.start();
  }

  /** Keeps nothing of it. Safe to call twice. */
  drop(): void {
    this.#borrowed.giveBack();
    this.#bytes = createByteQueue();
    this.#later?.drop();
  }
}
