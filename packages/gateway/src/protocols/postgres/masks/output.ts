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
    source.copy(this.bytes, this.length, from, to);
    this.length += to - from;
  }

  /** A signed 32-bit number. */
  int32(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeInt32BE(value, this.length);
  }

  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
