import { open, readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { checkpointsFile, restFile, verifierKeysFile } from "@mayfly/audit-verifier";
import type { Sent } from "./sent.ts";

/** What a file of an archive is to whoever sends it. */
export type ArchiveKind = "keys" | "payload" | "records" | "dropped" | "checkpoints" | "rest";

/** A file, or a part of one, that is sent as one object. */
export interface ArchiveFile {
  readonly kind: ArchiveKind;
  /** By its path in the archive; a part has one of its own. */
  readonly name: string;
  read(): Promise<Buffer>;
}

/** Checkpoints are only ever added: they are sent in pieces of at most this many bytes. */
const MAX_PIECE_BYTES = 8 * 1024 * 1024;

const kinds: Readonly<Record<string, ArchiveKind>> = {
  [verifierKeysFile]: "keys",
  payloads: "payload",
  records: "records",
  dropped: "dropped",
  [restFile]: "rest",
};

/** The archive's files but its checkpoints, those of a kind by name. */
export async function filesOf(archive: string): Promise<readonly ArchiveFile[]> {
  const entries = await readdir(archive, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".part"))
    .flatMap((entry): ArchiveFile[] => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(archive, path);
      const kind = kinds[name.split(sep)[0] ?? ""];
      return kind === undefined ? [] : [{ kind, name, read: () => readFile(path) }];
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * The checkpoints that are not sent yet, in pieces: `checkpoints/OFFSET.txt`, one behind the other, are the file. They have
 * to be sent in their order.
 */
export async function newCheckpoints(
  archive: string,
  { files }: Pick<Sent, "files">,
  maxPieceBytes = MAX_PIECE_BYTES,
): Promise<readonly ArchiveFile[]> {
  const path = join(archive, checkpointsFile);
  const { size } = await stat(path);
  let from = 0;
  for (let bytes = files.get(pieceAt(0))?.bytes ?? 0; bytes > 0; bytes = files.get(pieceAt(from))?.bytes ?? 0)
    from += bytes;
  const pieces: ArchiveFile[] = [];
  for (let at = from; at < size; at += maxPieceBytes) {
    const bytes = Math.min(maxPieceBytes, size - at);
    pieces.push({ kind: "checkpoints", name: pieceAt(at), read: () => readPart(path, at, bytes) });
  }
  return pieces;
}

const pieceAt = (offset: number): string => join("checkpoints", `${String(offset).padStart(15, "0")}.txt`);

async function readPart(path: string, from: number, bytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const part = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(part, 0, bytes, from);
    if (bytesRead < bytes) throw new Error(`${path} is shorter than it was`);
    return part;
  } finally {
    await file.close();
  }
}
