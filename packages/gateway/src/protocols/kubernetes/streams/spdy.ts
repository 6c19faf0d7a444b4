import { constants, createDeflate, createInflate } from "node:zlib";
import { createByteQueue } from "../../../gate/web/proxy/byte-queue.ts";
import { Cut } from "../../../gate/web/proxy/relay.ts";
import { spdyDictionary } from "./spdy-dictionary.ts";

/** One frame of SPDY/3.1 (SPDY Protocol, draft 3.1, section 2.2). */
export type SpdyFrame = { /** As it came. */ readonly raw: readonly Buffer[] } & (
  | {
      readonly kind: "data";
      readonly stream: number;
      readonly fin: boolean;
      /** In pieces, as they came. */ readonly data: readonly Buffer[];
    }
  | {
      readonly kind: "syn_stream";
      readonly stream: number;
      readonly associated: number;
      readonly fin: boolean;
      readonly unidirectional: boolean;
      readonly headers: ReadonlyMap<string, string>;
    }
  | {
      readonly kind: "syn_reply";
      readonly stream: number;
      readonly fin: boolean;
      readonly headers: ReadonlyMap<string, string>;
    }
  | { readonly kind: "rst_stream" | "window_update"; readonly stream: number }
  | { readonly kind: "settings" | "ping" | "goaway" }
);

/** Reads the frames of one direction, in order: their headers share one zlib stream. */
export interface SpdyReader {
  /**
   * The whole frames that are there now. Calls must not overlap.
   * @throws Cut `frames_malformed`, `frame_too_large` or `headers_too_large`
   */
  feed(chunk: Buffer): readonly SpdyFrame[] | Promise<readonly SpdyFrame[]>;
  /** Frees the zlib stream. */
  close(): void;
}

const types = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 9,
} as const;

/** The largest frame that is not data, and the largest headers once inflated, bytes. */
const MAX_CONTROL_BYTES = 16_384;
const MAX_HEADERS_BYTES = 16_384;
const MAX_NAMES = 32;
const HEAD_BYTES = 8;

const malformed = (): Cut => new Cut("frames_malformed");

/** Inflates header blocks one after the other, none larger than `MAX_HEADERS_BYTES`. */
function createInflater(): { block(bytes: Buffer): Promise<Buffer>; close(): void } {
  const stream = createInflate({
    dictionary: spdyDictionary,
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  let parts: Buffer[] = [];
  let size = 0;
  let failed: Cut | undefined;
  let waiting: ((error: Cut) => void) | undefined;
  const fail = (error: Cut): void => {
    failed ??= error;
    waiting?.(failed);
    if (!stream.destroyed) stream.destroy();
  };
  stream.on("data", (part: Buffer) => {
    size += part.length;
    if (size > MAX_HEADERS_BYTES) fail(new Cut("headers_too_large"));
    else parts.push(part);
  });
  // A zlib stream that ends, or is not one, carries no further headers.
  for (const over of ["error", "end", "close"]) stream.on(over, () => fail(malformed()));
  return {
    block: (bytes) =>
      new Promise((resolve, reject) => {
        if (failed !== undefined) return reject(failed);
        parts = [];
        size = 0;
        waiting = reject;
        stream.write(bytes, (error) => {
          waiting = undefined;
          if (failed !== undefined) reject(failed);
          else if (error !== undefined && error !== null) reject(malformed());
          else resolve(Buffer.concat(parts));
        });
      }),
    close: () => {
      stream.destroy();
    },
  };
}

/** Reads names and values (section 2.6.10): each name once, in lower case; values of printable ASCII. */
function readHeaders(block: Buffer): ReadonlyMap<string, string> {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw malformed();
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - at) throw malformed();
    at += length;
    return block.toString("latin1", at - length, at);
  };
  const count = number();
  if (count > MAX_NAMES) throw malformed();
  const headers = new Map<string, string>();
  for (let i = 0; i < count; i += 1) {
    const name = text();
    const value = text();
    if (!/^[a-z0-9:_-]{1,100}$/.test(name) || headers.has(name) || !/^[\x20-\x7e]*$/.test(value))
      throw malformed();
    headers.set(name, value);
  }
  if (at !== block.length) throw malformed();
  return headers;
}

/** A control frame's head and body, and what it has in common with the others. */
interface Control {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
  readonly raw: readonly Buffer[];
}

function exactly({ body }: Control, length: number): void {
  if (body.length !== length) throw malformed();
}

/** The stream that a control frame is about (section 2.2.1). */
function streamOf({ body }: Control): number {
  if (body.length < 4) throw malformed();
  return body.readUInt32BE(0) & 0x7fffffff;
}

/** Reads a control frame that has no headers. */
function readControl(control: Control): SpdyFrame {
  const { type, body, raw } = control;
  switch (type) {
    case types.rstStream:
      exactly(control, 8);
      return { kind: "rst_stream", stream: streamOf(control), raw };
    case types.windowUpdate:
      exactly(control, 8);
      return { kind: "window_update", stream: streamOf(control), raw };
    case types.settings:
      if (body.length < 4 || body.length !== 4 + 8 * body.readUInt32BE(0)) throw malformed();
      return { kind: "settings", raw };
    case types.ping:
      exactly(control, 4);
      return { kind: "ping", raw };
    case types.goaway:
      exactly(control, 8);
      return { kind: "goaway", raw };
    default:
      throw malformed();
  }
}

