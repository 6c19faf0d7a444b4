import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Started } from "@mayfly/testing/undo.ts";

/** A disk of a folder's own, so small that it can be filled. */
export interface Disk {
  /** Leaves no byte free. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
}

const run = promisify(execFile);
/** More than a run writes. */
const DISK_SIZE = "512m";
const BALLAST = "ballast";

/**
 * Mounts a disk in memory on an empty folder.
 * @returns undefined where this process may not mount, as only root may
 */
export async function mountDisk(
  { onStop }: Pick<Started, "onStop">,
  folder: string,
): Promise<Disk | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE},mode=0700`, "tmpfs", folder]);
  } catch {
    return undefined;
  }
  onStop(() => run("umount", [folder]));
  const ballast = path.join(folder, BALLAST);
  return {
    async fill() {
      const file = await open(ballast, "w");
      try {
        // Large pieces first, then what is left of the last page.
        for (const size of [1_048_576, 4096, 1]) await writeUntilFull(file, Buffer.alloc(size));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
  };
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  for (;;)
    try {
      await file.write(piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
}
