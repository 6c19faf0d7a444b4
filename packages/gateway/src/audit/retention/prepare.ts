import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  hashRange,
  leafHash,
  linesOf,
  payloadMark,
  payloadReferences,
  segmentFile,
  segmentsOf,
  stubFile,
  stubText,
  type PayloadReference,
  type StoredRecord,
  type Stub,
} from "@mayfly/audit-verifier";
import {
  archivePayloads,
  archiveSegment,
  archiveStub,
  claimArchive,
  endOfArchive,
  type Archived,
} from "./archive-folder.ts";
import { replaceDurably } from "./durable.ts";
import { holdFor, type Hold } from "./holds.ts";
import type { KnownFacts } from "./known-facts.ts";
import type { Due } from "./plan.ts";
import { proveArchive, proveContent, requireArchived } from "./proving.ts";

/** A file of records that is ready to go: it is in the archive, and what stands for it is in the log's folder. */
export interface Prepared {
  readonly first: number;
  readonly count: number;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly from: string;
  readonly to: string;
  readonly why: Due["why"];
  readonly archive: Archived;
}

/** A file of records that a hold keeps. */
export interface Held {
  readonly first: number;
  readonly count: number;
  readonly hold: string;
  /** The first record that it keeps. */
  readonly record: number;
}

interface Content {
  readonly bytes: Buffer;
  readonly lines: readonly Buffer[];
}

function contentOf(folder: string, first: number): Content {
  const path = join(folder, segmentFile(first));
  return { bytes: readFileSync(path), lines: Array.from(linesOf(path), ({ bytes }) => Buffer.from(bytes)) };
}

/** The first record that a hold keeps. Acts are about what their session's opening record says. */
function heldBy(
  first: number,
  lines: readonly Buffer[],
  holds: readonly Hold[],
  lineOf: (seq: number) => string | undefined,
): Omit<Held, "first" | "count"> | undefined {
  if (holds.length === 0) return undefined;
  const openings = new Map<number, Hold | undefined>();
  for (const [at, line] of lines.entries()) {
    const record = JSON.parse(line.toString("utf8")) as StoredRecord;
    let found = holdFor(holds, record);
    const { session } = record;
    if (found === undefined && typeof session === "number") {
      if (!openings.has(session)) {
        const opening = session >= first ? lines[session - first]?.toString("utf8") : lineOf(session);
        // What cannot be known is kept.
        openings.set(
          session,
          opening === undefined ? holds[0] : holdFor(holds, JSON.parse(opening) as StoredRecord),
        );
      }
      found = openings.get(session);
    }
    if (found !== undefined) return { hold: found.id, record: first + at };
  }
  return undefined;
}

/** Reads one line of a log by its number. */
function lineReader(folder: string, { stubs }: KnownFacts): (seq: number) => string | undefined {
  return (seq) => {
    const carried = stubs.flatMap((stub) => stub.carried).find((each) => each.seq === seq);
    if (carried !== undefined) return carried.line;
    const segment = segmentsOf(folder).findLast(({ first }) => first <= seq);
    if (segment === undefined) return undefined;
    let at = segment.first;
    for (const line of linesOf(join(folder, segment.file))) {
      if (at === seq) return line.bytes.toString("utf8");
      at += 1;
    }
    return undefined;
  };
}

function stubOf({ facts }: Due, { bytes, lines }: Content, known: KnownFacts, at: number): Stub {
  const { first, count, from, to } = facts;
  if (lines.length !== count || bytes.length !== facts.bytes)
    throw new Error(`${segmentFile(first)} is not what it was when it was looked through: it was altered`);
  const end = first + count;
  const hashes = hashRange(
    first,
    lines.map((line) => leafHash(line)),
  );
  const seqs = new Set([...facts.lasting, ...openSessions(first, lines)]);
  for (const later of [...known.full, known.live])
    for (const seq of later.refs) if (later.first >= end && seq >= first && seq < end) seqs.add(seq);
  return {
    first,
    count,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    from,
    to,
    roots: hashes.roots,
    carried: [...seqs]
      .toSorted((a, b) => a - b)
      .map((seq) => ({
        seq,
        line: (lines[seq - first] as Buffer).toString("utf8"),
        proof: hashes.proof(seq),
      })),
    at,
  };
}

/** The opening records of sessions that do not end in the same file: acts to come refer to them. */
function openSessions(first: number, lines: readonly Buffer[]): readonly number[] {
  const open = new Map<unknown, number>();
  for (const [at, line] of lines.entries()) {
    if (!line.includes('"type":"session.')) continue;
    const { type, session } = JSON.parse(line.toString("utf8")) as StoredRecord;
    if (type === "session.opened") open.set(session, first + at);
    else if (type === "session.closed") open.delete(session);
  }
  return [...open.values()];
}

function payloadsOf(lines: readonly Buffer[]): readonly PayloadReference[] {
  return lines
    .filter((line) => line.includes(payloadMark))
    .flatMap((line) => payloadReferences((JSON.parse(line.toString("utf8")) as StoredRecord).detail));
}

/** What a hold keeps of a file of records; undefined: nothing. */
export function heldIn(
  folder: string,
  first: number,
  holds: readonly Hold[],
  known: KnownFacts,
): string | undefined {
  return heldBy(first, contentOf(folder, first).lines, holds, lineReader(folder, known))?.hold;
}

/** Whether something was archived and dropped before. */
export function isBegun(folder: string, { stubs }: KnownFacts): boolean {
  return stubs.some(({ first }) => !existsSync(join(folder, segmentFile(first))));
}

/**
 * Archives a file of records and writes what stands for it. Nothing is dropped yet.
 * @param at how many records the log has
 * @throws Error when the archive cannot take it
 */
export function prepareDrop(
  { folder, archive, holds, at }: { folder: string; archive: string; holds: readonly Hold[]; at: number },
  due: Due,
  known: KnownFacts,
): { readonly held: Held } | { readonly prepared: Prepared } {
  const { first, count } = due.facts;
  const content = contentOf(folder, first);
  claimArchive(archive, folder, isBegun(folder, known));
  requireArchived(archive, folder, known);
  proveContent(folder, first + count);
  const held = heldBy(first, content.lines, holds, lineReader(folder, known));
  const stub = stubOf(due, content, known, at);
  if (held !== undefined) {
    archiveStub(archive, stub);
    return { held: { first, count, ...held } };
  }
  archivePayloads(archive, folder, payloadsOf(content.lines));
  const archived = archiveSegment(archive, first, content.bytes);
  proveArchive(archive, folder, Math.max(first + count, endOfArchive(archive)));
  replaceDurably(join(folder, stubFile(first)), Buffer.from(stubText(stub)));
  const { bytes, sha256, from, to } = stub;
  const file = segmentFile(first);
  return { prepared: { first, count, file, bytes, sha256, from, to, why: due.why, archive: archived } };
}