/** Makes a reader. @param maxDataBytes the largest data of a frame */
export function createSpdyReader(maxDataBytes: number): SpdyReader {
  const queue = createByteQueue();
  const inflater = createInflater();

  /** Reads a frame with headers: each block of them builds on those before it. */
  const readWithHeaders = async (control: Control): Promise<SpdyFrame> => {
    const { type, flags, body, raw } = control;
    const fin = (flags & 1) !== 0;
    const stream = streamOf(control);
    if (stream === 0) throw malformed();
    if (type === types.synReply) {
      if ((flags & ~1) !== 0) throw malformed();
      const headers = readHeaders(await inflater.block(body.subarray(4)));
      return { kind: "syn_reply", stream, fin, headers, raw };
    }
    if (body.length < 10 || (flags & ~3) !== 0) throw malformed();
    const headers = readHeaders(await inflater.block(body.subarray(10)));
    const associated = body.readUInt32BE(4) & 0x7fffffff;
    return { kind: "syn_stream", stream, associated, fin, unidirectional: (flags & 2) !== 0, headers, raw };
  };

  /** The next frame that is whole; one with headers has yet to be read. */
  const next = (): SpdyFrame | Control | undefined => {
    if (queue.length < HEAD_BYTES) return undefined;
    const head = queue.peek(HEAD_BYTES);
    const isControl = ((head[0] ?? 0) & 0x80) !== 0;
    if (isControl && (head.readUInt16BE(0) & 0x7fff) !== 3) throw malformed();
    const length = head.readUIntBE(5, 3);
    if (length > (isControl ? MAX_CONTROL_BYTES : maxDataBytes)) throw new Cut("frame_too_large");
    if (queue.length < HEAD_BYTES + length) return undefined;
    const flags = head[4] ?? 0;
    if (isControl) {
      const type = head.readUInt16BE(2);
      const bytes = Buffer.concat(queue.shift(HEAD_BYTES + length));
      const control = { type, flags, body: bytes.subarray(HEAD_BYTES), raw: [bytes] };
      return type === types.synStream || type === types.synReply ? control : readControl(control);
    }
    const stream = head.readUInt32BE(0);
    if (stream === 0 || (flags & ~1) !== 0) throw malformed();
    const raw = queue.shift(HEAD_BYTES + length);
    return { kind: "data", stream, fin: (flags & 1) !== 0, data: withoutHead(raw), raw };
  };

  const readRest = async (first: Control, frames: SpdyFrame[]): Promise<readonly SpdyFrame[]> => {
    frames.push(await readWithHeaders(first));
    for (let frame = next(); frame !== undefined; frame = next())
      // oxlint-disable-next-line no-await-in-loop -- in order
      frames.push("kind" in frame ? frame : await readWithHeaders(frame));
    return frames;
  };

  return {
    feed(chunk) {
      queue.push(chunk);
      const frames: SpdyFrame[] = [];
      for (let frame = next(); frame !== undefined; frame = next()) {
        if (!("kind" in frame)) return readRest(frame, frames);
        frames.push(frame);
      }
      return frames;
    },
    close: () => inflater.close(),
  };
}

/** A data frame's data: its pieces without the head, which may end in any of them. */
function withoutHead(raw: readonly Buffer[]): readonly Buffer[] {
  const [first] = raw;
  if (raw.length === 1 && first !== undefined)
    return first.length === HEAD_BYTES ? [] : [first.subarray(HEAD_BYTES)];
  const data: Buffer[] = [];
  let left = HEAD_BYTES;
  for (const piece of raw) {
    if (piece.length > left) data.push(left === 0 ? piece : piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return data;
}

function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head[4] = flags;
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4);
  return bytes;
}

/** Data on a stream. */
export function encodeData(stream: number, data: Buffer, fin: boolean): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(stream, 0);
  head[4] = fin ? 1 : 0;
  head.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([head, data]);
}

/** Ends a stream at once. @param status why (section 2.6.3): 3, refused, unless said otherwise */
export function encodeReset(stream: number, status = 3): Buffer {
  return controlFrame(types.rstStream, 0, numbers(stream, status));
}

/** Says that no further stream is taken (section 2.6.6). */
export function encodeGoaway(lastStream: number): Buffer {
  return controlFrame(types.goaway, 0, numbers(lastStream, 0));
}

/** Writes the frames that have headers, in order: they share one zlib stream. */
export interface SpdyHeaderWriter {
  synStream(stream: number, headers: Readonly<Record<string, string>>): Promise<Buffer>;
  synReply(stream: number, headers: Readonly<Record<string, string>>): Promise<Buffer>;
}

/** Makes a writer of one direction. */
export function createSpdyHeaderWriter(): SpdyHeaderWriter {
  const deflate = createDeflate({ dictionary: spdyDictionary });
  let parts: Buffer[] = [];
  deflate.on("data", (part: Buffer) => parts.push(part));
  const block = (headers: Readonly<Record<string, string>>): Promise<Buffer> => {
    const names = Object.entries(headers);
    const plain = Buffer.concat([
      numbers(names.length),
      ...names.flatMap(([name, value]) => [
        numbers(name.length),
        Buffer.from(name, "latin1"),
        numbers(value.length),
        Buffer.from(value, "latin1"),
      ]),
    ]);
    return new Promise((resolve) => {
      deflate.write(plain);
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        const bytes = Buffer.concat(parts);
        parts = [];
        resolve(bytes);
      });
    });
  };
  return {
    async synStream(stream, headers) {
      const fixed = Buffer.concat([numbers(stream, 0), Buffer.alloc(2)]);
      return controlFrame(types.synStream, 0, Buffer.concat([fixed, await block(headers)]));
    },
    async synReply(stream, headers) {
      return controlFrame(types.synReply, 0, Buffer.concat([numbers(stream), await block(headers)]));
    },
  };
}
