/** Follows the frames of one direction of a WebSocket (RFC 6455, section 5.2) without looking into them. */
export interface FrameFollower {
  /** @returns false when the bytes are no frames */
  take(chunk: Buffer): boolean;
  /** Whether the last byte taken ended a frame. */
  readonly between: boolean;
}

/** Makes a follower. */
export function followFrames(): FrameFollower {
  let head = Buffer.alloc(0);
  let left = 0n;
  return {
    take(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (left > 0n) {
          const step = BigInt(chunk.length - at) < left ? chunk.length - at : Number(left);
          left -= BigInt(step);
          at += step;
          continue;
        }
        head = Buffer.concat([head, chunk.subarray(at, at + 1)]);
        at += 1;
        const length = lengthOf(head);
        if (length === "malformed") return false;
        if (length === undefined) continue;
        left = length;
        head = Buffer.alloc(0);
      }
      return true;
    },
    get between() {
      return left === 0n && head.length === 0;
    },
  };
}

/** The payload's length, once the frame's head is whole: undefined before. */
function lengthOf(head: Buffer): bigint | "malformed" | undefined {
  if (head.length < 2) return undefined;
  const [first = 0, second = 0] = head;
  const opcode = first & 0x0f;
  if ((opcode > 2 && opcode < 8) || opcode > 10) return "malformed";
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (head.length < 2 + extended + mask) return undefined;
  if (extended === 0) return BigInt(short);
  const length = extended === 2 ? BigInt(head.readUInt16BE(2)) : head.readBigUInt64BE(2);
  return length >= 1n << 63n ? "malformed" : length;
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
