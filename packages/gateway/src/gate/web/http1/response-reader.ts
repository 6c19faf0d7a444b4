import { ChunkReader } from "./chunks.ts";
import { ResponseError } from "./errors.ts";
import { framingOf, isPersistent, keepAliveHint } from "./framing.ts";
import { readResponseHead, type ResponseHead } from "./response-head.ts";

/** The largest head of an answer, bytes. */
export const MAX_RESPONSE_HEAD_BYTES = 65_536;

/** Interim answers to one request (RFC 9110, section 15.2): each lets the final one take as long again. */
const MAX_INTERIM_ANSWERS = 32;

/** Told of the parts of answers, in their order. */
export interface ResponseSink {
  /** A head, interim ones among them. */
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer): void;
  end(trailers: readonly string[]): void;
  /** The connection now speaks the protocol that was asked for: what follows is no answer. */
  switched(headers: readonly string[]): void;
}

type State = "idle" | "head" | "length" | "chunks" | "until close" | "switched" | "stopped";

const VERSION = "HTTP/1.";
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const noTrailers: readonly string[] = [];

/**
 * Reads the answers on one connection of HTTP/1.1 (RFC 9112): bytes in, parts of answers out. It knows no socket.
 * Whatever two readers could understand in two ways is refused, each for a reason of its own.
 */
export class ResponseReader {
  #state: State = "idle";
  #method = "GET";
  #isUpgrade = false;
  /** The beginning of a head. */
  #kept: Buffer | undefined;
  #left = 0;
  #chunks: ChunkReader | undefined;
  #isPersistent = false;
  #interim = 0;
  /** Small chunks of the newest bytes. */
  small = 0;
  /** How long the server keeps an idle connection, by its own word, milliseconds. */
  keepAliveMs: number | undefined;

  /** A request was sent: its answer comes next. */
  expect(method: string, isUpgrade: boolean): void {
    this.#method = method;
    this.#isUpgrade = isUpgrade;
    this.#isPersistent = false;
    this.#interim = 0;
    this.#state = "head";
  }

  /** Whether no answer is under way, and the connection may carry another request. */
  get isReusable(): boolean {
    return this.#state === "idle" && this.#isPersistent;
  }

  /** Gives up: nothing more is read. */
  stop(): void {
    this.#state = "stopped";
    this.#chunks?.stop();
  }

  /**
   * @returns how many of the bytes belong to the answer that was expected
   * @throws ResponseError
   */
  feed(bytes: Buffer, sink: ResponseSink): number {
    this.small = 0;
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "head":
          at = this.#readHead(bytes, at, sink);
          break;
        case "length": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          const isWhole = this.#left === 0;
          sink.data(end - at === bytes.length ? bytes : bytes.subarray(at, end));
          at = end;
          if (isWhole) this.#finish(sink, noTrailers);
          break;
        }
        case "chunks":
          at = this.#readChunks(bytes, at, sink);
          break;
        case "until close":
          sink.data(at === 0 ? bytes : bytes.subarray(at));
          return bytes.length;
        default:
          return at;
      }
    }
    return at;
  }

  /** The connection has come to its end. @throws ResponseError when an answer has not */
  close(sink: ResponseSink): void {
    if (this.#state === "until close") this.#finish(sink, noTrailers);
    else if (this.#state === "head" || this.#state === "length" || this.#state === "chunks")
      throw new ResponseError("ANSWER_CUT_SHORT");
  }

  #finish(sink: ResponseSink, trailers: readonly string[]): void {
    // Whoever was told may have given up meanwhile.
    if (this.#state === "stopped") return;
    this.#state = "idle";
    sink.end(trailers);
  }

  #readChunks(bytes: Buffer, at: number, sink: ResponseSink): number {
    const chunks = (this.#chunks ??= new ChunkReader());
    const before = chunks.small;
    const end = chunks.feed(bytes, at, sink);
    this.small += chunks.small - before;
    if (chunks.isOver) {
      this.#chunks = undefined;
      this.#finish(sink, chunks.trailers);
    }
    return this.#state === "stopped" ? bytes.length : end;
  }

  #readHead(bytes: Buffer, from: number, sink: ResponseSink): number {
    const kept = this.#kept;
    const all = kept === undefined ? bytes : Buffer.concat([kept, bytes]);
    const start = kept === undefined ? from : 0;
    const end = all.indexOf(END_OF_HEAD, kept === undefined ? from : Math.max(0, kept.length - 3));
    if ((end === -1 ? all.length : end + 4) - start > MAX_RESPONSE_HEAD_BYTES)
      throw new ResponseError("ANSWER_HEAD_TOO_LARGE");
    if (end === -1) {
      const rest = all.subarray(start);
      checkBeginning(rest);
      this.#kept = kept === undefined ? Buffer.from(rest) : rest;
      return bytes.length;
    }
    this.#kept = undefined;
    this.#startBody(readResponseHead(all, start, end), sink);
    return end + 4 - (kept?.length ?? 0);
  }

  #startBody(head: ResponseHead, sink: ResponseSink): void {
    const { status, headers } = head;
    const framing = framingOf(head, this.#method);
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM_ANSWERS) throw new ResponseError("ANSWER_INTERIM_TOO_MANY");
      if (status !== 101) sink.head(status, headers);
      else if (this.#isUpgrade) {
        this.#state = "switched";
        sink.switched(headers);
      } else throw new ResponseError("ANSWER_SWITCHED_UNASKED");
      return;
    }
    this.#isPersistent = isPersistent(head, framing);
    this.keepAliveMs = keepAliveHint(head);
    switch (framing.kind) {
      case "none":
        break;
      case "length":
        this.#left = framing.length;
        this.#state = "length";
        break;
      case "chunked":
        this.#state = "chunks";
        break;
      case "close":
        this.#state = "until close";
        break;
    }
    sink.head(status, headers);
    if (framing.kind === "none" || (framing.kind === "length" && framing.length === 0))
      this.#finish(sink, noTrailers);
  }
}

/** What cannot become a head is refused before all of it is there. */
function checkBeginning(rest: Buffer): void {
  const beginning = rest.toString("latin1", 0, VERSION.length);
  if (!VERSION.startsWith(beginning)) throw new ResponseError("ANSWER_STATUS_LINE_MALFORMED");
  for (let at = rest.indexOf(0x0a); at !== -1; at = rest.indexOf(0x0a, at + 1))
    if (rest[at - 1] !== 0x0d) throw new ResponseError("ANSWER_LINE_BREAK_MALFORMED");
}
