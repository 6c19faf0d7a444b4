import { payloadMark } from "@mayfly/audit-verifier";
import { canonicalJson } from "../kernel/canonical.ts";
import type { Clock } from "../kernel/clock.ts";
import { inWords, type Custody } from "./files/custody.ts";
import { messageOf } from "../kernel/errors.ts";
import type { Difference } from "./files/facts.ts";
import { createActWriter } from "./act-writer.ts";
import { actFrame, lineFrame, lineOf, MAX_DETAIL_BYTES, timeFormatter } from "./lines.ts";
import type { ActWriter, AuditLog } from "./log.ts";
import { outsource, type PayloadStore } from "./payloads.ts";
import { recordedInReserve, type RecordType } from "./records.ts";
import type { Space } from "./files/space.ts";
import type { Tail } from "./files/tail.ts";
import { LogUnavailable, wordsIn } from "./unavailable.ts";

/** Once the log has failed, the disk is tried again this often, in milliseconds. */
const PROBE_EVERY_MS = 250;
/** The log's files are looked at this often, in milliseconds, whatever is written. */
const LOOK_EVERY_MS = 250;
/** Records of acts are on their way to the disk this long after they were written, in milliseconds. */
const SYNC_WITHIN_MS = 25;
/** Proving that the files are back rests this many times as long as it took. */
const PROVE_REST = 10;
/** A turn's records are refused beyond this, in UTF-16 code units. */
const MAX_TURN_CHARACTERS = 64 * 1024 * 1024;

/** What the writer is made of. */
export interface WriterParts {
  readonly clock: Clock;
  readonly tail: Tail;
  readonly payloads: PayloadStore;
  /** The number of the next record. */
  readonly next: number;
  readonly custody: Custody;
  readonly space: Space;
  /** Relative names stand in what agents read; this is cut from the file system's messages. */
  readonly folder: string;
  /** Called after records were written, and when the log takes them again, for the checkpoints. */
  readonly onWritten: () => void;
  /** Told when the log's files are not where or what they were, and when they are back. */
  readonly onDisplaced: (difference: Difference | undefined) => void;
}

/** The log's writing side, without its end. */
export interface Writer extends Omit<AuditLog, "close"> {
  /** The number of the first record that is not written yet. */
  readonly written: () => number;
  /** How many records are known to be on the disk. */
  readonly synced: () => number;
  /** Why it takes no record at all now; undefined when it takes those of ends. */
  readonly failed: () => string | undefined;
  /** Takes no record ever again. */
  readonly fail: (why: string) => void;
  /** Takes no record until the log's files are back. */
  readonly displaced: (difference: Difference) => void;
}

