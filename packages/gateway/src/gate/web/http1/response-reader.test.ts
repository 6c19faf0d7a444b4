import { describe, expect, it } from "vitest";
import { SMALL_PIECE_BYTES } from "../../bounds.ts";
import type { ResponseFault } from "./errors.ts";
import { ResponseReader } from "./response-reader.ts";
import { readAll, type Read } from "./testing/read-all.ts";

const ok = "HTTP/1.1 200 OK\r\n";
const chunkedHead = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const read = (bytes: string, method = "GET"): Read => readAll([bytes], { method });

/** Bytes that are refused for one reason, and the same without it, which are read. */
const refused: readonly (readonly [what: string, fault: ResponseFault, bytes: string, mended: string])[] = [
  [
    "two lengths",
    "ANSWER_LENGTH_TWICE",
    `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`,
    `${ok}Content-Length: 3\r\n\r\nabc`,
  ],
  [
    "the same length twice",
    "ANSWER_LENGTH_TWICE",
    `${ok}Content-Length: 2\r\ncontent-length: 2\r\n\r\nab`,
    `${ok}content-length: 2\r\n\r\nab`,
  ],
  [
    "a list of lengths",
    "ANSWER_LENGTH_MALFORMED",
    `${ok}Content-Length: 2, 2\r\n\r\nab`,
    `${ok}Content-Length: 2\r\n\r\nab`,
  ],
  [
    "a signed length",
    "ANSWER_LENGTH_MALFORMED",
    `${ok}Content-Length: +2\r\n\r\nab`,
    `${ok}Content-Length: 2\r\n\r\nab`,
  ],
  [
    "a hexadecimal length",
    "ANSWER_LENGTH_MALFORMED",
    `${ok}Content-Length: 0x2\r\n\r\nab`,
    `${ok}Content-Length: 2\r\n\r\nab`,
  ],
  [
    "an empty length",
    "ANSWER_LENGTH_MALFORMED",
    `${ok}Content-Length:\r\n\r\n`,
    `${ok}Content-Length:0\r\n\r\n`,
  ],
  [
    "a length past what a number holds",
    "ANSWER_LENGTH_MALFORMED",
    `${ok}Content-Length: 9999999999999999\r\n\r\n`,
    `${ok}Content-Length: 0000000000000\r\n\r\n`,
  ],
  [
    "a length and chunks",
    "ANSWER_CODING_AND_LENGTH",
    `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "two codings",
    "ANSWER_CODING_TWICE",
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "another coding before chunked",
    "ANSWER_CODING_UNKNOWN",
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "a coding that nobody knows",
    "ANSWER_CODING_UNKNOWN",
    `${ok}Transfer-Encoding: xchunked\r\n\r\n`,
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "chunks of HTTP/1.0",
    "ANSWER_CODING_WITHOUT_HTTP_1_1",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "a folded header",
    "ANSWER_HEADER_FOLDED",
    `${ok}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: 1 2\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a header folded with a tab",
    "ANSWER_HEADER_FOLDED",
    `${ok}X-A: 1\r\n\t2\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: 1\t2\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a bare line feed in the head",
    "ANSWER_LINE_BREAK_MALFORMED",
    `${ok}X-A: 1\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: 1\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a bare line feed after the status line",
    "ANSWER_LINE_BREAK_MALFORMED",
    "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a bare carriage return",
    "ANSWER_LINE_BREAK_MALFORMED",
    `${ok}X-A: 1\rContent-Length: 9\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: 1\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a head that ends in bare line feeds",
    "ANSWER_LINE_BREAK_MALFORMED",
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a NUL in a value",
    "ANSWER_CONTROL_CHARACTER",
    `${ok}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: ab\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a DEL in a value",
    "ANSWER_CONTROL_CHARACTER",
    `${ok}X-A: a\x7fb\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: a\xfcb\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a space before the colon",
    "ANSWER_HEADER_MALFORMED",
    `${ok}Content-Length : 0\r\n\r\n`,
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a space before the first header",
    "ANSWER_HEADER_FOLDED",
    `${ok} Content-Length: 0\r\n\r\n`,
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a header without a name",
    "ANSWER_HEADER_MALFORMED",
    `${ok}: 1\r\nContent-Length: 0\r\n\r\n`,
    `${ok}x: 1\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a header without a colon",
    "ANSWER_HEADER_MALFORMED",
    `${ok}X-A\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A:\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a name that is no token",
    "ANSWER_HEADER_MALFORMED",
    `${ok}X(A: 1\r\nContent-Length: 0\r\n\r\n`,
    `${ok}X-A: 1\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "more headers than may be",
    "ANSWER_HEADERS_TOO_MANY",
    `${ok}${"a: 1\r\n".repeat(512)}Content-Length: 0\r\n\r\n`,
    `${ok}${"a: 1\r\n".repeat(511)}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a head larger than may be",
    "ANSWER_HEAD_TOO_LARGE",
    `${ok}a: ${"x".repeat(65_536)}\r\nContent-Length: 0\r\n\r\n`,
    `${ok}a: ${"x".repeat(65_400)}\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "a head without an end",
    "ANSWER_HEAD_TOO_LARGE",
    `${ok}a: ${"x".repeat(65_536)}`,
    `${ok}a: x\r\nContent-Length: 0\r\n\r\n`,
  ],
  ["no HTTP", "ANSWER_STATUS_LINE_MALFORMED", "SSH-2.0-OpenSSH_10\r\n", `${ok}Content-Length: 0\r\n\r\n`],
  [
    "an empty line before the answer",
    "ANSWER_STATUS_LINE_MALFORMED",
    `\r\n${ok}Content-Length: 0\r\n\r\n`,
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "HTTP/2",
    "ANSWER_STATUS_LINE_MALFORMED",
    "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "HTTP/1.2",
    "ANSWER_STATUS_LINE_MALFORMED",
    "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a status of two digits",
    "ANSWER_STATUS_LINE_MALFORMED",
    "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a status of four digits",
    "ANSWER_STATUS_LINE_MALFORMED",
    "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "two spaces before the status",
    "ANSWER_STATUS_LINE_MALFORMED",
    "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
    `${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a protocol that nobody asked for",
    "ANSWER_SWITCHED_UNASKED",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    `HTTP/1.1 102 Processing\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "an interim answer with chunks",
    "ANSWER_INTERIM_WITH_BODY",
    "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `HTTP/1.1 103 Early Hints\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "an interim answer with a length",
    "ANSWER_INTERIM_WITH_BODY",
    "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nabcde",
    `HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "an interim answer of HTTP/1.0",
    "ANSWER_INTERIM_WITHOUT_HTTP_1_1",
    `HTTP/1.0 100 Continue\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "an interim answer that closes the connection",
    "ANSWER_INTERIM_CLOSES",
    `HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    `HTTP/1.1 103 Early Hints\r\nConnection: keep-alive\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a coding with a tab after it",
    "ANSWER_FRAMING_WITH_TAB",
    `${ok}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
    `${ok}X-A: chunked\t\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n`,
  ],
  [
    "a length with a tab before it",
    "ANSWER_FRAMING_WITH_TAB",
    `${ok}content-length:\t1\r\n\r\na`,
    `${ok}content-length: 1\r\nX-A:\t1\r\n\r\na`,
  ],
  [
    "a chunk's extension without a name",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}1;\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1;a="b;\\"";c\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a chunk's extension with an open quotation",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}1;a="b\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1;a="b"\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a length among the trailers",
    "ANSWER_TRAILER_FRAMES",
    `${chunkedHead}0\r\nContent-Length: 1\r\n\r\n`,
    `${chunkedHead}0\r\nX-Content-Length: 1\r\n\r\n`,
  ],
  [
    "a coding among the trailers",
    "ANSWER_TRAILER_FRAMES",
    `${chunkedHead}0\r\ntransfer-encoding: chunked\r\n\r\n`,
    `${chunkedHead}0\r\nx-coding: chunked\r\n\r\n`,
  ],
  [
    "more interim answers than may be",
    "ANSWER_INTERIM_TOO_MANY",
    `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(33)}${ok}Content-Length: 0\r\n\r\n`,
    `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(32)}${ok}Content-Length: 0\r\n\r\n`,
  ],
  [
    "a chunk's size that is no number",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}x\r\n`,
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "a chunk's size with 0x",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}0x1\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}01\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a chunk's size with a sign",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}+1\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    "an empty chunk's size",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}\r\n\r\n`,
    `${chunkedHead}0\r\n\r\n`,
  ],
  [
    "a space after a chunk's size",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}1 \r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a chunk's size past what a number holds",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}10000000000000001\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}0000000000001\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a chunk's size that ends in a line feed",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}1\na\r\n0\r\n\r\n`,
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    "a control character in an extension",
    "ANSWER_CHUNK_SIZE_MALFORMED",
    `${chunkedHead}1;a=\x01\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1;a=b\r\na\r\n0\r\n\r\n`,
  ],
  [
    "extensions larger than may be",
    "ANSWER_CHUNK_EXTENSIONS_TOO_LARGE",
    `${chunkedHead}1;${"x".repeat(16_384)}\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}1;${"x".repeat(16_000)}\r\na\r\n0\r\n\r\n`,
  ],
  [
    "many extensions, larger together than may be",
    "ANSWER_CHUNK_EXTENSIONS_TOO_LARGE",
    `${chunkedHead}${`1;${"x".repeat(1000)}\r\na\r\n`.repeat(20)}0\r\n\r\n`,
    `${chunkedHead}${`1;${"x".repeat(1000)}\r\na\r\n`.repeat(10)}0\r\n\r\n`,
  ],
  [
    "a chunk longer than its size",
    "ANSWER_CHUNK_END_MALFORMED",
    `${chunkedHead}1\r\nab\r\n0\r\n\r\n`,
    `${chunkedHead}2\r\nab\r\n0\r\n\r\n`,
  ],
  [
    "a chunk that ends in a line feed",
    "ANSWER_CHUNK_END_MALFORMED",
    `${chunkedHead}1\r\na\n0\r\n\r\n`,
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    "trailers larger than may be",
    "ANSWER_TRAILERS_TOO_LARGE",
    `${chunkedHead}0\r\na: ${"x".repeat(65_536)}\r\n\r\n`,
    `${chunkedHead}0\r\na: ${"x".repeat(65_000)}\r\n\r\n`,
  ],
  [
    "a trailer that ends in a line feed",
    "ANSWER_LINE_BREAK_MALFORMED",
    `${chunkedHead}0\r\na: 1\n\r\n`,
    `${chunkedHead}0\r\na: 1\r\n\r\n`,
  ],
  [
    "a trailer that is no header",
    "ANSWER_HEADER_MALFORMED",
    `${chunkedHead}0\r\na b: 1\r\n\r\n`,
    `${chunkedHead}0\r\na-b: 1\r\n\r\n`,
  ],
  [
    "a folded trailer",
    "ANSWER_HEADER_FOLDED",
    `${chunkedHead}0\r\na: 1\r\n 2\r\n\r\n`,
    `${chunkedHead}0\r\na: 1 2\r\n\r\n`,
  ],
  [
    "a body that is cut short",
    "ANSWER_CUT_SHORT",
    `${ok}Content-Length: 3\r\n\r\nab`,
    `${ok}Content-Length: 3\r\n\r\nabc`,
  ],
  [
    "chunks that are cut short",
    "ANSWER_CUT_SHORT",
    `${chunkedHead}1\r\na\r\n`,
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
  ],
  ["a head that is cut short", "ANSWER_CUT_SHORT", `${ok}Content-Le`, `${ok}Content-Length: 0\r\n\r\n`],
];

