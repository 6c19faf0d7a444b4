import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointsFile, verifierKeysFile } from "@mayfly/audit-verifier";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import {
  differenceOf,
  factsOf,
  isDifference,
  mustFacts,
  timesDiffer,
  type Difference,
  type Facts,
  type Strictness,
} from "./facts.ts";
import { watchFullFiles } from "./full-files.ts";
import { keyFile } from "../keys.ts";
import { watchLiveFile } from "./live-file.ts";
import { lockFile } from "./lock.ts";
import type { Tail, Written } from "./tail.ts";
import type { TreeGrower } from "../tree/tree.ts";

/** Before a write, the file that is written to is looked at unless it was less than this long ago, milliseconds. */
const GLANCE_EVERY_MS = 5;
/** Reading the file back that is written to begins no sooner than this after it began last, milliseconds. */
const READ_BACK_EVERY_MS = 600;
/** And no more than this is read back a second: a hundredth of one core. */
const READ_BACK_BYTES_A_SECOND = 16 * 1024 * 1024;

/** Knows whether the log's files are where and what they were: no record is written to where nobody finds it. */
export interface Custody {
  /**
   * A look at the file that is written to, at its folders and its end, before something is written there.
   * Takes a few microseconds, at most every 5 ms.
   */
  glance(): Difference | undefined;
  /** A look at all of the log's files. What may have been altered in place is read back behind it. */
  look(): Difference | undefined;
  /**
   * Proves by content that everything is back that was found missing or different, and takes the files for the
   * log's own from then on. @returns what still differs
   */
  prove(): Promise<Difference | undefined>;
  /** What a file of records must hold; undefined for one that was full before the log was opened. */
  writtenTo(file: string): Written | undefined;
  /** A file of records is full. */
  full(written: Written, facts: Facts): void;
  /** A full file is about to be removed: it is not looked for any more. */
  forget(file: string): void;
  /**
   * Runs what writes to the checkpoints, or replaces the keys, in one go, and takes what it has made of them: whatever is
   * done to them afterwards is somebody else's.
   * @param write returns the size that the checkpoints have then
   * @throws Error when they are not what they were; and what `write` throws: what it left behind belongs to the log
   */
  writeOwn(what: "checkpoints" | "keys", write: () => number | undefined): void;
}

/** What custody is made of. */
export interface CustodyParts {
  readonly folder: string;
  readonly clock: Clock;
  readonly tail: Tail;
  readonly grower: Pick<TreeGrower, "check">;
  /** Verifies everything that is written, against the newest checkpoint. @returns what does not verify */
  readonly verifyWhole: () => Promise<Difference | undefined>;
  /** Told of what was altered in place. */
  readonly onAltered: (difference: Difference) => void;
}

const folders = ["", "records", "payloads"] as const;
const keyFiles = [verifierKeysFile, keyFile] as const;
const own = [checkpointsFile, ...keyFiles] as const;

