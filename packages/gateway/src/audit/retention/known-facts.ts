import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf, stubReader, type Stub } from "@mayfly/audit-verifier";
import { factsOfSegment, type SegmentFacts } from "./facts.ts";

/** A cache: each full file is looked through once. May be deleted. */
const cacheFile = "segments.jsonl";

/** All that retention knows of a log's files. */
export interface KnownFacts {
  /** Files that nobody writes to any more, oldest first. */
  readonly full: readonly SegmentFacts[];
  readonly live: SegmentFacts;
  readonly stubs: readonly Stub[];
}

/** Keeps what is known of a log's files between looks. */
export interface FactsKeeper {
  /** @param live the file that is written to, and how many of its bytes belong to the log; undefined: all of the last */
  look(live?: { readonly file: string; readonly size: number }): KnownFacts;
}

/** @param keeps whether what is learnt is written to the cache */
export function factsKeeper(folder: string, keeps: boolean): FactsKeeper {
  const known = new Map<number, SegmentFacts>();
  const readStubs = stubReader(folder);
  const path = join(folder, cacheFile);
  if (existsSync(path))
    for (const line of readFileSync(path, "utf8").split("\n")) {
      try {
        const facts = JSON.parse(line) as SegmentFacts;
        known.set(facts.first, facts);
      } catch {
        // The last line of a process that was killed: its file is looked through again.
      }
    }

  return {
    look(live) {
      const segments = segmentsOf(folder);
      const last = live?.file ?? segments.at(-1)?.file;
      const stubs = readStubs().flatMap((found) => ("stub" in found ? [found.stub] : []));
      const gone = new Map(stubs.map((stub) => [stub.first + stub.count, stub]));
      const full: SegmentFacts[] = [];
      let liveFacts: SegmentFacts | undefined;
      for (const { first, file } of segments) {
        const before = full.at(-1);
        const after = gone.get(first);
        const time =
          before === undefined || (after !== undefined && after.first > before.first) ? after?.to : before.to;
        if (file === last) {
          liveFacts = factsOfSegment(join(folder, file), first, time, live?.size);
          break;
        }
        let facts = known.get(first);
        if (facts === undefined) {
          facts = factsOfSegment(join(folder, file), first, time);
          known.set(first, facts);
          if (keeps) appendFileSync(path, `\n${JSON.stringify(facts)}`, { mode: 0o600 });
        }
        full.push(facts);
      }
      if (liveFacts === undefined) throw new Error("the log has no file that is written to");
      return { full, live: liveFacts, stubs };
    },
  };
}

/** The records of holds, in the order of the log. */
export function holdLines({ full, live, stubs }: KnownFacts): readonly string[] {
  const kept = stubs.flatMap(({ carried }) => carried);
  const lines = [
    ...kept
      .filter(({ line }) => /"type":"log\.hold_(?:placed|lifted)"\}$/.test(line))
      .map(({ line }) => line),
    ...[...full, live].flatMap(({ holds }) => holds),
  ];
  const seqOf = (line: string): number => (JSON.parse(line) as { readonly seq: number }).seq;
  // A file that is to be dropped has a stub, too.
  return [...new Map(lines.map((line) => [seqOf(line), line]))]
    .toSorted(([a], [b]) => a - b)
    .map(([, line]) => line);
}

/**
 * The time before which what has ended may be forgotten elsewhere, too: its records are gone. A clock that was set ahead
 * when a file ended is not believed where any file behind it begins earlier.
 * @returns milliseconds since the epoch; undefined: nothing is gone
 */
export function goneBefore({ full, live, stubs }: KnownFacts): number | undefined {
  const there = [...full, live];
  const last = stubs.findLast((stub) => there.every(({ first }) => first !== stub.first));
  if (last === undefined) return undefined;
  const starts = there.flatMap(({ first, from }) =>
    first < last.first + last.count || from === "" ? [] : [Date.parse(from)],
  );
  return Math.min(Date.parse(last.to), ...starts);
}
