/** Up to so many bytes a loop copies faster than a call does. */
const SMALL = 64;

/** Bytes that grow at their end. One for many rows: nothing is made per row or value. */
export class Output {
  bytes: Buffer;
  length = 0;

  /** @param capacity how many bytes it can take before it has to grow */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /** Sees to it that there is room for that many more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  copy(source: Buffer, from: number, to: number): void {
    this.reserve(to - from);
    const { bytes, length } = this;
    if (to - from > SMALL) source.copy(bytes, length, from, to);
    else for (let at = from; at < to; at += 1) bytes[length + at - from] = source[at] ?? 0;
    this.length = length + to - from;
  }

  /** A signed 32-bit number. */
  int32(value: number): void {
    this.reserve(4);
    this.put(value, this.length);
    this.length += 4;
  }

  /** Writes a signed 32-bit number where there is one already. */
  put(value: number, at: number): void {
    const { bytes } = this;
    bytes[at] = value >> 24;
    bytes[at + 1] = value >> 16;
    bytes[at + 2] = value >> 8;
    bytes[at + 3] = value;
  }

  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
