import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";

/** How far a destination has got, on the disk. */
export interface CursorFile {
  /** Undefined where there is none yet, or it is of another log. @throws Error when it cannot be read or understood */
  read(log: string): Promise<number | undefined>;
  /** Returns once it is on the disk. @throws what the disk throws */
  keep(log: string, next: number): Promise<void>;
}

/** @param folder made when something is kept; @param name of the destination */
export function cursorFile(folder: string, name: string): CursorFile {
  const file = path.join(folder, `${name}.json`);
  return {
    async read(log) {
      let text: string;
      try {
        text = await readFile(file, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
      const kept: unknown = JSON.parse(text);
      if (!isCursor(kept)) throw new Error("it holds no number of a record");
      return kept.log === log ? kept.next : undefined;
    },
    async keep(log, next) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const part = `${file}.part`;
      const handle = await open(part, "w", 0o600);
      try {
        await handle.writeFile(`${JSON.stringify({ log, next })}\n`);
        // The name must not lead to a file whose content a power cut takes.
        await handle.sync();
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      } finally {
        await handle.close();
      }
      await rename(part, file);
    },
  };
}

function isCursor(kept: unknown): kept is { readonly log: string; readonly next: number } {
  return (
    typeof kept === "object" &&
    kept !== null &&
    "log" in kept &&
    typeof kept.log === "string" &&
    "next" in kept &&
    Number.isSafeInteger(kept.next) &&
    (kept.next as number) >= 0
  );
}
