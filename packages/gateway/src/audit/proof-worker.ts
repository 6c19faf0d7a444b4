import { parentPort, workerData } from "node:worker_threads";
import { join } from "node:path";
import {
  addLeaf,
  emptyTree,
  inclusionProof,
  leafHash,
  linesOf,
  rootOf,
  segmentsOf,
  type TreeEdge,
} from "@mayfly/audit-verifier";
import { blockWidth, createBlockTree } from "./block-tree.ts";

/** Asks for records and their proofs in a tree of `size` leaves. */
export interface ProofRequest {
  readonly size: number;
  /** Base64: what the tree's root must be. */
  readonly root: string;
  readonly from: number;
  /** Not with. */
  readonly to: number;
}

/** A record with its proof. */
export interface ProvedLine {
  readonly seq: number;
  readonly line: string;
  /** Base64. */
  readonly proof: readonly string[];
}

/** The worker's answer. */
export type ProofAnswer =
  /** Oldest first. */
  | { readonly kind: "proved"; readonly entries: readonly ProvedLine[] }
  /** How many leaves are hashed so far: hashing goes on. */
  | { readonly kind: "hashing"; readonly done: number }
  | { readonly kind: "failed"; readonly error: string };

/** Hashes for so long before it answers that it is not done, milliseconds. */
const longestRun = 3000;
/** Looks at the clock every so many leaves. */
const slice = 4096;

interface Place {
  readonly file: string;
  readonly offset: number;
}

/** One line of the log, wherever it stands. */
interface Found {
  readonly bytes: Buffer;
  /** Where the next line begins. */
  readonly next: Place;
}

/** The lines of a log from a place on, through all its files. */
function* linesFrom(folder: string, place: Place): Generator<Found> {
  const segments = segmentsOf(folder);
  const first = segments.findIndex(({ file }) => file === place.file);
  if (first < 0) return;
  for (const [i, { file }] of segments.slice(first).entries()) {
    for (const line of linesOf(join(folder, file), Infinity, i === 0 ? place.offset : 0)) {
      if (!line.ended) return;
      yield { bytes: line.bytes, next: { file, offset: line.offset + line.bytes.length + 1 } };
    }
  }
}

/** Proves records of a log by its files. Blocks; for a thread of its own. */
export interface LineProver {
  /** Hashes until `size` leaves are hashed or the time is up. @returns how many are hashed */
  hash(size: number, monotonic: () => number): number;
  /** @throws Error when the files do not lead to that root, or do not hold the records */
  prove(request: ProofRequest): readonly ProvedLine[];
}

/** Makes a prover of a log's folder that has hashed nothing yet. */
export function createLineProver(folder: string): LineProver {
  const tree = createBlockTree();
  /** Where each block begins, the one under way included. */
  const places: Place[] = [];
  let next: Place = { file: segmentsOf(folder)[0]?.file ?? "", offset: 0 };
  let edge: TreeEdge = emptyTree();

  const done = (): number => tree.blocks * blockWidth + edge.size;

  function take({ bytes, next: after }: Found): void {
    if (edge.size === 0) places[tree.blocks] = next;
    addLeaf(edge, leafHash(bytes));
    next = after;
    if (edge.size < blockWidth) return;
    tree.add(rootOf(edge));
    edge = emptyTree();
  }

  /** The lines of the block that holds a leaf, as far as `size` leaves go. */
  function blockOf(block: number, size: number): readonly Buffer[] {
    const place = places[block];
    if (place === undefined) throw new Error("the block is not hashed");
    const count = Math.min(blockWidth, size - block * blockWidth);
    const lines: Buffer[] = [];
    for (const { bytes } of linesFrom(folder, place)) {
      lines.push(Buffer.from(bytes));
      if (lines.length === count) break;
    }
    if (lines.length < count) throw new Error("the files hold fewer records than the checkpoint covers");
    return lines;
  }

  return {
    hash(size, monotonic) {
      const until = monotonic() + longestRun;
      while (done() < size) {
        const before = done();
        const end = Math.min(size, before + slice);
        for (const found of linesFrom(folder, next)) {
          take(found);
          if (done() === end) break;
        }
        if (done() === before) throw new Error("the files hold fewer records than the checkpoint covers");
        if (monotonic() >= until) break;
      }
      return done();
    },
    prove({ size, root, from, to }) {
      const blocks = new Map<number, { lines: readonly Buffer[]; hashes: readonly Buffer[] }>();
      const block = (index: number): { lines: readonly Buffer[]; hashes: readonly Buffer[] } => {
        const number = Math.floor(index / blockWidth);
        let known = blocks.get(number);
        if (known === undefined) {
          const lines = blockOf(number, size);
          known = { lines, hashes: lines.map((line) => leafHash(line)) };
          blocks.set(number, known);
        }
        return known;
      };
      const leaf = (index: number): Buffer => block(index).hashes[index % blockWidth] as Buffer;
      const rangeRoot = (start: number, end: number): Buffer => tree.rangeRoot(start, end, leaf);
      if (size > 0 && rangeRoot(0, size).toString("base64") !== root)
        throw new Error("the records do not lead to the checkpoint's root");
      const entries: ProvedLine[] = [];
      for (let seq = from; seq < Math.min(to, size); seq += 1)
        entries.push({
          seq,
          line: (block(seq).lines[seq % blockWidth] as Buffer).toString("utf8"),
          proof: inclusionProof(seq, size, rangeRoot).map((hash) => hash.toString("base64")),
        });
      return entries;
    },
  };
}

/** What the worker is started with. */
export interface ProofWorkerStart {
  readonly kind: "prove";
  readonly folder: string;
}

// The worker's side. Nothing runs when the main thread imports this file for its types.
if (parentPort !== null && isStart(workerData)) {
  const port = parentPort;
  const { folder } = workerData;
  let prover = createLineProver(folder);
  const monotonic = (): number => performance.now();
  /** Goes on after an answer that it is not done, between whatever else is asked. */
  const goOn = (size: number): void => {
    setImmediate(() => {
      try {
        if (prover.hash(size, monotonic) < size) goOn(size);
      } catch {
        prover = createLineProver(folder);
      }
    });
  };
  port.on("message", (request: ProofRequest) => {
    try {
      const done = prover.hash(request.size, monotonic);
      if (done < request.size) {
        port.postMessage({ kind: "hashing", done } satisfies ProofAnswer);
        goOn(request.size);
      } else port.postMessage({ kind: "proved", entries: prover.prove(request) } satisfies ProofAnswer);
    } catch (error) {
      // What it hashed may not be what stands there now: it starts anew.
      prover = createLineProver(folder);
      port.postMessage({ kind: "failed", error: (error as Error).message } satisfies ProofAnswer);
    }
  });
}

function isStart(data: unknown): data is ProofWorkerStart {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === "prove";
}