/** Takes the log's files, which were just verified, for the log's own. */
export function createCustody(parts: CustodyParts): Custody {
  const { folder, clock, tail, grower } = parts;
  const path = (place: string): string => join(folder, place);
  const live = watchLiveFile(path, tail);
  const full = watchFullFiles(folder, (written) => {
    if (written === undefined) void verify();
    else void readBack([written]);
  });
  let kept = new Map<string, Facts>();
  let keyBytes: readonly Buffer[] = [];
  let glancedAt = -Infinity;
  let readBackAt = -Infinity;
  let readBackBytes = 0;
  let isReading = false;

  function takeKept(): void {
    kept = new Map([...folders, lockFile, ...own].map((place) => [place, mustFacts(path(place), place)]));
    keyBytes = keyFiles.map((place) => readFileSync(path(place)));
  }

  function alteredKey(): Difference | undefined {
    const isOther = (each: string, i: number): boolean => !keyBytes[i]?.equals(readFileSync(path(each)));
    const place = keyFiles.find(isOther);
    return place === undefined ? undefined : { place, kind: "altered", words: "does not hold what it held" };
  }

  function lookAt(place: string, strictness: Strictness): Facts | Difference {
    const now = factsOf(path(place), place);
    if (isDifference(now)) return now;
    return differenceOf(place, kept.get(place) ?? now, now, strictness) ?? now;
  }

  function firstOf(places: readonly string[]): Difference | undefined {
    for (const place of places) {
      const now = lookAt(place, "identity");
      if (isDifference(now)) return now;
    }
    return undefined;
  }

  function lookAtOwn(): Difference | undefined {
    for (const place of own) {
      const now = lookAt(place, "size");
      if (isDifference(now)) return now;
      const before = kept.get(place);
      if (before === undefined || !timesDiffer(before, now)) continue;
      kept.set(place, now);
      const key = alteredKey();
      if (key !== undefined) return key;
      void verify();
    }
    return undefined;
  }

  async function verify(): Promise<void> {
    const difference = await parts.verifyWhole();
    if (difference !== undefined) parts.onAltered(difference);
  }

  async function altered(files: readonly Written[]): Promise<Difference | undefined> {
    try {
      const found = await grower.check(files);
      return found === undefined ? undefined : { place: found.file, kind: "altered", words: found.words };
    } catch (error) {
      return { place: "records", kind: "unreadable", words: `cannot be read back: ${messageOf(error)}` };
    }
  }

  /** In a thread of its own. */
  async function readBack(files: readonly Written[]): Promise<void> {
    const difference = await altered(files);
    if (difference !== undefined) parts.onAltered(difference);
  }

  /** Reads the file that is written to back, when it was written to since that was done last, by whomever. */
  function readLiveBack(now: Facts): void {
    const started = clock.monotonic();
    if (isReading) return;
    const rest = (readBackBytes / READ_BACK_BYTES_A_SECOND) * 1000;
    if (started - readBackAt < Math.max(READ_BACK_EVERY_MS, rest)) return;
    // Whatever is written from here on moves the times, and is read back after this.
    if (!live.wasTouched(now)) return;
    isReading = true;
    readBackAt = started;
    readBackBytes = now.size;
    void readBack([tail.written()]).finally(() => {
      isReading = false;
    });
  }

  /** Whether everything is there again, with its size; whether it is what it was only its content can tell. */
  function obstacle(): Difference | undefined {
    const moved = firstOf([...folders, lockFile]);
    if (moved !== undefined) return moved;
    const { file, size, hasRest, facts } = tail.live();
    for (const place of [...own, file]) {
      const now = factsOf(path(place), place);
      if (isDifference(now)) return now;
      const before = place === file ? { ...facts, size: hasRest ? now.size : size } : kept.get(place);
      // Another file with the same content is as good.
      const same = { ...(before ?? now), ino: now.ino, dev: now.dev };
      const difference = differenceOf(place, same, now, "size");
      if (difference !== undefined) return difference;
    }
    return full.allThere(file);
  }

  function snapshot(): readonly Facts[] {
    return [...own, tail.live().file, "records"].map((place) => mustFacts(path(place), place));
  }

  takeKept();
  full.takeAll(tail.live().file);
  return {
    glance() {
      const at = clock.monotonic();
      if (at - glancedAt < GLANCE_EVERY_MS) return undefined;
      glancedAt = at;
      const now = live.look();
      return isDifference(now) ? now : firstOf(folders);
    },
    look() {
      const now = live.look();
      if (isDifference(now)) return now;
      const difference = firstOf([...folders, lockFile]) ?? lookAtOwn() ?? full.look(tail.live().file);
      if (difference === undefined) readLiveBack(now);
      return difference;
    },
    async prove() {
      const before = obstacle();
      if (before !== undefined) return before;
      const facts = snapshot();
      const difference =
        alteredKey() ?? (await altered([...full.written(), tail.written()])) ?? (await parts.verifyWhole());
      if (difference !== undefined) return difference;
      const since = obstacle();
      if (since !== undefined) return since;
      const now = snapshot();
      if (now.some((each, i) => timesDiffer(facts[i] as Facts, each)))
        return { place: "", kind: "altered", words: "was written to while it was verified" };
      tail.reopen();
      takeKept();
      full.takeAll(tail.live().file);
      return undefined;
    },
    writtenTo: (file) => (file === tail.live().file ? tail.written() : full.writtenTo(file)),
    full: (written, facts) => full.add(written, facts),
    forget: (file) => full.forget(file),
    writeOwn(what, write) {
      // Only what is still the log's own is written to.
      const before = firstOf(folders) ?? lookAtOwn();
      if (before !== undefined) throw new Error(inWords(before));
      let size: number | undefined;
      try {
        size = write();
      } finally {
        const after = firstOf(what === "keys" ? [checkpointsFile] : own) ?? sizeDiffers(path, size);
        if (after === undefined) takeKept();
        else parts.onAltered(after);
      }
    },
  };
}

/** How the checkpoints have not the size that was written, where it is known. */
function sizeDiffers(path: (place: string) => string, size: number | undefined): Difference | undefined {
  const now = factsOf(path(checkpointsFile), checkpointsFile);
  if (isDifference(now)) return now;
  return size === undefined ? undefined : differenceOf(checkpointsFile, now, now, "size", size);
}

/** `records/000000000000.jsonl is gone`. */
export function inWords({ place, words }: Difference): string {
  return `${place === "" ? "the audit log's folder" : place} ${words}`;
}
