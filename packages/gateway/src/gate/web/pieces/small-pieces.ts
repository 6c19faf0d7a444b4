/** The memory for what is joined is as large as this at first, and at most. Bytes. */
const FIRST_BYTES = 256;
const MAX_JOINED_BYTES = 16_384;

/**
 * Small pieces of one body, copied together: what came in a thousand pieces is one, and holds no more memory than its
 * bytes, whatever the buffers held that it came in.
 */
export class SmallPieces {
  #block: Buffer | undefined;
  length = 0;

  /** @returns whether there was room for it */
  add(piece: Buffer): boolean {
    const end = this.length + piece.length;
    if (end > MAX_JOINED_BYTES) return false;
    if (this.#block === undefined || end > this.#block.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_JOINED_BYTES, Math.max(FIRST_BYTES, 2 * end)));
      this.#block?.copy(larger, 0, 0, this.length);
      this.#block = larger;
    }
    // One byte is what an attacker sends: a call for it would cost more than the byte.
    if (piece.length === 1) this.#block[this.length] = piece[0] ?? 0;
    else this.#block.set(piece, this.length);
    this.length = end;
    return true;
  }

  /** Takes everything out, as one piece; undefined when there is nothing. */
  take(): Buffer | undefined {
    const block = this.#block;
    if (block === undefined || this.length === 0) return undefined;
    const taken = block.subarray(0, this.length);
    this.#block = undefined;
    this.length = 0;
    // A half-empty block would hold more than it brings, and so would a piece of the memory that Node's short buffers share.
    if (taken.length * 2 >= block.length) return taken;
    const fitting = Buffer.allocUnsafeSlow(taken.length);
    fitting.set(taken);
    return fitting;
  }
}
