import {
  followKey,
  fromBase64,
  isIncluded,
  isStoredRecord,
  joinRecord,
  leafHash,
  MAX_LINE_BYTES,
  NoEd25519,
  parseCheckpoint,
  parseVerifierKey,
  rootUpTo,
  sameBytes,
  utf8,
  verifyCheckpoint,
  type Bytes,
  type CheckpointHead,
  type StoredRecord,
  type VerifierKey,
} from "@mayfly/audit-verifier/browser";
import { growthSince, type KeptHead } from "./extension.ts";

/** What `GET /v1/audit/proofs` answers; nothing of it is believed before it was checked. */
export interface ProofsAnswer {
  /** A signed note. */
  readonly checkpoint: string;
  /** The gateway's own word on its key. */
  readonly key: string;
  readonly entries: readonly ProofEntry[];
  /** Records that these refer to, with their proofs; a gateway of an earlier version gives none. */
  readonly referenced?: readonly ProofEntry[];
  /** What each key of the log signed for the next, oldest first. */
  readonly rotations?: readonly string[];
}

/** One record, as the line that the log holds, with its inclusion proof in base64. */
export interface ProofEntry {
  readonly seq: number;
  readonly line: string;
  readonly proof: readonly string[];
}

/** A record whose proof was checked. */
export interface CheckedEntry {
  readonly seq: number;
  readonly line: string;
  /** `proven`: the signed log holds exactly this line at this place. `altered`: it does not. */
  readonly state: "proven" | "altered";
  /** Of a proven one: the record, with what the proven records that it refers to say for it. */
  readonly record?: unknown;
  /** What is wrong, where something is. */
  readonly why?: string;
}

/** A file of records that is in the log's archive alone. */
export interface ArchivedFile {
  readonly first: number;
  readonly count: number;
  /** The record that says so. */
  readonly by: number;
}

/** What came out of checking an answer. */
export type Checked =
  | {
      readonly state: "checked";
      readonly head: CheckpointHead;
      /** The signed note, whole. */
      readonly checkpoint: string;
      /** The key that verified the checkpoint. */
      readonly key: string;
      /** The keys that led to it, each of which signed for the next, oldest first; none: it is the one that was given. */
      readonly followed: readonly string[];
      /** Newest first. */
      readonly entries: readonly CheckedEntry[];
      /** Sequence numbers that should be among the entries and are not. */
      readonly missing: readonly number[];
      /** Files of records that were archived and dropped, of which entries were asked for, as proven records say. */
      readonly archived: readonly ArchivedFile[];
    }
  /** The checkpoint proves nothing, and so no record is proven. */
  | { readonly state: "unsigned"; readonly why: string; readonly claimed: CheckpointHead | undefined };

/**
 * Checks a checkpoint and the inclusion proof of every record against it.
 * @param keyText the verifier key that counts: the one the auditor noted, or, first time, the gateway's own
 * @param asked what was asked for, so that a record that was left out is noticed
 * @throws NoEd25519 where the browser cannot check at all
 */
export async function check(
  answer: ProofsAnswer,
  keyText: string,
  asked: { readonly before?: number; readonly limit: number },
): Promise<Checked> {
  // A key that is none, or no browser to check with, is the caller's to tell; it says nothing about the log.
  const keys = await followKey(await parseVerifierKey(keyText), answer.rotations ?? []);
  const key = keys.at(-1) as VerifierKey;
  let head: CheckpointHead | undefined;
  try {
    const claimed = parseCheckpoint(answer.checkpoint);
    head = { origin: claimed.origin, size: claimed.size, root: claimed.root };
    await verifyCheckpoint(claimed, [key]);
  } catch (error) {
    if (error instanceof NoEd25519) throw error;
    return { state: "unsigned", why: (error as Error).message, claimed: head };
  }
  const found: CheckedEntry[] = [];
  const proven = new Map<number, StoredRecord>();
  const keep = ({ seq, line }: ProofEntry): void => {
    const record: unknown = JSON.parse(line);
    if (isStoredRecord(record)) proven.set(seq, record);
  };
  for (const entry of answer.referenced ?? []) if ((await faultOf(entry, head)) === undefined) keep(entry);
  for (const entry of answer.entries) {
    const why = await faultOf(entry, head);
    const { seq, line } = entry;
    if (why === undefined) keep(entry);
    found.push(why === undefined ? { seq, line, state: "proven" } : { seq, line, state: "altered", why });
  }
  const entries = found.map((entry) =>
    entry.state === "proven" ? { ...entry, record: recordOf(entry, proven) } : entry,
  );
  entries.sort((a, b) => b.seq - a.seq);
  const { missing, archived } = withoutArchived(missingFrom(entries, head.size, asked), archivedBy(proven));
  return {
    state: "checked",
    head,
    checkpoint: answer.checkpoint,
    key: key.text,
    followed: keys.slice(0, -1).map(({ text }) => text),
    entries,
    missing,
    archived,
  };
}

