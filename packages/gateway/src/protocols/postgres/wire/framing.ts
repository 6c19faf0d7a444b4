/**
 * How bytes become messages (PostgreSQL manual, "Message Formats"): one type byte, a four-byte length that counts
 * itself, and the body. No sockets here.
 */

/** A peer broke the protocol. `code` is the SQLSTATE under which the client reads of it. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: string;
  /** How many bytes of the message that is at fault are still to come. */
  readonly rest: number;

  constructor(code: string, message: string, rest = 0) {
    super(message);
    this.code = code;
    this.rest = rest;
  }
}

/** Type bytes of messages, both ways, by the manual's names. */
export const type = {
  // From a client.
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  password: 0x70,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
  // From a server.
  authentication: 0x52,
  backendKeyData: 0x4b,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  copyBothResponse: 0x57,
  copyInResponse: 0x47,
  copyOutResponse: 0x48,
  dataRow: 0x44,
  emptyQueryResponse: 0x49,
  errorResponse: 0x45,
  negotiateProtocolVersion: 0x76,
  noData: 0x6e,
  noticeResponse: 0x4e,
  notificationResponse: 0x41,
  parameterDescription: 0x74,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  portalSuspended: 0x73,
  readyForQuery: 0x5a,
  rowDescription: 0x54,
} as const;

/** Reads an unsigned 32-bit number; the caller has checked that it is there. */
export function u32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 +
    ((bytes[at + 1] ?? 0) << 16) +
    ((bytes[at + 2] ?? 0) << 8) +
    (bytes[at + 3] ?? 0)
  );
}

/** How many bytes of the last message in `bytes`, which begin with one, are still to come; 0 where it is whole or not known. */
export function restOf(bytes: Uint8Array): number {
  let at = 0;
  while (bytes.length - at >= 5) at += 1 + u32(bytes, at + 1);
  return Math.max(at - bytes.length, 0);
}

/** Reads an unsigned 16-bit number; the caller has checked that it is there. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
}

/**
 * What is left of a chunk that ended in the middle of a message. It grows with what arrives, never with what a
 * length promises, and doubles, so that a message sent byte by byte costs no more than one sent whole.
 */
export interface Carry {
  readonly length: number;
  /** Adds a chunk (copied) and gives everything so far; the view is valid until the next call. */
  add(chunk: Buffer): Buffer;
  /** Replaces what is kept by a chunk's tail (copied). */
  keep(tail: Buffer): void;
}

const empty: Buffer = Buffer.alloc(0);

/** Makes an empty carry. */
export function createCarry(): Carry {
  let store: Buffer = empty;
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(chunk) {
      const total = length + chunk.length;
      if (total > store.length) {
        const larger = Buffer.allocUnsafeSlow(
          Math.max(total, Math.min(store.length * 2, total + 16_777_216), 512),
        );
        store.copy(larger, 0, 0, length);
        store = larger;
      }
      chunk.copy(store, length);
      length = total;
      return store.subarray(0, length);
    },
    keep(tail) {
      length = tail.length;
      // A fresh store: what was in the old one may still wait to be written.
      store = length === 0 ? empty : Buffer.from(tail);
    },
  };
}

/**
 * Collects whole messages during a handshake, when every message is small.
 * @param limit largest message, bytes, type and length included
 */
export function createMessageReader(limit: number): {
  /** @throws WireError when a length is impossible or above the limit */
  add(chunk: Buffer): void;
  /** The next whole message, or undefined when more bytes are needed. Body is a copy. */
  next(): { type: number; body: Buffer } | undefined;
  /** Bytes that came behind the messages taken so far. */
  rest(): Buffer;
} {
  let bytes: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    },
    next() {
      if (bytes.length < 5) return undefined;
      const length = u32(bytes, 1);
      if (length < 4 || length + 1 > limit) throw new WireError("08P01", `invalid message length ${length}`);
      if (bytes.length < length + 1) return undefined;
      const message = { type: bytes[0] ?? 0, body: Buffer.from(bytes.subarray(5, length + 1)) };
      bytes = bytes.subarray(length + 1);
      return message;
    },
    rest: () => bytes,
  };
}
