import { constants } from "node:fs";
import { type FileHandle, open, opendir, stat } from "node:fs/promises";

/** Larger files are not read: no client's file with a login in it is. */
const MAX_FILE_BYTES = 1024 * 1024;
/** What tells a private key from other files. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Entries of one folder. */
const MAX_ENTRIES = 10_000;

/** What a look at a path came to. `why` is for people and holds nothing of the content. */
export type Looked<T> =
  | { readonly kind: "nothing" }
  | { readonly kind: "unread"; readonly why: string }
  | { readonly kind: "read"; readonly value: T };

/** A file's beginning or whole. */
interface Content {
  readonly bytes: Buffer;
  /** Its permissions. */
  readonly mode: number;
}

/** Reads a whole file. It never waits: only regular files are read (open(2), O_NONBLOCK: a FIFO opens at once). */
export function readWhole(path: string): Promise<Looked<Content>> {
  return readRegular(path, async (file, mode, size) => {
    const tooLarge = { kind: "unread", why: "larger than 1 MB" } as const;
    if (size > MAX_FILE_BYTES) return tooLarge;
    // Files of /proc and /sys say that they are empty, and a file can grow.
    const bytes = await readUpTo(file, Math.max(size, MAX_HEAD_BYTES) + 1, MAX_FILE_BYTES + 1);
    return bytes.length > MAX_FILE_BYTES ? tooLarge : { kind: "read", value: { bytes, mode } };
  });
}

/** Reads a file's beginning, however large it is. */
export function readHead(path: string): Promise<Looked<Content>> {
  return readRegular(path, async (file, mode) => ({
    kind: "read",
    value: { bytes: await readUpTo(file, MAX_HEAD_BYTES, MAX_HEAD_BYTES), mode },
  }));
}

/** Whether a file can be read and holds anything. The system's own in /proc say that they do not, and no secret is kept there. */
export function holdsBytes(path: string): Promise<Looked<boolean>> {
  return readRegular(path, async (file, _mode, size) => ({
    kind: "read",
    value: size > 0 && (await readUpTo(file, 1, 1)).length > 0,
  }));
}

/** The names in a folder, at most ten thousand of them. */
export async function listFolder(
  path: string,
): Promise<Looked<{ readonly names: readonly string[]; readonly isCut: boolean }>> {
  try {
    if (!(await stat(path)).isDirectory()) return { kind: "nothing" };
    const names: string[] = [];
    // Leaving the loop closes the folder.
    for await (const { name } of await opendir(path)) {
      if (names.length === MAX_ENTRIES) return { kind: "read", value: { names, isCut: true } };
      names.push(name);
    }
    return { kind: "read", value: { names: names.toSorted(), isCut: false } };
  } catch (error) {
    return failed(error);
  }
}

/** What a system's error means for whoever looks. Its text is not passed on. */
export function failed(error: unknown): { kind: "nothing" } | { kind: "unread"; why: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // A name too long, or with a NUL in it, is the name of no file.
  if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"].includes(code))
    return { kind: "nothing" };
  if (code === "EACCES" || code === "EPERM") return { kind: "unread", why: "only others may read it" };
  if (code === "ELOOP") return { kind: "unread", why: "its symbolic links lead in a circle" };
  return {
    kind: "unread",
    why: /^E[A-Z0-9]{1,20}$/.test(code) ? `reading it fails: ${code}` : "reading it fails",
  };
}

async function readRegular<T>(
  path: string,
  read: (file: FileHandle, mode: number, size: number) => Promise<Looked<T>>,
): Promise<Looked<T>> {
  let file: FileHandle | undefined;
  try {
    // Before it is opened: opening a device can have effects.
    const before = await stat(path);
    if (!before.isFile()) return before.isCharacterDevice() ? emptyDevice(before.rdev) : notAFile(before);
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const now = await file.stat();
    return now.isFile() ? await read(file, now.mode, now.size) : notAFile(now);
  } catch (error) {
    return failed(error);
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** /dev/null is how a client is told that there is nothing (null(4)). */
async function emptyDevice(device: number): Promise<Looked<never>> {
  return (await stat("/dev/null")).rdev === device ? { kind: "nothing" } : notAFile();
}

function notAFile(found?: { isDirectory(): boolean }): Looked<never> {
  return { kind: "unread", why: found?.isDirectory() === true ? "a folder, no file" : "no regular file" };
}

async function readUpTo(file: FileHandle, step: number, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(step, limit - total)));
    if (bytesRead === 0) break;
    pieces.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(pieces);
}
