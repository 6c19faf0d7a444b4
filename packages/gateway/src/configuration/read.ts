import { constants } from "node:fs";
import { open, realpath, stat, type FileHandle } from "node:fs/promises";

/** A file's text, or why it cannot be read; `before` is the text before the problem, where that has a place. */
export type Reading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly hint?: string; readonly before?: string };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the file does not exist",
  ENOTDIR: "the file does not exist: a part of its path is not a folder",
  EACCES: "the file may not be read",
  EPERM: "the file may not be read",
  ENXIO: "this is not a regular file",
  ELOOP: "the file's symbolic links go in a circle",
  ENAMETOOLONG: "the file's name is too long",
  ERR_INVALID_ARG_VALUE: "the file's name holds a NUL character",
};

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown error";
  return reasons[code] ?? `the file cannot be read (${code})`;
}

/**
 * Reads a text file: a regular file, UTF-8, of at most `limit` bytes. A pipe or a device is refused, because reading one may
 * never end. The byte order mark is dropped.
 * @param isReal whether `path` is where the file really is, as `realpath` said: then nothing else is read, wherever its
 * links lead by now
 * @returns the text, or the problem in words that quote nothing from the file
 */
export async function readText(path: string, limit: number, isReal = false): Promise<Reading> {
  try {
    // What is opened is what is looked at; opening a pipe does not wait for its writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const about = await handle.stat();
      if (about.isDirectory()) return { ok: false, message: "this is a folder, not a file" };
      if (!about.isFile()) return { ok: false, message: "this is not a regular file" };
      if (isReal && !(await isStillThere(handle, path)))
        return { ok: false, message: "the file was replaced while it was read", hint: "try again" };
      // One byte more than allowed shows that a file is too large, even if it grew since.
      const bytes = Buffer.alloc(Math.min(about.size, limit) + 4096);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > limit) return { ok: false, message: `the file is larger than ${limit} bytes` };
      return decode(bytes.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    return { ok: false, message: reasonOf(thrown) };
  }
}

/** Whether what was opened is the file at that very place: a link that was put there since leads elsewhere. */
async function isStillThere(handle: FileHandle, path: string): Promise<boolean> {
  const [opened, real] = [await handle.stat(), await realpath(path)];
  const there = await stat(real);
  return real === path && opened.dev === there.dev && opened.ino === there.ino;
}

function decode(bytes: Buffer): Reading {
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const wide = bytes[0] === 0xff || bytes[0] === 0xfe || (bytes[1] === 0 && bytes.length % 2 === 0);
    return {
      ok: false,
      message: "the text is not UTF-8",
      hint: wide ? "it looks like UTF-16: save it as UTF-8" : "save the file as UTF-8",
      before: validStart(bytes),
    };
  }
}

/** The text before the first byte that is not UTF-8. */
function validStart(bytes: Buffer): string {
  let good = 0;
  let bad = bytes.length;
  // If a prefix decodes (a cut character at its end aside), so do all shorter ones, so bisection finds the place.
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return new TextDecoder("utf-8").decode(bytes.subarray(0, good), { stream: true });
}
