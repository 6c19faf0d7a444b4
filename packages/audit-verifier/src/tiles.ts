import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { linesOf, segmentsOf } from "./folder.ts";
import { leafHash, nodeHash } from "./merkle.ts";

/** Hashes and entries a full tile holds (C2SP tlog-tiles: height 8). */
const width = 256;

/**
 * Writes the part of a log that a checkpoint covers as C2SP tlog-tiles: `checkpoint`, `tile/<level>/<n>` with
 * hashes and `tile/entries/<n>` with records, so that any client of such logs can read it from a plain web server.
 * @param checkpoint a verified checkpoint's note and size; verify the log first
 * @param out an empty or new folder
 * @throws Error when the log holds fewer records than the checkpoint covers
 */
export function exportTiles(
  folder: string,
  checkpoint: { readonly note: string; readonly size: number },
  out: string,
): void {
  const levels: { hashes: Buffer[]; full: number }[] = [];
  let entries: Buffer[] = [];
  let size = 0;

  function add(level: number, hash: Buffer): void {
    const row = (levels[level] ??= { hashes: [], full: 0 });
    row.hashes.push(hash);
    if (row.hashes.length < width) return;
    write(`tile/${level}/${tileIndex(row.full)}`, Buffer.concat(row.hashes));
    const root = rootOfFull(row.hashes);
    row.hashes = [];
    row.full += 1;
    add(level + 1, root);
  }

  function write(name: string, bytes: Buffer | string): void {
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }

  for (const line of allLines(folder, checkpoint.size)) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(line.length);
    entries.push(length, Buffer.from(line));
    add(0, leafHash(line));
    size += 1;
    if (size % width !== 0) continue;
    write(`tile/entries/${tileIndex(size / width - 1)}`, Buffer.concat(entries));
    entries = [];
  }
  if (size < checkpoint.size)
    throw new Error(`the log holds ${size} records, fewer than the ${checkpoint.size} of the checkpoint`);
  for (const [level, { hashes, full }] of levels.entries())
    if (hashes.length > 0)
      write(`tile/${level}/${tileIndex(full)}.p/${hashes.length}`, Buffer.concat(hashes));
  if (size % width !== 0)
    write(`tile/entries/${tileIndex(Math.floor(size / width))}.p/${size % width}`, Buffer.concat(entries));
  write("checkpoint", checkpoint.note);
}

function* allLines(folder: string, size: number): Generator<Buffer> {
  let count = 0;
  for (const { file } of segmentsOf(folder))
    for (const line of linesOf(join(folder, file))) {
      if (count === size) return;
      count += 1;
      yield line.bytes;
    }
}

/** A tile's number in groups of three digits, all but the last behind an x: 1234067 is `x001/x234/067`. */
export function tileIndex(n: number): string {
  let path = String(n % 1000).padStart(3, "0");
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  return path;
}

function rootOfFull(hashes: readonly Buffer[]): Buffer {
  let row = hashes;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      nodeHash(row[2 * i] as Buffer, row[2 * i + 1] as Buffer),
    );
  return row[0] as Buffer;
}
