import { existsSync } from "node:fs";
import { join } from "node:path";
import { archivedSegmentsOf, segmentsOf, type Segment } from "./folder.ts";
import { stubsOf, type Stub } from "./stub.ts";

/** A stretch of a log: a file of records, or what is kept of one that was dropped. */
export type Part =
  | (Segment & {
      readonly kind: "records";
      /** Of a file that is to be dropped, or was put back. */ readonly stub?: Stub;
    })
  | { readonly kind: "dropped"; readonly first: number; readonly file: string; readonly stub: Stub }
  | { readonly kind: "unreadable"; readonly first: number; readonly file: string; readonly error: string };

/** All parts of a log, or of an archive, in order. */
export function partsOf(folder: string): readonly Part[] {
  const files = new Map(
    [...archivedSegmentsOf(folder), ...segmentsOf(folder)].map((segment) => [segment.first, segment]),
  );
  const parts: Part[] = [];
  for (const found of stubsOf(folder)) {
    const first = "stub" in found ? found.stub.first : found.first;
    const segment = files.get(first);
    if ("error" in found) parts.push({ kind: "unreadable", first, file: found.file, error: found.error });
    else if (segment === undefined)
      parts.push({ kind: "dropped", first, file: found.file, stub: found.stub });
    else {
      files.delete(first);
      parts.push({ kind: "records", ...segment, stub: found.stub });
    }
  }
  for (const segment of files.values()) parts.push({ kind: "records", ...segment });
  return parts.toSorted((one, other) => one.first - other.first);
}

/** Where an archive keeps a file of records, relative to its folder: compressed by Zstandard (RFC 8878). */
export function archivedFile(first: number): string {
  return join("records", `${String(first).padStart(12, "0")}.jsonl.zst`);
}

/** The path of a dropped file in an archive; undefined when it is not there. */
export function inArchive(archive: string | undefined, first: number): string | undefined {
  if (archive === undefined) return undefined;
  const path = join(archive, archivedFile(first));
  return existsSync(path) ? path : undefined;
}
