import { SMALL_PIECE_BYTES } from "../../bounds.ts";
import { SmallPieces } from "../pieces/small-pieces.ts";
import { ResponseError } from "./errors.ts";
import { readTrailers } from "./response-head.ts";

/** Chunk extensions of one body together, and so one chunk's line, bytes. */
const MAX_EXTENSION_BYTES = 16_384;
/** A trailer section, bytes. */
const MAX_TRAILER_BYTES = 65_536;

/**
 * RFC 9112, section 7.1: no more digits than a number of bytes can have here, then extensions (7.1.1), each a token with
 * or without a value. The space that may stand between them is refused: readers differ about it.
 */
const sizeLine =
  /^([0-9A-Fa-f]{1,13})((?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*)$/;
const CRLF = "\r\n";
const CR = 0x0d;
const LF = 0x0a;
/** A size of so many digits and nothing else is read without a text made of it. */
const SHORT_DIGITS = 6;

/** The value of a hexadecimal digit; -1: it is none. */
function digitOf(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Told of what chunks hold: of small ones that come in one read, together. */
interface ChunkSink {
  data(chunk: Buffer): void;
}

/** Reads a chunked body (RFC 9112, section 7.1), split anywhere. */
export class ChunkReader {
  #state: "size" | "data" | "data end" | "trailers" | "over" = "size";
  #left = 0;
  #extensions = 0;
  /** The beginning of a line, or of the trailer section. */
  #kept = "";
  /** Of the read under way, what small chunks held: the first of them as it came, or all of them. */
  #small: Buffer | undefined;
  #joined: SmallPieces | undefined;
  trailers: readonly string[] = [];
  /** Small chunks so far. */
  small = 0;

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Gives up: nothing more is told. */
  stop(): void {
    this.#state = "over";
  }

  /**
   * @param from where in the bytes the body goes on
   * @returns where in them it ended, or their end
   * @throws ResponseError
   */
  feed(bytes: Buffer, from: number, sink: ChunkSink): number {
    try {
      return this.#feed(bytes, from, sink);
    } finally {
      this.#passOn(sink);
    }
  }

  #feed(bytes: Buffer, from: number, sink: ChunkSink): number {
    let at = from;
    while (at < bytes.length && this.#state !== "over") {
      switch (this.#state) {
        case "size":
          at = this.#readSize(bytes, at);
          break;
        case "data": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          if (this.#left === 0) this.#state = "data end";
          this.#tell(bytes.subarray(at, end), sink);
          at = end;
          break;
        }
        case "data end":
          at = this.#readDataEnd(bytes, at);
          break;
        case "trailers":
          at = this.#readTrailers(bytes, at);
          break;
      }
    }
    return at;
  }

  /** Each piece costs everything behind it as much as a large one would. */
  #tell(data: Buffer, sink: ChunkSink): void {
    if (data.length >= SMALL_PIECE_BYTES) {
      this.#passOn(sink);
      if (!this.isOver) sink.data(data);
      return;
    }
    this.small += 1;
    const joined = (this.#joined ??= new SmallPieces());
    if (this.#small === undefined && joined.length === 0) {
      this.#small = data;
      return;
    }
    if (this.#small !== undefined) joined.add(this.#small);
    this.#small = undefined;
    if (joined.add(data)) return;
    this.#passOn(sink);
    // Whoever was told may have given up.
    if (!this.isOver) joined.add(data);
  }

  #passOn(sink: ChunkSink): void {
    const all = this.#small ?? this.#joined?.take();
    this.#small = undefined;
    if (all !== undefined) sink.data(all);
  }

  #readSize(bytes: Buffer, at: number): number {
    const short = this.#kept === "" ? this.#readShortSize(bytes, at) : -1;
    if (short !== -1) return short;
    const newline = bytes.indexOf(0x0a, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (this.#kept.length + end - at > MAX_EXTENSION_BYTES)
      throw new ResponseError("ANSWER_CHUNK_EXTENSIONS_TOO_LARGE");
    this.#kept += bytes.toString("latin1", at, end);
    if (newline === -1) return end;
    const line = this.#kept;
    this.#kept = "";
    const match = line.endsWith(CRLF) ? sizeLine.exec(line.slice(0, -2)) : null;
    if (match === null) throw new ResponseError("ANSWER_CHUNK_SIZE_MALFORMED");
    this.#extensions += match[2]?.length ?? 0;
    if (this.#extensions > MAX_EXTENSION_BYTES) throw new ResponseError("ANSWER_CHUNK_EXTENSIONS_TOO_LARGE");
    this.#left = Number.parseInt(match[1] ?? "", 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return end;
  }

  /** Reads a size that is all there and stands alone in its line. @returns where the line ends; -1: it is any other */
  #readShortSize(bytes: Buffer, at: number): number {
    let end = at;
    let size = 0;
    for (
      let digit = digitOf(bytes[end]);
      digit !== -1 && end - at < SHORT_DIGITS;
      digit = digitOf(bytes[end])
    ) {
      size = size * 16 + digit;
      end += 1;
    }
    if (end === at || bytes[end] !== CR || bytes[end + 1] !== LF) return -1;
    this.#left = size;
    this.#state = size === 0 ? "trailers" : "data";
    return end + CRLF.length;
  }

  #readDataEnd(bytes: Buffer, at: number): number {
    if (this.#kept === "" && bytes[at] === CR && bytes[at + 1] === LF) {
      this.#state = "size";
      return at + CRLF.length;
    }
    const end = Math.min(bytes.length, at + CRLF.length - this.#kept.length);
    this.#kept += bytes.toString("latin1", at, end);
    if (!CRLF.startsWith(this.#kept)) throw new ResponseError("ANSWER_CHUNK_END_MALFORMED");
    if (this.#kept.length === CRLF.length) {
      this.#kept = "";
      this.#state = "size";
    }
    return end;
  }

  #readTrailers(bytes: Buffer, at: number): number {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (this.#kept.length + end - at > MAX_TRAILER_BYTES)
      throw new ResponseError("ANSWER_TRAILERS_TOO_LARGE");
    this.#kept += bytes.toString("latin1", at, end);
    if (newline === -1) return end;
    if (!this.#kept.endsWith(CRLF)) throw new ResponseError("ANSWER_LINE_BREAK_MALFORMED");
    if (this.#kept !== CRLF && !this.#kept.endsWith(CRLF + CRLF)) return end;
    this.trailers = this.#kept === CRLF ? [] : readTrailers(Buffer.from(this.#kept.slice(0, -4), "latin1"));
    this.#kept = "";
    this.#state = "over";
    return end;
  }
}