/** Makes the writing side of a log. */
export function createWriter(parts: WriterParts): Writer {
  const { clock, tail, payloads, custody, space } = parts;
  const format = timeFormatter();
  let buffer = Buffer.allocUnsafe(256 * 1024);
  let queued = "";
  let next = parts.next;
  let firstQueued = next;
  let synced = next;
  let losses = 0;
  let repairs = 0;
  let unavailable: string | undefined;
  let isFinal = false;
  /** The log's files are not where or what they were: nothing is repaired before that is proved to be over. */
  let isDisplaced = false;
  let isProving = false;
  let proveNotBefore = -Infinity;
  let probedAt = 0;
  let isSyncPlanned = false;
  let queuedAt = 0;

  function drop(): void {
    if (queued !== "") losses += 1;
    queued = "";
    next = firstQueued;
  }

  function fail(error: unknown): LogUnavailable {
    drop();
    const why = isDisplaced && unavailable !== undefined ? unavailable : wordsIn(parts.folder, error);
    if (!isFinal) unavailable = why;
    probeSoon();
    return new LogUnavailable(why, error);
  }

  function probeSoon(): void {
    probedAt = clock.monotonic();
    clock.schedule(PROBE_EVERY_MS, probeNow);
  }

  function displaced(difference: Difference): LogUnavailable {
    const words = inWords(difference);
    if (!isFinal) {
      if (!isDisplaced || unavailable !== words) parts.onDisplaced(difference);
      isDisplaced = true;
      unavailable = words;
    }
    return fail(words);
  }

  function probeNow(): void {
    if (unavailable === undefined || isFinal || clock.monotonic() - probedAt < PROBE_EVERY_MS) return;
    if (isDisplaced) return prove();
    try {
      const difference = custody.look();
      if (difference !== undefined) {
        displaced(difference);
        return;
      }
      tail.repair();
      repairs += 1;
      unavailable = undefined;
      // What was written before waits for no further record to be signed for, and known to be on the disk.
      planSync();
      parts.onWritten();
    } catch (error) {
      unavailable = wordsIn(parts.folder, error);
      probeSoon();
    }
  }

  /** Looks whether the files are back, and takes records again once their content has proved it. */
  function prove(): void {
    if (isProving) return;
    const started = clock.monotonic();
    if (started < proveNotBefore) {
      probeSoon();
      return;
    }
    isProving = true;
    void custody
      .prove()
      .catch((error: unknown): Difference => ({ place: "", kind: "unreadable", words: messageOf(error) }))
      .then((difference) => proved(difference, started))
      .catch(probeSoon);
  }

  function proved(difference: Difference | undefined, started: number): void {
    isProving = false;
    if (isFinal) return;
    const now = clock.monotonic();
    proveNotBefore = now + (now - started) * PROVE_REST;
    if (difference !== undefined) {
      displaced(difference);
      return;
    }
    isDisplaced = false;
    parts.onDisplaced(undefined);
    probedAt = -Infinity;
    probeNow();
  }

  function lookNow(): void {
    if (isFinal) return;
    space.look();
    if (unavailable === undefined) {
      const difference = custody.look();
      if (difference !== undefined) displaced(difference);
    }
    clock.schedule(LOOK_EVERY_MS, lookNow);
  }
  clock.schedule(LOOK_EVERY_MS, lookNow);

  function queue(frame: ReturnType<typeof lineFrame>, type: RecordType, detail: string): number {
    if (unavailable !== undefined) probeNow();
    const why = unavailable ?? (recordedInReserve.has(type) ? undefined : space.low);
    if (why !== undefined) throw new LogUnavailable(why);
    if (queued.length > MAX_TURN_CHARACTERS) throw new LogUnavailable("too much was queued in one turn");
    const seq = next;
    queuedAt = clock.wall();
    queued += lineOf(frame, type, detail, seq, format(queuedAt));
    next = seq + 1;
    return seq;
  }

  /** A detail that is bulky, or holds what looks like a payload, takes the long way. */
  function short(detail: string): string {
    // A UTF-16 code unit takes at most three bytes.
    const isLong = detail.length * 3 > MAX_DETAIL_BYTES && Buffer.byteLength(detail) > MAX_DETAIL_BYTES;
    if (!isLong && !detail.includes(payloadMark)) return detail;
    if (unavailable !== undefined) return detail;
    try {
      return outsource(detail, payloads.keep, payloads.isOwn);
    } catch (error) {
      throw fail(error);
    }
  }

  function writer(opened: number): ActWriter {
    // What is not written yet may be lost, and its number be another record's.
    if (!Number.isSafeInteger(opened) || opened < 0 || opened >= firstQueued)
      throw new TypeError("a session's acts are recorded after its opening record was written");
    return createActWriter(actFrame(opened), {
      queue: (frame, type, detail) => queue(frame, type, short(detail)),
      at: () => queuedAt,
    });
  }

  function flush(): void {
    if (queued === "") return;
    if (unavailable !== undefined) throw fail(unavailable);
    if (buffer.length < queued.length * 3) buffer = Buffer.allocUnsafe(queued.length * 4);
    const length = buffer.write(queued, 0, "utf8");
    const difference = custody.glance();
    if (difference !== undefined) throw displaced(difference);
    try {
      tail.write(buffer, length, firstQueued);
    } catch (error) {
      // Which file is gone says more than what the system makes of it.
      const found = custody.look();
      throw found === undefined ? fail(error) : displaced(found);
    }
    space.wrote(length);
    queued = "";
    firstQueued = next;
    planSync();
    parts.onWritten();
  }

  async function toDisk(): Promise<void> {
    const upTo = firstQueued;
    await tail.sync();
    synced = Math.max(synced, upTo);
  }

  function planSync(): void {
    if (isSyncPlanned) return;
    isSyncPlanned = true;
    clock.schedule(SYNC_WITHIN_MS, () => {
      isSyncPlanned = false;
      const before = repairs;
      toDisk().catch((error: unknown) => {
        // A failure from before a repair says nothing about now: look again.
        if (repairs !== before) planSync();
        else if (unavailable === undefined) failSync(error);
      });
    });
  }

  /** What is queued was not part of the sync that failed; it fails by itself when it is flushed. */
  function failSync(error: unknown): LogUnavailable {
    if (!isFinal && !isDisplaced)
      unavailable = `what was written does not reach the disk: ${wordsIn(parts.folder, error)}`;
    probeSoon();
    return new LogUnavailable(unavailable ?? messageOf(error), error);
  }

  return {
    append({ type, detail, ...context }) {
      return queue(lineFrame(context), type, short(canonicalJson(detail)));
    },
    writer,
    payload(bytes) {
      // Of what has passed already: the room that is kept for ends is for it too.
      if (unavailable !== undefined) throw new LogUnavailable(unavailable);
      try {
        return { ...payloads.put(bytes) };
      } catch (error) {
        throw fail(error);
      }
    },
    flush,
    async sync() {
      flush();
      if (unavailable !== undefined) throw new LogUnavailable(unavailable);
      try {
        await toDisk();
      } catch (error) {
        throw failSync(error);
      }
      // What is on a disk where nobody finds it is not on the disk.
      const difference = unavailable === undefined ? custody.look() : undefined;
      if (difference !== undefined) throw displaced(difference);
    },
    get losses() {
      return losses;
    },
    get unavailable() {
      return unavailable ?? space.low;
    },
    failed: () => unavailable,
    written: () => firstQueued,
    synced: () => synced,
    displaced(difference) {
      displaced(difference);
    },
    fail(why) {
      isFinal = true;
      unavailable = why;
      drop();
    },
  };
}
