import { Cut } from "../../gate/web/relay.ts";

/** One frame of a WebSocket (RFC 6455, section 5.2). */
export interface WebSocketFrame {
  /** The last frame of its message. */
  readonly last: boolean;
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
  /** The frame as it came. */
  readonly raw: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Reads the frames of one direction. */
export interface FrameReader {
  /**
   * The whole frames that are there now; what is left waits for its rest.
   * @throws Cut `frames_malformed`, or `frame_too_large` as soon as a frame says so
   */
  take(chunk: Buffer): readonly WebSocketFrame[];
}

/** A mask is four bytes, repeated (RFC 6455, section 5.3). */
function unmask(payload: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(payload.length);
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  const keys = [a, b, c, d] as const;
  for (let i = 0; i < payload.length; i += 1)
    plain[i] = (payload[i] ?? 0) ^ (keys[(i & 3) as 0 | 1 | 2 | 3] ?? 0);
  return plain;
}

/**
 * Makes a reader.
 * @param masked whether the other side has to mask: clients do, servers must not (RFC 6455, section 5.1)
 * @param most the largest payload of a frame, bytes
 */
export function createFrameReader({
  masked,
  most,
}: {
  readonly masked: boolean;
  readonly most: number;
}): FrameReader {
  let left: Buffer = Buffer.alloc(0);
  /** Whether a message is half told: its next data frame continues it. */
  let open = false;

  const one = (): WebSocketFrame | undefined => {
    if (left.length < 2) return undefined;
    const [first = 0, second = 0] = left;
    const opcode = first & 0x0f;
    const last = (first & 0x80) !== 0;
    const isControl = opcode >= 8;
    // Extensions were not asked for; without them the reserved bits mean nothing.
    if ((first & 0x70) !== 0 || (opcode > 2 && opcode < 8) || opcode > 10) throw new Cut("frames_malformed");
    if (((second & 0x80) !== 0) !== masked) throw new Cut("frames_malformed");
    const short = second & 0x7f;
    if (isControl && (!last || short > 125)) throw new Cut("frames_malformed");
    if (!isControl && (opcode === opcodes.continuation) !== open) throw new Cut("frames_malformed");
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const head = 2 + extended + (masked ? 4 : 0);
    if (left.length < 2 + extended) return undefined;
    const length =
      extended === 0 ? short : extended === 2 ? left.readUInt16BE(2) : Number(left.readBigUInt64BE(2));
    if (length > most) throw new Cut("frame_too_large");
    // The shortest form is the only one.
    if ((extended === 2 && length < 126) || (extended === 8 && length < 65_536))
      throw new Cut("frames_malformed");
    if (left.length < head + length) return undefined;
    const raw = left.subarray(0, head + length);
    const bytes = raw.subarray(head);
    left = left.subarray(head + length);
    if (!isControl) open = !last;
    return { last, opcode, payload: masked ? unmask(bytes, raw.subarray(head - 4, head)) : bytes, raw };
  };

  return {
    take(chunk) {
      left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
      const frames: WebSocketFrame[] = [];
      for (let frame = one(); frame !== undefined; frame = one()) frames.push(frame);
      return frames;
    },
  };
}

/** A whole message, or a control frame. @param mask four bytes, for a client's */
export function encodeFrame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = 0x80 | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return mask === undefined
    ? Buffer.concat([head, payload])
    : Buffer.concat([head, mask, unmask(payload, mask)]);
}

/** A close frame (RFC 6455, section 5.5.1): a code, and why, in at most 123 bytes. */
export function encodeClose(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  let text = reason.toWellFormed();
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1).toWellFormed();
  return encodeFrame(opcodes.close, Buffer.concat([payload, Buffer.from(text)]));
}
