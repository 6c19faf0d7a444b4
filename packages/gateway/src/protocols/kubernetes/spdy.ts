import { constants, createDeflate, createInflate } from "node:zlib";
import { Cut } from "../../gate/web/relay.ts";
import { spdyDictionary } from "./spdy-dictionary.ts";

/** One frame of SPDY/3.1 (SPDY Protocol, draft 3.1, section 2.2). */
export type SpdyFrame = { readonly raw: Buffer } & (
  | { readonly kind: "data"; readonly stream: number; readonly fin: boolean; readonly data: Buffer }
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
  take(chunk: Buffer): Promise<readonly SpdyFrame[]>;
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
const mostControl = 16_384;
const mostHeaders = 16_384;
const mostNames = 32;

const malformed = (): Cut => new Cut("frames_malformed");

/** Inflates header blocks one after the other, none larger than `mostHeaders`. */
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
    if (size > mostHeaders) fail(new Cut("headers_too_large"));
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
  if (count > mostNames) throw malformed();
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

/** Makes a reader. @param most the largest data of a frame, bytes */
export function createSpdyReader(most: number): SpdyReader {
  let left: Buffer = Buffer.alloc(0);
  const inflater = createInflater();

  const read = async (raw: Buffer): Promise<SpdyFrame> => {
    const flags = raw[4] ?? 0;
    const body = raw.subarray(8);
    const fin = (flags & 1) !== 0;
    if (((raw[0] ?? 0) & 0x80) === 0) {
      const stream = raw.readUInt32BE(0);
      if (stream === 0 || (flags & ~1) !== 0) throw malformed();
      return { kind: "data", stream, fin, data: body, raw };
    }
    const id = (): number => {
      if (body.length < 4) throw malformed();
      return body.readUInt32BE(0) & 0x7fffffff;
    };
    const exactly = (length: number): void => {
      if (body.length !== length) throw malformed();
    };
    switch (raw.readUInt16BE(2)) {
      case types.synStream: {
        if (body.length < 10 || (flags & ~3) !== 0 || id() === 0) throw malformed();
        const headers = readHeaders(await inflater.block(body.subarray(10)));
        const associated = body.readUInt32BE(4) & 0x7fffffff;
        const unidirectional = (flags & 2) !== 0;
        return { kind: "syn_stream", stream: id(), associated, fin, unidirectional, headers, raw };
      }
      case types.synReply: {
        if ((flags & ~1) !== 0 || id() === 0) throw malformed();
        const headers = readHeaders(await inflater.block(body.subarray(4)));
        return { kind: "syn_reply", stream: id(), fin, headers, raw };
      }
      case types.rstStream:
        exactly(8);
        return { kind: "rst_stream", stream: id(), raw };
      case types.windowUpdate:
        exactly(8);
        return { kind: "window_update", stream: id(), raw };
      case types.settings:
        if (body.length < 4 || body.length !== 4 + 8 * body.readUInt32BE(0)) throw malformed();
        return { kind: "settings", raw };
      case types.ping:
        exactly(4);
        return { kind: "ping", raw };
      case types.goaway:
        exactly(8);
        return { kind: "goaway", raw };
      default:
        throw malformed();
    }
  };

  return {
    async take(chunk) {
      left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
      const frames: SpdyFrame[] = [];
      while (left.length >= 8) {
        const isControl = ((left[0] ?? 0) & 0x80) !== 0;
        if (isControl && (left.readUInt16BE(0) & 0x7fff) !== 3) throw malformed();
        const length = left.readUIntBE(5, 3);
        if (length > (isControl ? mostControl : most)) throw new Cut("frame_too_large");
        if (left.length < 8 + length) break;
        const raw = left.subarray(0, 8 + length);
        left = left.subarray(8 + length);
        // In order: each block of headers builds on those before it.
        // oxlint-disable-next-line no-await-in-loop
        frames.push(await read(raw));
      }
      return frames;
    },
    close: () => inflater.close(),
  };
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
