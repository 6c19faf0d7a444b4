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

/** Told of what chunks hold. */
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
  trailers: readonly string[] = [];

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
          sink.data(bytes.subarray(at, end));
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

  #readSize(bytes: Buffer, at: number): number {
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

  #readDataEnd(bytes: Buffer, at: number): number {
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
