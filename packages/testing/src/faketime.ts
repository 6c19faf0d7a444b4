import { readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A wall clock of a process that a test steps, by libfaketime (https://github.com/wolfcw/libfaketime). */
export interface FakeWall {
  /** What the process has to be started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets it so far from the true time: `+0`, `+1h`, `-1d`. It holds from the process's next look at the clock on. */
  set(offset: string): void;
}

/** Where Debian's packages have the library, beside the program `faketime`. */
function library(): string {
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const lib = path.join(folder, "../lib");
    try {
      if (!readdirSync(folder).includes("faketime")) continue;
      for (const triplet of readdirSync(lib)) {
        const at = path.join(lib, triplet, "faketime");
        // For a process of several threads.
        const name = "libfaketimeMT.so.1";
        try {
          if (readdirSync(at).includes(name)) return path.join(at, name);
        } catch {
          // No folder of that name: another triplet.
        }
      }
    } catch {
      // A folder of PATH that is not there.
    }
  }
  throw new Error("libfaketime is missing; hint: apt-get install faketime");
}

/** @param file where the offset stands; the library reads it at each look */
export function fakeWall(file: string): FakeWall {
  const set = (offset: string): void => {
    // Whole or not at all: the library ends a process that reads half a file.
    writeFileSync(`${file}.next`, `${offset}\n`);
    renameSync(`${file}.next`, file);
  };
  set("+0");
  return {
    environment: {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // Only the wall clock is stepped: a monotonic one never is.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_RESET: "1",
      NO_FAKE_STAT: "1",
    },
    set,
  };
}
