import { applyMask } from "./mask.ts";
import { MAX_CONTROL_BYTES, opcodes } from "./frames.ts";

/** The head of a frame that is a whole message (RFC 6455, section 5.2). */
function headOf(opcode: number, length: number, isMasked: boolean): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = 0x80 | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** A whole message, or a control frame. @param mask four bytes, for a client's */
export function encodeFrame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const head = headOf(opcode, payload.length, mask !== undefined);
  return mask === undefined
    ? Buffer.concat([head, payload])
    : Buffer.concat([head, mask, applyMask(payload, mask)]);
}

/** Violation of a policy (RFC 6455, section 7.4.1): what the gateway closes with. */
export const POLICY_VIOLATION = 1008;

/** A server's close frame (section 5.5.1): a code, and why, cut at a character's end. */
export function encodeClose(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  // No character is less than a byte: what is left after this is a few steps.
  let text = reason.slice(0, MAX_CONTROL_BYTES).toWellFormed();
  while (Buffer.byteLength(text) > MAX_CONTROL_BYTES - 2) text = text.slice(0, -1).toWellFormed();
  return encodeFrame(opcodes.close, Buffer.concat([payload, Buffer.from(text)]));
}
