import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeBase64 } from "./note.ts";
import { isInRange, nodesOf } from "./ranges.ts";

/**
 * What is kept of a file of records that was archived and dropped: enough for the tree, for what later records refer to,
 * and to know the file again.
 */
export interface Stub {
  /** The number of its first record. */
  readonly first: number;
  readonly count: number;
  /** The file's size and its SHA-256, hexadecimal. */
  readonly bytes: number;
  readonly sha256: string;
  /** The times of its first and its last record. */
  readonly from: string;
  readonly to: string;
  /** The roots of the perfect subtrees that cover its records (`nodesOf`). */
  readonly roots: readonly Buffer[];
  /** Records that others refer to, or that verification needs, each with its proof up to one of the roots. */
  readonly carried: readonly Carried[];
  /** The number of records of the log when it was prepared: the record of the drop comes after. */
  readonly at: number;
  /** In an archive: the file stands in the log still. */
  readonly kept?: true;
}

/** A record of a dropped file that is kept. */
export interface Carried {
  readonly seq: number;
  /** As it stood in the log, without its newline. */
  readonly line: string;
  readonly proof: readonly Buffer[];
}

/** The folder of stubs, relative to the log's folder. */
export const stubsFolder = "dropped";
const stubForm = /^\d{12}\.json$/;

/** The name of a stub, relative to the log's folder. */
export function stubFile(first: number): string {
  return join(stubsFolder, `${String(first).padStart(12, "0")}.json`);
}

/** A stub as it is kept. */
export function stubText(stub: Stub): string {
  const base64 = (hash: Buffer): string => hash.toString("base64");
  const carried = stub.carried.map(({ line, proof, seq }) => ({ line, proof: proof.map(base64), seq }));
  return `${JSON.stringify({ ...stub, roots: stub.roots.map(base64), carried })}\n`;
}

/** @throws Error saying what is wrong with it */
export function parseStub(text: string): Stub {
  const read = JSON.parse(text) as Omit<Stub, "roots" | "carried"> & {
    readonly roots: readonly string[];
    readonly carried: readonly {
      readonly seq: number;
      readonly line: string;
      readonly proof: readonly string[];
    }[];
  };
  const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  const { first, count, bytes, at } = read;
  if (![first, count, bytes, at].every(isCount) || count === 0 || !/^[0-9a-f]{64}$/.test(read.sha256))
    throw new Error("it does not say which records it stands for");
  const roots = read.roots.map(hashOf);
  if (roots.length !== nodesOf(first, count).length)
    throw new Error("it does not hold the hashes of its records");
  const carried = read.carried.map(({ seq, line, proof }) => ({ seq, line, proof: proof.map(hashOf) }));
  for (const { seq, line, proof } of carried)
    if (!isInRange({ first, count, roots }, seq, Buffer.from(line), proof))
      throw new Error(`record ${seq}, which it holds, is not what was in the file`);
  return { ...read, roots, carried };
}

function hashOf(text: string): Buffer {
  const hash = decodeBase64(text);
  if (hash?.length !== 32) throw new Error("it holds what is no hash");
  return hash;
}

/**
 * An archive's own: what stands for the log's records from the archive's end to its newest checkpoint, so that the
 * checkpoint proves what is in the archive.
 */
export const restFile = "rest.json";

/** A stub that was found, or what is wrong with it. */
export type FoundStub =
  | { readonly file: string; readonly stub: Stub }
  | { readonly file: string; readonly first: number; readonly error: string };

/** The stubs of a log's folder, in order. */
export function stubsOf(folder: string): readonly FoundStub[] {
  return stubReader(folder)();
}

/** Reads the stubs of a log's folder, each of them once: it is read again where its file is another one. */
export function stubReader(folder: string): () => readonly FoundStub[] {
  let known = new Map<string, { readonly of: string; readonly found: FoundStub }>();
  return () => {
    const stubs = join(folder, stubsFolder);
    if (!existsSync(stubs)) return [];
    const names = readdirSync(stubs)
      .filter((name) => stubForm.test(name))
      .toSorted();
    known = new Map(
      names.map((name) => {
        const { ino, size, mtimeMs } = statSync(join(stubs, name));
        const of = `${ino} ${size} ${mtimeMs}`;
        const before = known.get(name);
        return [name, before?.of === of ? before : { of, found: readStub(folder, name) }];
      }),
    );
    return Array.from(known.values(), ({ found }) => found);
  };
}

function readStub(folder: string, name: string): FoundStub {
  const file = join(stubsFolder, name);
  const first = Number(name.slice(0, 12));
  try {
    const stub = parseStub(readFileSync(join(folder, file), "utf8"));
    if (stub.first !== first) throw new Error("its name is another's");
    return { file, stub };
  } catch (error) {
    return { file, first, error: (error as Error).message };
  }
}
