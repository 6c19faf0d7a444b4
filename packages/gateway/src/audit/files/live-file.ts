import { readSync } from "node:fs";
import { differenceOf, factsOf, isDifference, timesDiffer, type Difference, type Facts } from "./facts.ts";
import type { Mark, Tail } from "./tail.ts";

/** Watches the file that records are written to. */
export interface LiveFile {
  /** Its facts now, or how it is not the file that was written to. Costs a stat and two short reads. */
  look(): Facts | Difference;
  /** Whether something was written to it, by whomever, since this was asked last and answered with yes. */
  wasTouched(now: Facts): boolean;
}

/** Takes the file that is open for the one to be written to. */
export function watchLiveFile(path: (place: string) => string, tail: Tail): LiveFile {
  /** Read back once more at the next look: what stands before what was written since. */
  let earlier: Mark | undefined;
  let touched: Facts | undefined;

  return {
    look() {
      const { size, hasRest, fd, file, facts: opened } = tail.live();
      const facts = factsOf(path(file), file);
      if (isDifference(facts)) return facts;
      // What a write that failed has left behind is no part of the log, and `repair` takes it back.
      const difference = differenceOf(file, opened, facts, hasRest ? "identity" : "size", size);
      if (difference !== undefined) return difference;
      const last = tail.mark();
      for (const mark of [earlier, last]) if (mark?.file === file && !holds(fd, mark)) return altered(mark);
      earlier = last;
      return facts;
    },
    wasTouched(now) {
      if (touched !== undefined && touched.ino === now.ino && !timesDiffer(touched, now)) return false;
      touched = now;
      return true;
    },
  };
}

function altered({ file, end }: Mark): Difference {
  return { place: file, kind: "altered", words: `does not hold what was written to it before byte ${end}` };
}

function holds(fd: number, { end, bytes }: Mark): boolean {
  const found = Buffer.allocUnsafe(bytes.length);
  try {
    return readSync(fd, found, 0, bytes.length, end - bytes.length) === bytes.length && found.equals(bytes);
  } catch {
    return false;
  }
}
