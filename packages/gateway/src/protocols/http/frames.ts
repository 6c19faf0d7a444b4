/** Follows the frames of one direction of a WebSocket (RFC 6455, section 5.2) without looking into them. */
export interface FrameFollower {
  /** @returns false when the bytes are no frames */
  take(chunk: Buffer): boolean;
  /** Whether the last byte taken ended a frame. */
  readonly between: boolean;
}

/** The longest head of a frame, bytes. */
const MAX_HEAD_BYTES = 14;

/** Makes a follower. Frames may be as small as two bytes: nothing is made for one. */
export function followFrames(): FrameFollower {
  /** A head of which not all has come. */
  const head = Buffer.alloc(MAX_HEAD_BYTES);
  let headBytes = 0;
  /** What is left of a payload. No connection carries 2^53 bytes. */
  let left = 0;

  /** Takes one head that begins at `at`. @returns where its payload begins; -1: more has to come; -2: malformed */
  const takeHead = (bytes: Buffer, at: number, end: number): number => {
    if (end - at < 2) return -1;
    const opcode = (bytes[at] ?? 0) & 0x0f;
    if ((opcode > 2 && opcode < 8) || opcode > 10) return -2;
    const second = bytes[at + 1] ?? 0;
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const whole = at + 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
    if (end < whole) return -1;
    if (extended === 0) left = short;
    else if (extended === 2) left = bytes.readUInt16BE(at + 2);
    else {
      const high = bytes.readUInt32BE(at + 2);
      if (high >= 0x80000000) return -2;
      left = high * 0x100000000 + bytes.readUInt32BE(at + 6);
    }
    return whole;
  };

  return {
    take(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (left > 0) {
          const step = Math.min(left, chunk.length - at);
          left -= step;
          at += step;
        } else if (headBytes > 0) {
          head[headBytes] = chunk[at] ?? 0;
          headBytes += 1;
          at += 1;
          const payload = takeHead(head, 0, headBytes);
          if (payload === -2) return false;
          if (payload >= 0) headBytes = 0;
        } else {
          const payload = takeHead(chunk, at, chunk.length);
          if (payload === -2) return false;
          if (payload === -1) {
            chunk.copy(head, 0, at);
            headBytes = chunk.length - at;
            return true;
          }
          at = payload;
        }
      }
      return true;
    },
    get between() {
      return left === 0 && headBytes === 0;
    },
  };
}

/** A server's close frame (RFC 6455, section 5.5.1): 1008, policy violation, and why. */
export function closeFrame(reason: string): Buffer {
  let text = Buffer.from(reason);
  // A control frame carries 125 bytes; cut at a character's end.
  if (text.length > 123)
    text = Buffer.from(
      Buffer.from(reason)
        .subarray(0, 120)
        .toString("utf8")
        .replace(/\ufffd+$/, ""),
    );
  const payload = Buffer.concat([Buffer.from([0x03, 0xf0]), text]);
  return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
}
