/** Bytes below this are copied together while they wait: a frame that comes byte by byte costs what it holds. */
const SMALL_BYTES = 4096;
const BLOCK_BYTES = 16_384;

/**
 * Holds back what does not end a frame yet, so that only whole frames go on, as they came and uncopied.
 * @param scan how many of a chunk's bytes come before the end of its last whole frame
 */
export function createWholeFrames(scan: (chunk: Buffer) => number): (chunk: Buffer) => readonly Buffer[] {
  let held: Buffer[] = [];
  /** The newest block of small pieces, and how much of it is taken: the last of `held` shows it. */
  let block: Buffer | undefined;
  let taken = 0;

  const hold = (bytes: Buffer): void => {
    if (bytes.length === 0) return;
    if (bytes.length >= SMALL_BYTES) {
      held.push(bytes);
      block = undefined;
      return;
    }
    if (block === undefined || taken + bytes.length > block.length) {
      block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      taken = 0;
    } else held.pop();
    bytes.copy(block, taken);
    taken += bytes.length;
    held.push(block.subarray(0, taken));
  };

  return (chunk) => {
    const whole = scan(chunk);
    if (whole === 0) {
      hold(chunk);
      return [];
    }
    const onward = held;
    onward.push(whole === chunk.length ? chunk : chunk.subarray(0, whole));
    held = [];
    block = undefined;
    hold(chunk.subarray(whole));
    return onward;
  };
}
