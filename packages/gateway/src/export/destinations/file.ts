import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { messageOf } from "../../kernel/errors.ts";
import type { FileTarget } from "../../kernel/export-settings.ts";
import type { Batch, Destination } from "../destination.ts";

/** Nobody else reads what agents did, unless the operator lets them. */
const FILE_MODE = 0o600;
const NEWLINE = 10;

interface OpenFile {
  readonly handle: FileHandle;
  readonly dev: number;
  readonly ino: number;
}

/**
 * JSON lines, appended to a file. Where the file was renamed, removed or replaced, by logrotate say, the next line begins a
 * new one under its name: there is nothing to signal.
 */
export function fileDestination({ path, sync }: Pick<FileTarget, "path" | "sync">): Destination {
  let file: OpenFile | undefined;

  async function reopen(): Promise<OpenFile> {
    await file?.handle.close();
    file = undefined;
    // Without O_NONBLOCK the open of a pipe that nobody reads would never return.
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
    const handle = await open(path, flags, FILE_MODE);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Error("it is not a regular file");
      await endLine(handle, facts.size);
      file = { handle, dev: facts.dev, ino: facts.ino };
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async function isNamed({ dev, ino }: OpenFile): Promise<boolean> {
    const now = await stat(path).catch(() => undefined);
    return now?.ino === ino && now.dev === dev;
  }

  /** The file that stands under the name now. */
  async function named(): Promise<OpenFile> {
    return file !== undefined && (await isNamed(file)) ? file : reopen();
  }

  async function append({ handle }: OpenFile, bytes: Buffer): Promise<void> {
    const { size } = await handle.stat();
    let written = 0;
    try {
      while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    } catch (error) {
      // Half a batch would be followed by the whole one. Where somebody else has written as well it stays: theirs is not
      // ours to take, and the next line begins as a line in any case.
      if ((await handle.stat()).size === size + written) await handle.truncate(size);
      throw error;
    }
    if (sync === "always") await handle.sync();
  }

  return {
    async send({ records, next }: Batch) {
      try {
        const text = records.map((record) => `${record.text}\n`).join("");
        const current = await named();
        await append(current, Buffer.from(text));
        // Whoever has renamed it on the way may have read it already, to compress it say, and remove it then.
        if (!(await isNamed(current)))
          return { kind: "failed", why: "the file was renamed while it was written to" };
        return { kind: "delivered", delivered: next };
      } catch (error) {
        const { file: before } = { file };
        file = undefined;
        await before?.handle.close().catch(() => undefined);
        return { kind: "failed", why: messageOf(error) };
      }
    },
    async close() {
      await file?.handle.close();
      file = undefined;
    },
  };
}

/** Ends a line that a crash has cut, so that the next one begins as a line: its record follows again, whole. */
async function endLine(handle: FileHandle, size: number): Promise<void> {
  if (size === 0) return;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  if (last[0] !== NEWLINE) await handle.write("\n");
}