/** What proven records say was archived and dropped. */
function archivedBy(proven: ReadonlyMap<number, StoredRecord>): readonly ArchivedFile[] {
  return [...proven].flatMap(([by, { type, detail }]) => {
    const { first, count } = (detail ?? {}) as { readonly first?: unknown; readonly count?: unknown };
    // A file goes after its records were written: a drop says nothing of what came behind it.
    const isDrop = type === "log.segment_dropped" && typeof first === "number" && typeof count === "number";
    return isDrop && first + count <= by ? [{ first, count, by }] : [];
  });
}

function withoutArchived(
  missing: readonly number[],
  files: readonly ArchivedFile[],
): { readonly missing: readonly number[]; readonly archived: readonly ArchivedFile[] } {
  const holds = ({ first, count }: ArchivedFile, seq: number): boolean => seq >= first && seq < first + count;
  return {
    missing: missing.filter((seq) => !files.some((file) => holds(file, seq))),
    archived: files
      .filter((file) => missing.some((seq) => holds(file, seq)))
      .toSorted((a, b) => b.first - a.first),
  };
}

/** A proven line's record, with what others say for it as far as they are proven too. */
function recordOf({ seq, line }: CheckedEntry, proven: ReadonlyMap<number, StoredRecord>): unknown {
  const record = proven.get(seq);
  if (record === undefined) return JSON.parse(line);
  return joinRecord(record, (number) => proven.get(number));
}

/** What is wrong with an entry, or undefined when the signed tree holds it at its place. */
async function faultOf(entry: ProofEntry, head: CheckpointHead): Promise<string | undefined> {
  const bytes = utf8(entry.line);
  if (bytes.length > MAX_LINE_BYTES || !entry.line.isWellFormed())
    return "the line is not one that the log can hold";
  if (seqOf(entry.line) !== entry.seq) return `the line does not say that it is record ${entry.seq}`;
  const proof = readProof(entry.proof);
  if (proof === undefined) return "the proof is not a list of hashes";
  const included = await isIncluded(await leafHash(bytes), entry.seq, head.size, proof, head.root);
  return included === true ? undefined : "the signed log holds something else at this place";
}

function readProof(texts: readonly string[]): Bytes[] | undefined {
  const hashes = texts.map(fromBase64).filter((hash) => hash?.length === 32);
  return hashes.length === texts.length ? (hashes as Bytes[]) : undefined;
}

function seqOf(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" && "seq" in value ? value.seq : undefined;
  } catch {
    return undefined;
  }
}

/** The newest records below `before` have numbers that follow one another, down to `limit` of them or to 0. */
function missingFrom(
  entries: readonly CheckedEntry[],
  size: number,
  asked: { readonly before?: number; readonly limit: number },
): readonly number[] {
  const end = Math.min(asked.before ?? size, size);
  const there = new Set(entries.map(({ seq }) => seq));
  const missing: number[] = [];
  for (let seq = end - 1; seq >= 0 && seq >= end - asked.limit; seq--) if (!there.has(seq)) missing.push(seq);
  return missing;
}

/** Whether a log only grew since a head of it was kept. */
export type Grown =
  | { readonly state: "same" | "grew"; readonly records: number }
  | { readonly state: "shrank" | "forked" }
  /** Nothing is known: the proof was not given, or is of another checkpoint. */
  | { readonly state: "unproven"; readonly why: string };

/**
 * Proves that a checked log is a kept one with records added, out of the inclusion proof of the kept head's last
 * record.
 * @param last that record's entry, as the same checkpoint proves it; undefined when it was not given
 */
export async function growth(
  kept: KeptHead,
  now: CheckpointHead,
  last: ProofEntry | undefined,
): Promise<Grown> {
  const seen = growthSince(kept, now);
  if (seen === "shrank" || seen === "forked") return { state: seen };
  if (seen === "same") return { state: "same", records: 0 };
  const records = now.size - kept.size;
  // The empty log is the beginning of every log.
  if (kept.size === 0) return { state: "grew", records };
  if (last?.seq !== kept.size - 1)
    return { state: "unproven", why: `the proof of record ${kept.size - 1} is missing` };
  const proof = readProof(last.proof);
  const leaf = await leafHash(utf8(last.line));
  if (proof === undefined || (await isIncluded(leaf, last.seq, now.size, proof, now.root)) !== true)
    return { state: "unproven", why: `the proof of record ${last.seq} does not fit this checkpoint` };
  const root = await rootUpTo(leaf, last.seq, now.size, proof);
  return sameBytes(root, kept.root) ? { state: "grew", records } : { state: "forked" };
}
