import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import {
  archivedFile,
  checkPayload,
  checkpointEntries,
  checkpointsFile,
  linesOf,
  partsOf,
  payloadPath,
  restFile,
  stubFile,
  stubText,
  unpack,
  verifierKeysFile,
  type PayloadReference,
  type Stub,
} from "@mayfly/audit-verifier";
import { appendDurably, replaceDurably } from "./durable.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** An archived file, as the record of its drop tells of it. */
export interface Archived {
  /** Relative to the archive's folder. */
  readonly file: string;
  readonly bytes: number;
  /** Of the compressed file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Makes sure that a folder is this log's archive, or can become it. Writes nothing.
 * @param isBegun whether something was archived before
 * @returns whether it holds the log's keys as they are now
 * @throws Error when it is gone, or another log's
 */
export function requireOwnArchive(archive: string, log: string, isBegun: boolean): boolean {
  const keys = readFileSync(join(log, verifierKeysFile));
  const path = join(archive, verifierKeysFile);
  if (!existsSync(path)) {
    if (isBegun)
      throw new Error(
        `the archive ${archive} is gone: it holds no ${verifierKeysFile}, but files were archived there before; is its disk mounted?`,
      );
    return false;
  }
  const theirs = readFileSync(path);
  const [first] = theirs.toString("utf8").split("\n");
  if (first !== keys.toString("utf8").split("\n")[0])
    throw new Error(`the archive ${archive} is another log's: its first key is ${first}`);
  return theirs.equals(keys);
}

/**
 * Makes sure that a folder is this log's archive, or makes it that.
 * @param isBegun whether something was archived before
 * @throws Error when it is gone, or another log's
 */
export function claimArchive(archive: string, log: string, isBegun: boolean): void {
  if (requireOwnArchive(archive, log, isBegun)) return;
  replaceDurably(join(archive, verifierKeysFile), readFileSync(join(log, verifierKeysFile)));
}

/**
 * Archives a file of records, and reads it back. One that is there and whole stays; one that is damaged is replaced.
 * @throws Error when the folder takes it not, or gives back something else
 */
export function archiveSegment(archive: string, first: number, bytes: Buffer): Archived {
  const file = archivedFile(first);
  const path = join(archive, file);
  const digest = sha256(bytes);
  if (!holds(path, digest))
    replaceDurably(path, zstdCompressSync(bytes), (part) => {
      if (sha256(zstdDecompressSync(readFileSync(part))) !== digest)
        throw new Error(`${path} does not hold what was written to it`);
    });
  const written = readFileSync(path);
  return { file, bytes: written.length, sha256: sha256(written) };
}

function holds(path: string, digest: string): boolean {
  if (!existsSync(path)) return false;
  try {
    return sha256(unpack(path)) === digest;
  } catch {
    return false;
  }
}

/** Copies payloads, those that were not erased. @throws Error when one is not there afterwards as it was */
export function archivePayloads(archive: string, log: string, payloads: readonly PayloadReference[]): void {
  for (const reference of payloads) {
    if (checkPayload(log, reference) !== "whole" || checkPayload(archive, reference) === "whole") continue;
    const place = payloadPath(reference.payload);
    replaceDurably(join(archive, place), readFileSync(join(log, place)));
    if (checkPayload(archive, reference) !== "whole")
      throw new Error(`${join(archive, place)} does not hold what was written to it`);
  }
}

/** Writes what stands in the archive for a file that stays in the log. */
export function archiveStub(archive: string, stub: Stub): void {
  replaceDurably(join(archive, stubFile(stub.first)), Buffer.from(stubText({ ...stub, kept: true })));
}

/**
 * Takes over the log's checkpoints, up to the first that covers the archive's records.
 * @param end the number of the first record that the archive does not hold
 * @returns what that checkpoint covers; undefined: there is none yet
 */
export function archiveCheckpoints(archive: string, log: string, end: number): number | undefined {
  const path = join(archive, checkpointsFile);
  const held = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = readFileSync(join(log, checkpointsFile));
  if (!whole.subarray(0, held.length).equals(held))
    throw new Error(`${path} holds other checkpoints than the log: it was altered, or is another log's`);
  for (const { note, offset, ended } of checkpointEntries(log)) {
    const size = Number(note.split("\n")[1]);
    if (!ended || size < end) continue;
    const stop = offset + Buffer.byteLength(note) + 1;
    if (stop > held.length) appendDurably(path, whole.subarray(held.length, stop));
    return stop >= held.length ? size : lastSize(archive);
  }
  return undefined;
}

function lastSize(archive: string): number {
  let size = 0;
  for (const { note } of checkpointEntries(archive, statSync(join(archive, checkpointsFile)).size))
    size = Number(note.split("\n")[1]);
  return size;
}

/** Writes what stands for the records between the archive's end and its newest checkpoint. */
export function archiveRest(archive: string, rest: Stub): void {
  replaceDurably(join(archive, restFile), Buffer.from(stubText(rest)));
}

/** The number of the first record behind those that an archive holds, or that stand in it for what was held back. */
export function endOfArchive(archive: string): number {
  const last = partsOf(archive).at(-1);
  if (last === undefined) return 0;
  if (last.kind !== "records") return last.kind === "dropped" ? last.stub.first + last.stub.count : 0;
  let count = 0;
  for (const _ of linesOf(join(archive, last.file))) count += 1;
  return last.first + count;
}
