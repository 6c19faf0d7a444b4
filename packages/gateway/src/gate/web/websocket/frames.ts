import { createByteQueue } from "../proxy/byte-queue.ts";
import { applyMask } from "./mask.ts";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What makes bytes no frames, each by a name of its own (RFC 6455, sections 5.1 to 5.5). */
export type FrameProblem =
  | "reserved_bits"
  | "opcode_unknown"
  | "mask_missing"
  | "mask_unexpected"
  | "control_in_pieces"
  | "control_too_long"
  | "nothing_to_continue"
  | "message_interrupted"
  | "length_not_shortest"
  | "frame_too_large";

/** What came is no frame, or a larger one than may be. */
export class FrameError extends Error {
  readonly problem: FrameProblem;
  /** For the outcome's record. */
  readonly code: "frame_too_large" | "frames_malformed";

  constructor(problem: FrameProblem) {
    super(`the WebSocket's frames are refused: ${problem}`);
    this.problem = problem;
    this.code = problem === "frame_too_large" ? problem : "frames_malformed";
  }
}

/** Told of frames as their bytes come. What it throws ends the scan. */
export interface FrameVisitor {
  /** @param isLast whether it ends its message @param length of its payload, bytes */
  begin(opcode: number, isLast: boolean, length: number): void;
  /** A piece of its payload, unmasked, of one byte or more. */
  payload(bytes: Buffer): void;
  /** The frame is whole. */
  end(): void;
}

/** Follows the frames of one direction, in bytes that may be split anywhere. Holds none of them but a head. */
export interface FrameScanner {
  /**
   * @returns how many of the chunk's bytes come before the end of its last whole frame; 0: no frame ended in it
   * @throws FrameError as soon as the bytes cannot be a frame
   */
  scan(chunk: Buffer): number;
  /** Whether the last byte ended a frame. */
  readonly isBetween: boolean;
}

export interface FrameRules {
  /** Who sends: clients mask, servers must not (section 5.1). */
  readonly from: "client" | "server";
  /** The largest payload of a frame; left out: any. */
  readonly maxPayloadBytes?: number;
}

/** The longest head of a frame. */
const MAX_HEAD_BYTES = 14;
/** The most that a control frame carries (section 5.5). */
export const MAX_CONTROL_BYTES = 125;

/** Makes a scanner. Frames may be as small as two bytes: nothing is made for one, unless a visitor wants its payload. */
export function createFrameScanner(rules: FrameRules, visitor?: FrameVisitor): FrameScanner {
  const isMasked = rules.from === "client";
  const max = rules.maxPayloadBytes ?? Number.MAX_SAFE_INTEGER;
  /** A head of which not all has come. */
  const head = Buffer.alloc(MAX_HEAD_BYTES);
  let headBytes = 0;
  const key = Buffer.alloc(4);
  /** Of the frame under way: its payload's length, and how much of that has to come. */
  let length = 0;
  let left = 0;
  let opcode = 0;
  let isLast = false;
  /** Whether a message is half told: its next data frame continues it. */
  let isOpen = false;

  const readLength = (bytes: Buffer, at: number, extended: number, short: number): number => {
    if (extended === 0) return short;
    const long =
      extended === 2
        ? bytes.readUInt16BE(at)
        : bytes.readUInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4);
    if (long > max) throw new FrameError("frame_too_large");
    // The shortest form is the only one (section 5.2).
    if (long < (extended === 2 ? 126 : 65_536)) throw new FrameError("length_not_shortest");
    return long;
  };

  /** Reads a head. @returns its length, 0 where not all of it has come */
  const readHead = (bytes: Buffer, at: number): number => {
    const there = bytes.length - at;
    if (there < 2) return 0;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    // No extension was agreed on, and without one these bits mean nothing.
    if ((first & 0x70) !== 0) throw new FrameError("reserved_bits");
    opcode = first & 0x0f;
    if ((opcode > 2 && opcode < 8) || opcode > 10) throw new FrameError("opcode_unknown");
    if (((second & 0x80) !== 0) !== isMasked)
      throw new FrameError(isMasked ? "mask_missing" : "mask_unexpected");
    isLast = (first & 0x80) !== 0;
    const short = second & 0x7f;
    if (opcode >= opcodes.close) {
      if (!isLast) throw new FrameError("control_in_pieces");
      if (short > MAX_CONTROL_BYTES) throw new FrameError("control_too_long");
    } else if ((opcode === opcodes.continuation) !== isOpen)
      throw new FrameError(isOpen ? "message_interrupted" : "nothing_to_continue");
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (there < 2 + extended) return 0;
    const told = readLength(bytes, at + 2, extended, short);
    if (told > max) throw new FrameError("frame_too_large");
    const whole = 2 + extended + (isMasked ? 4 : 0);
    if (there < whole) return 0;
    if (isMasked) bytes.copy(key, 0, at + whole - 4, at + whole);
    if (opcode < opcodes.close) isOpen = !isLast;
    length = told;
    left = told;
    visitor?.begin(opcode, isLast, length);
    if (length === 0) visitor?.end();
    return whole;
  };

  const readPayload = (chunk: Buffer, at: number): number => {
    const step = Math.min(left, chunk.length - at);
    if (visitor !== undefined) {
      const bytes = chunk.subarray(at, at + step);
      visitor.payload(isMasked ? applyMask(bytes, key, (length - left) & 3) : bytes);
    }
    left -= step;
    if (left === 0) visitor?.end();
    return step;
  };

  return {
    scan(chunk) {
      let at = 0;
      let whole = 0;
      while (at < chunk.length) {
        if (left > 0) at += readPayload(chunk, at);
        else if (headBytes > 0) {
          head[headBytes] = chunk[at] ?? 0;
          headBytes += 1;
          at += 1;
          if (readHead(head.subarray(0, headBytes), 0) > 0) headBytes = 0;
        } else {
          const read = readHead(chunk, at);
          if (read === 0) {
            headBytes = chunk.copy(head, 0, at);
            at = chunk.length;
          } else at += read;
        }
        if (left === 0 && headBytes === 0) whole = at;
      }
      return whole;
    },
    get isBetween() {
      return left === 0 && headBytes === 0;
    },
  };
}

/** One frame, whole. */
export interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  /** Unmasked. */
  readonly payload: Buffer;
}

/**
 * Reads frames whole, for those who need them so; a frame waits in memory for its end, in as much as has come of it.
 * @returns the frames that end in a chunk. @throws FrameError
 */
export function createFrameReader(
  rules: FrameRules & { readonly maxPayloadBytes: number },
): (chunk: Buffer) => readonly Frame[] {
  let frames: Frame[] = [];
  // A frame that comes byte by byte costs what it holds.
  const held = createByteQueue();
  let begun = { opcode: 0, isLast: true };
  const scanner = createFrameScanner(rules, {
    begin: (opcode, isLast) => void (begun = { opcode, isLast }),
    payload: (bytes) => held.push(bytes),
    end() {
      const pieces = held.shift(held.length);
      const [only] = pieces;
      const payload = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
      frames.push({ ...begun, payload });
    },
  });
  return (chunk) => {
    frames = [];
    scanner.scan(chunk);
    return frames;
  };
}
