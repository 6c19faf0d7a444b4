import type { Inventory } from "../../gate/inventory/inventory.ts";
import type { ActSource, Found, SeenAct } from "../../gate/inventory/seen.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { noSuchFormat, unknownFormat } from "./formats.ts";
import type { GivenSource } from "./given.ts";
import { openSource } from "./open.ts";
import { isOwnLog, ownActs } from "./own-records.ts";

/** What a kind of connection says of its sources. */
export type Reading = Pick<Inventory<unknown>, "act" | "part" | "sources" | "recorded" | "formatHint">;

/** What of the acts counts. */
export interface Wanted {
  readonly connection: string;
  readonly by: readonly string[];
  /** The part of the target; left out: there may be one alone. */
  readonly within?: string;
  /** The first that counts, milliseconds since the epoch; left out: all. Acts of which nobody says when count. */
  readonly since?: number;
  readonly format?: string;
}

/** A line that could not be read. */
export interface Unread {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** What was met beside the acts that count. */
export interface ReadCounts {
  acts: number;
  /** Acts that failed at the target, or that Mayfly refused. */
  failed: number;
  /** Acts of somebody else, of another time or of another part of the target. */
  others: number;
  /** Acts that count although nobody knows when they were done, where it is asked since when. */
  untimed: number;
  unread: number;
  /** The first of those. */
  readonly unreadLines: Unread[];
  /** The parts of the target that acts were done in. */
  readonly within: Set<string>;
  /** Some of the parts that acts were done in which do not count. */
  readonly elsewhere: Set<string>;
}

/** How many lines that could not be read are shown. */
const MAX_UNREAD = 10;

/** How many parts of a target are named in which nothing counts. */
const MAX_ELSEWHERE = 5;

export const noCounts = (): ReadCounts => ({
  acts: 0,
  failed: 0,
  others: 0,
  untimed: 0,
  unread: 0,
  unreadLines: [],
  within: new Set(),
  elsewhere: new Set(),
});

/**
 * Reads sources one after another, each as a stream.
 * @param told how far it is: which file, and the share of it that is read; undefined: nobody knows
 * @throws MayflyError when a source cannot be opened, its format is unknown, or acts of several parts of a target are mixed
 */
export async function* readSources(
  given: readonly GivenSource[],
  reading: Reading,
  wanted: Wanted,
  counts: ReadCounts,
  told: (file: string, share: number | undefined) => void,
): AsyncGenerator<SeenAct> {
  for (const source of given) {
    for await (const found of readOne(source, reading, wanted, told)) {
      if (found.kind === "failed") counts.failed += 1;
      else if (found.kind === "unread") {
        counts.unread += 1;
        if (counts.unreadLines.length < MAX_UNREAD)
          counts.unreadLines.push({ file: source.path, line: found.line, why: found.why });
      } else if (isWanted(found.act, wanted)) {
        checkPart(found.act, wanted, counts, reading.part ?? "part");
        counts.acts += found.act.times;
        if (wanted.since !== undefined && found.act.at === undefined) counts.untimed += found.act.times;
        yield found.act;
      } else {
        counts.others += found.act.times;
        const { within } = found.act;
        if (
          wanted.within !== undefined &&
          within !== undefined &&
          within !== wanted.within &&
          counts.elsewhere.size < MAX_ELSEWHERE
        )
          counts.elsewhere.add(within);
      }
    }
  }
}

function isWanted({ by, at, within }: SeenAct, wanted: Wanted): boolean {
  return (
    (wanted.by.length === 0 || wanted.by.includes(by)) &&
    (wanted.since === undefined || at === undefined || at >= wanted.since) &&
    (wanted.within === undefined || within === undefined || within === wanted.within)
  );
}

/** @throws MayflyError: a connection is one part of a target, and acts at two would be mixed */
function checkPart({ within }: SeenAct, wanted: Wanted, counts: ReadCounts, what: string): void {
  if (within === undefined || wanted.within !== undefined || counts.within.has(within)) return;
  counts.within.add(within);
  const [first, second] = [...counts.within];
  if (second === undefined) return;
  throw new MayflyError(`several_${what}s`, `the sources tell of the ${what}s ${first} and ${second}`, {
    hint: `a connection is one ${what}: say which with --${what} ${first} or --${what} ${second}`,
  });
}

async function* readOne(
  { path, opened: begun }: GivenSource,
  reading: Reading,
  { connection, format }: Wanted,
  told: (file: string, share: number | undefined) => void,
): AsyncGenerator<Found> {
  if (begun === undefined && path !== "-" && isOwnLog(path)) {
    yield* ownActs(path, connection, reading, (share) => told(path, share));
    return;
  }
  const opened = begun ?? (await openSource(path));
  try {
    const source = sourceOf(path, opened.beginning, reading, format);
    const text = (async function* () {
      for await (const piece of opened.text) {
        told(
          path,
          opened.size === undefined || opened.size === 0 ? undefined : opened.bytesRead() / opened.size,
        );
        yield piece;
      }
    })();
    if (opened.beginning !== "") yield* source.read(text);
    const damaged = opened.damaged();
    if (damaged !== undefined) yield { kind: "unread", line: 0, why: damaged };
  } finally {
    await opened.close();
  }
}

function sourceOf(path: string, beginning: string, reading: Reading, format: string | undefined): ActSource {
  const { sources } = reading;
  const named = sources.find((source) => source.format === format);
  if (format !== undefined && named === undefined) throw noSuchFormat(format, [reading]);
  const found = named ?? sources.find((source) => source.recognizes(beginning));
  if (found !== undefined) return found;
  // An empty file holds nothing of any format.
  if (beginning === "" && sources[0] !== undefined) return sources[0];
  throw unknownFormat(path, [reading]);
}
