import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import {
  differenceOf,
  factsOf,
  isDifference,
  mustFacts,
  timesDiffer,
  type Difference,
  type Facts,
} from "./facts.ts";
import type { Written } from "./tail.ts";

/** Files that one look takes in; all of them when the folder of records has changed. */
const FILES_A_LOOK = 128;

interface Full {
  facts: Facts;
  /** Undefined where it was full before the log was opened. */
  readonly written: Written | undefined;
}

/** Watches the files of records that are full: nobody writes to them any more. */
export interface FullFiles {
  /** Looks at some of them; at all when a file was added to their folder or taken from it. */
  look(live: string): Difference | undefined;
  /** Each is there, with its size, whichever file it is, and no other. */
  allThere(live: string): Difference | undefined;
  /** What those must hold that became full since the log was opened. */
  written(): readonly Written[];
  /** What a file must hold; undefined for one that was full before the log was opened. */
  writtenTo(file: string): Written | undefined;
  /** A file became full. @param facts of when it was opened: what was made of it since shows at the next look, when it is read back */
  add(written: Written, facts: Facts): void;
  /** A file is about to be removed: it is not looked for any more. */
  forget(file: string): void;
  /** Takes them as they are now. */
  takeAll(live: string): void;
}

/** @param onTouched told of a file of which only the content can tell whether it is what it was */
export function watchFullFiles(folder: string, onTouched: (written: Written | undefined) => void): FullFiles {
  const full = new Map<string, Full>();
  const path = (place: string): string => join(folder, place);
  let records = mustFacts(path("records"), "records");
  let waiting: string[] = [];

  function stranger(live: string): Difference | undefined {
    for (const { file } of segmentsOf(folder))
      if (file !== live && !full.has(file))
        return { place: file, kind: "replaced", words: "is not a file of this log" };
    return undefined;
  }

  function lookAt(place: string): Difference | undefined {
    const known = full.get(place);
    if (known === undefined) return undefined;
    const now = factsOf(path(place), place);
    if (isDifference(now)) return now;
    const difference = differenceOf(place, known.facts, now, "size");
    if (difference !== undefined || !timesDiffer(known.facts, now)) return difference;
    known.facts = now;
    onTouched(known.written);
    return undefined;
  }

  return {
    look(live) {
      const now = factsOf(path("records"), "records");
      if (isDifference(now)) return now;
      if (timesDiffer(records, now)) {
        const found = stranger(live);
        if (found !== undefined) return found;
        waiting = [...full.keys()];
      } else if (waiting.length === 0) waiting = [...full.keys()];
      const some = timesDiffer(records, now) ? waiting : waiting.slice(0, FILES_A_LOOK);
      for (const place of some) {
        const difference = lookAt(place);
        if (difference !== undefined) return difference;
      }
      waiting = waiting.slice(some.length);
      records = now;
      return undefined;
    },
    allThere(live) {
      const found = stranger(live);
      if (found !== undefined) return found;
      for (const [place, { facts }] of full) {
        const now = factsOf(path(place), place);
        if (isDifference(now)) return now;
        if (now.size !== facts.size)
          return differenceOf(place, { ...facts, ...now, size: facts.size }, now, "size");
      }
      return undefined;
    },
    written: () => [...full.values()].flatMap(({ written }) => (written === undefined ? [] : [written])),
    writtenTo: (file) => full.get(file)?.written,
    add(written, facts) {
      full.set(written.file, { facts: { ...facts, size: written.size }, written });
    },
    forget(file) {
      full.delete(file);
    },
    takeAll(live) {
      records = mustFacts(path("records"), "records");
      for (const { file } of segmentsOf(folder))
        if (file !== live)
          full.set(file, { facts: mustFacts(path(file), file), written: full.get(file)?.written });
      waiting = [];
    },
  };
}
