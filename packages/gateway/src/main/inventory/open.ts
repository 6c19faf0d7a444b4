import { constants } from "node:fs";
import { type FileHandle, open as openFile } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { MayflyError, messageOf } from "../../kernel/errors.ts";

/** A file of records, open for reading as text. */
export interface OpenedSource {
  /** Its first characters, 65,536 at most, to recognize its format by. */
  readonly beginning: string;
  /** All of it, the beginning too; it can be read once. It ends where the file is damaged. */
  readonly text: AsyncIterable<string>;
  /** How many bytes of the file were read so far. */
  bytesRead(): number;
  /** How many bytes the file has; undefined: nobody knows before its end. */
  readonly size: number | undefined;
  /** Why the text ended before the file's end; undefined: it did not. */
  damaged(): string | undefined;
  /** Lets the file go; it is needed where the text is not read to its end. */
  close(): Promise<void>;
}

const BEGINNING_CHARACTERS = 65_536;
const PIECE_BYTES = 262_144;
/** The pieces that packed data is unpacked in, bytes: where it is damaged, what came of the last such piece is lost. */
const PACKED_BYTES = 1024;

/** How a file begins that is compressed (RFC 1952, section 2.3.1; RFC 8878, sections 3.1.1 and 3.1.2). */
function compressionOf(head: Buffer): "gzip" | "zstd" | undefined {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return "gzip";
  if (head.length < 4) return undefined;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? "zstd" : undefined;
}

/** Joins pieces until they have the bytes that tell how a file is compressed. */
async function* withHead(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let isWhole = false;
  for await (const piece of pieces) {
    if (isWhole) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < 4) continue;
    isWhole = true;
    yield head;
  }
  if (!isWhole && head.length > 0) yield head;
}

/** Everything that a stream gives, up to where it fails: its own iterator drops what it had ready then. */
async function* piecesOf(stream: Readable, failed: (error: unknown) => void): AsyncGenerator<Buffer> {
  let wake = (): void => undefined;
  let isEnded = false;
  const end = (): void => {
    isEnded = true;
    wake();
  };
  stream.once("end", end).once("close", end);
  stream.once("error", (error) => {
    failed(error);
    end();
  });
  stream.on("readable", () => wake());
  try {
    for (;;) {
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      for (let piece: Buffer | null = stream.read(); piece !== null; piece = stream.read()) yield piece;
      if (isEnded) return;
      await more;
    }
  } finally {
    stream.destroy();
  }
}

/** The bytes of a file, unpacked where they are packed. @param failed told why, where they end before the file does */
async function* unpacked(
  pieces: AsyncIterable<Buffer>,
  failed: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  const whole = withHead(pieces);
  const first = await whole.next();
  if (first.done === true) return;
  const compression = compressionOf(first.value);
  if (compression === undefined) {
    yield first.value;
    yield* whole;
    return;
  }
  async function* small(): AsyncGenerator<Buffer> {
    for (let next = first; next.done !== true; next = await whole.next())
      for (let at = 0; at < next.value.length; at += PACKED_BYTES)
        yield next.value.subarray(at, at + PACKED_BYTES);
  }
  const unpacking = compression === "gzip" ? createGunzip() : createZstdDecompress();
  // What goes wrong is told by the stream that is read.
  pipeline(small(), unpacking, () => undefined);
  yield* piecesOf(unpacking, (error) => failed(`its ${compression} data is damaged: ${messageOf(error)}`));
}

/** What is said of a file that cannot be opened. */
export function refusal(path: string, error: NodeJS.ErrnoException): MayflyError {
  const hints: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    ENOTDIR: "a part of the path is no folder",
    EISDIR: "it is a folder, and none of Mayfly's own audit log; name the files in it",
    EACCES: "this user may not read it",
    EPERM: "this user may not read it",
  };
  return new MayflyError("unreadable_file", `cannot read ${path}`, {
    hint: hints[error.code ?? ""] ?? error.message,
    cause: error,
  });
}

async function handleOf(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly size: number | undefined }> {
  try {
    const handle = await openFile(path, constants.O_RDONLY);
    const stat = await handle.stat();
    if (!stat.isDirectory()) return { handle, size: stat.isFile() ? stat.size : undefined };
    await handle.close();
  } catch (error) {
    throw refusal(path, error as NodeJS.ErrnoException);
  }
  throw refusal(path, Object.assign(new Error("is a folder"), { code: "EISDIR" }));
}

/**
 * Opens a file of records: plain, gzip or zstd by its first bytes, members one after another too, as UTF-8 (a byte that is none
 * becomes U+FFFD, and a byte order mark at the beginning is dropped). What is kept in memory is bounded, however much
 * a packed file unpacks to.
 * @param path the file, or `-` for standard input
 * @throws MayflyError when it cannot be opened; what is damaged within is told by `damaged` once the text has ended
 */
export async function openSource(path: string, input: Readable = process.stdin): Promise<OpenedSource> {
  const opened = path === "-" ? undefined : await handleOf(path);
  const stream = opened?.handle.createReadStream({ highWaterMark: PIECE_BYTES }) ?? input;
  let bytes = 0;
  let damage: string | undefined;
  const failed = (error: unknown): void => {
    damage ??= messageOf(error);
  };
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of piecesOf(stream, failed)) {
      bytes += piece.length;
      yield piece;
    }
  }
  async function* decoded(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    try {
      for await (const piece of unpacked(counted(), failed)) {
        const text = decoder.decode(piece, { stream: true });
        if (text !== "") yield text;
      }
    } finally {
      // What unpacks it may have given up before it asked for more.
      stream.destroy();
    }
    const end = decoder.decode();
    if (end !== "") yield end;
  }
  const texts = decoded();
  const first: string[] = [];
  for (let length = 0; length < BEGINNING_CHARACTERS;) {
    const { done, value } = await texts.next();
    if (done === true) break;
    first.push(value);
    length += value.length;
  }
  return {
    beginning: first.join("").slice(0, BEGINNING_CHARACTERS),
    text: (async function* () {
      try {
        for (let text = first.shift(); text !== undefined; text = first.shift()) yield text;
        yield* texts;
      } finally {
        await texts.return(undefined);
      }
    })(),
    bytesRead: () => bytes,
    size: opened?.size,
    damaged: () => damage,
    async close() {
      stream.destroy();
      await texts.return(undefined);
    },
  };
}
