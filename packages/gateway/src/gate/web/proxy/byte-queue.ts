/** Chunks below this are copied together: what comes byte by byte costs what it holds. */
const SMALL_BYTES = 4096;
const BLOCK_BYTES = 16_384;

/** Bytes that wait for the rest of their frame, as they came: what is taken out of it is uncopied. */
export interface ByteQueue {
  readonly length: number;
  push(chunk: Buffer): void;
  /** The next bytes, which stay. @param count at most `length` */
  peek(count: number): Buffer;
  /** Takes the next bytes out, in pieces. @param count at most `length` */
  shift(count: number): readonly Buffer[];
}

/** Makes an empty one. */
export function createByteQueue(): ByteQueue {
  let pieces: Buffer[] = [];
  let length = 0;
  /** The last piece, where small chunks are still added to it. */
  let block: { readonly bytes: Buffer; from: number; to: number } | undefined;

  const pushSmall = (chunk: Buffer): void => {
    if (block !== undefined && block.to + chunk.length <= BLOCK_BYTES) pieces.pop();
    else block = { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), from: 0, to: 0 };
    block.to += chunk.copy(block.bytes, block.to);
    pieces.push(block.bytes.subarray(block.from, block.to));
  };

  return {
    get length() {
      return length;
    },
    push(chunk) {
      length += chunk.length;
      // What goes on at once is not copied: nothing waits before it.
      if (chunk.length < SMALL_BYTES && pieces.length > 0) return pushSmall(chunk);
      pieces.push(chunk);
      block = undefined;
    },
    peek(count) {
      const [first] = pieces;
      if (first !== undefined && first.length >= count) return first.subarray(0, count);
      // No more than was asked for: this is called for every chunk while a frame waits.
      const peeked = Buffer.alloc(count);
      let at = 0;
      for (const piece of pieces) {
        if (at >= count) break;
        at += piece.copy(peeked, at);
      }
      return peeked;
    },
    shift(count) {
      length -= count;
      const out: Buffer[] = [];
      let left = count;
      let at = 0;
      for (; left > 0; at += 1) {
        const piece = pieces[at];
        if (piece === undefined) throw new RangeError("there are not as many bytes");
        if (piece.length > left) {
          out.push(piece.subarray(0, left));
          pieces[at] = piece.subarray(left);
          if (block !== undefined && at === pieces.length - 1) block.from = block.to - (piece.length - left);
          left = 0;
          break;
        }
        out.push(piece);
        left -= piece.length;
      }
      pieces = pieces.slice(at);
      if (pieces.length === 0) block = undefined;
      return out;
    },
  };
}