describe("an answer is refused", () => {
  it.each(refused)("for %s, and read without it", (_, fault, bytes, mended) => {
    expect(read(bytes)).toMatchObject({ fault, isReusable: false });
    expect(read(mended)).toMatchObject({ fault: undefined, isWhole: true });
  });

  it.each(refused)("for %s, byte by byte as well", (_, fault, bytes, mended) => {
    // One byte at a time through the longest cases takes a while and shows nothing more.
    const pieces = (text: string): string[] => text.match(text.length > 2000 ? /[^]{1,97}/g : /[^]/g) ?? [];
    expect(readAll(pieces(bytes)).fault).toBe(fault);
    expect(readAll(pieces(mended))).toMatchObject({ fault: undefined, isWhole: true });
  });
});

describe("an answer ends", () => {
  it.each([
    ["HEAD", `${ok}Content-Length: 5\r\n\r\n`],
    ["HEAD", chunkedHead],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
    ["GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"],
  ])("with its head: %s %j", (method, bytes) => {
    expect(read(bytes, method)).toMatchObject({ body: "", isWhole: true, isReusable: true, left: 0 });
  });

  it("where its connection does, when nothing frames it", () => {
    expect(read(`${ok}\r\nabc`)).toMatchObject({ body: "abc", isWhole: true, isReusable: false });
  });

  it("and what follows is nobody's", () => {
    const bytes = `${ok}Content-Length: 1\r\n\r\na`;
    expect(read(`${bytes}HTTP/1.1 200 OK\r\n\r\n`)).toMatchObject({ body: "a", left: 19 });
  });

  it("and nothing is read before a request was sent", () => {
    expect(readAll([`${ok}\r\n`], { isExpected: false })).toMatchObject({ heads: [], left: ok.length + 2 });
  });
});

