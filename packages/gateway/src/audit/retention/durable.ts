import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../files/tail.ts";

/** Adds to a file whose readers pass by an end that a crash cut short; makes it where there is none. */
export function appendDurably(path: string, bytes: Uint8Array): void {
  if (!existsSync(path)) return replaceDurably(path, bytes);
  const fd = openSync(path, "a");
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes a file under another name, and gives it its own once it is on the disk and `check` has read it back. */
export function replaceDurably(path: string, bytes: Uint8Array, check?: (part: string) => void): void {
  const made = mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  try {
    const fd = openSync(part, "w", 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    check?.(part);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
  // A folder that was made is found again by the entry in the one that holds it.
  if (made === undefined) return;
  for (let folder = dirname(path); folder.length >= made.length; folder = dirname(folder))
    syncFolder(dirname(folder));
}
