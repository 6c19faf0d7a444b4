import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  archivedFile,
  checkpointEntries,
  checkpointsFile,
  hashRange,
  leafHash,
  linesOf,
  segmentFile,
  segmentsOf,
  verifierKeysFile,
  verifyLog,
} from "@mayfly/audit-verifier";
import { archiveCheckpoints, archiveRest } from "./archive-folder.ts";
import type { KnownFacts } from "./known-facts.ts";
import { readSent } from "./sent.ts";

/** What was dropped before is still in the archive, or was sent on. @throws Error when a file of it is not */
export function requireArchived(archive: string, folder: string, { stubs }: KnownFacts): void {
  const { files: sent } = readSent(archive);
  for (const { first } of stubs) {
    const file = archivedFile(first);
    if (existsSync(join(folder, segmentFile(first))) || existsSync(join(archive, file)) || sent.has(file))
      continue;
    throw new Error(`the archive ${archive} lacks ${file}, which was dropped from the log`);
  }
}

/**
 * The log verifies up to the end of a file that is to go, by a checkpoint behind it: what is archived is what was signed.
 * @param end the number of the first record behind the file
 * @throws Error when it does not
 */
export function proveContent(folder: string, end: number): void {
  const keys = readFileSync(join(folder, verifierKeysFile), "utf8")
    .split("\n")
    .filter((key) => key !== "");
  const checkpointBytes = statSync(join(folder, checkpointsFile)).size;
  const behind = segmentsOf(folder).filter(({ first }) => first >= end);
  // Each look verifies the log from its beginning: it goes at once as far as the checkpoint says that it covers.
  const size = coveringSize(folder, end) ?? Number.POSITIVE_INFINITY;
  const next = Math.max(
    behind.findLastIndex(({ first }) => first < size),
    0,
  );
  for (const { file } of behind.slice(next)) {
    const until = { file, bytes: statSync(join(folder, file)).size, checkpointBytes };
    const { problems, checkpoint } = verifyLog(folder, keys, { until, isBeginning: true });
    const [problem] = problems;
    if (problem !== undefined)
      throw new Error(`the log does not verify: ${problem.file}: ${problem.message}`);
    if (Number(checkpoint?.split("\n")[1] ?? 0) >= end) return;
  }
  throw new Error("no checkpoint covers what is to be archived");
}

/** How many records the first checkpoint covers that says it covers so many; undefined: none does. */
function coveringSize(folder: string, end: number): number | undefined {
  for (const { note, ended } of checkpointEntries(folder)) {
    const size = Number(note.split("\n")[1]);
    if (ended && size >= end) return size;
  }
  return undefined;
}

/** The archive proves itself up to its end by the checkpoint behind it. */
export function proveArchive(archive: string, folder: string, end: number): void {
  const size = archiveCheckpoints(archive, folder, end);
  if (size === undefined) throw new Error("no checkpoint covers what was archived");
  if (size <= end) return;
  const leaves: Buffer[] = [];
  for (const { first, file } of segmentsOf(folder)) {
    if (first < end) continue;
    if (first >= size) break;
    for (const line of linesOf(join(folder, file))) {
      if (leaves.length === size - end) break;
      leaves.push(leafHash(line.bytes));
    }
  }
  if (leaves.length < size - end) throw new Error("the log holds fewer records than its checkpoint covers");
  const none = { bytes: 0, sha256: "0".repeat(64), from: "", to: "", carried: [], at: 0 };
  archiveRest(archive, {
    ...none,
    first: end,
    count: leaves.length,
    roots: hashRange(end, leaves).roots,
    kept: true,
  });
}