describe("a connection is used again", () => {
  it.each([
    [true, `${ok}Content-Length: 0\r\n\r\n`],
    [true, `${ok}Connection: keep-alive\r\nContent-Length: 0\r\n\r\n`],
    [true, `${ok}Connection: closed\r\nContent-Length: 0\r\n\r\n`],
    [false, `${ok}Connection: close\r\nContent-Length: 0\r\n\r\n`],
    [false, `${ok}Connection: x-y, Close\r\nContent-Length: 0\r\n\r\n`],
    [false, `${ok}Connection: x-y\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`],
    [false, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"],
    [false, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"],
    [false, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("%s: %j", (isReusable, bytes) => {
    expect(read(bytes)).toMatchObject({ isWhole: true, isReusable });
  });

  it("no longer than its server says", () => {
    expect(read(`${ok}Keep-Alive: max=5, timeout=7\r\nContent-Length: 0\r\n\r\n`).keepAliveMs).toBe(7000);
    expect(read(`${ok}Content-Length: 0\r\n\r\n`).keepAliveMs).toBeUndefined();
  });
});

it("tells a protocol that was asked for, and leaves its first bytes", () => {
  const bytes =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst";
  expect(readAll([bytes], { isUpgrade: true })).toMatchObject({
    heads: [{ status: 100, headers: [] }],
    switched: ["upgrade", "websocket"],
    left: 5,
  });
});

it("tells headers in their order, in lower case, without the space around them", () => {
  expect(read(`${ok}X-B: \t1 \r\nX-A:2\r\nx-b: \xe9\r\nEmpty:\r\nContent-Length: 0\r\n\r\n`).heads).toEqual([
    { status: 200, headers: ["x-b", "1", "x-a", "2", "x-b", "\xe9", "empty", "", "content-length", "0"] },
  ]);
});

it("tells nothing more once it was stopped", () => {
  const beginning = `${chunkedHead}1\r\na\r\n`;
  const ends = ["1\r\nb\r\n0\r\n\r\n", `258\r\n${"b".repeat(600)}\r\n0\r\n\r\n`];
  for (const end of ends)
    expect(readAll([beginning, end], { stopAt: "data" })).toMatchObject({ body: "a", isWhole: false });
  // A large chunk is told by itself, behind what small ones held.
  expect(readAll([beginning + ends[1]], { stopAt: "data" })).toMatchObject({ body: "a", isWhole: false });
  const many = `1\r\nb\r\n`.repeat(20_000);
  expect(readAll([beginning + many], { stopAt: "data" }).body).toHaveLength(16_384);
  expect(readAll([beginning + ends[0]], { stopAt: "head" })).toMatchObject({ body: "", isWhole: false });
});

it("tells what small chunks of one read held together, and of each read at once", () => {
  const told: string[] = [];
  const reader = new ResponseReader();
  const sink = {
    head: () => undefined,
    data: (chunk: Buffer) => told.push(chunk.toString("latin1")),
    end: () => undefined,
    switched: () => undefined,
  };
  reader.expect("GET", false);
  const large = "x".repeat(SMALL_PIECE_BYTES);
  for (const bytes of [
    chunkedHead,
    "1\r\na\r\n1\r\nb\r\n1;x=y\r\nc\r\n",
    "1\r\nd\r\n",
    `1\r\ne\r\n${SMALL_PIECE_BYTES.toString(16)}\r\n${large}\r\n1\r\nf\r\n`,
    "1\r\ng\r\nz\r\n",
  ])
    try {
      reader.feed(Buffer.from(bytes), sink);
    } catch (error) {
      told.push((error as Error).message);
    }
  expect(told).toEqual(["abc", "d", "e", large, "f", "g", expect.stringContaining("CHUNK_SIZE")]);
});
