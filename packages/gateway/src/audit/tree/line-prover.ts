import { join } from "node:path";
import {
  addLeaf,
  addSubtree,
  consistencyProof,
  emptyTree,
  inclusionProof,
  leafHash,
  linesOf,
  nodesOf,
  referencesOf,
  rootOf,
  segmentFile,
  segmentsOf,
  type StoredRecord,
  type Stub,
  type TreeEdge,
} from "@mayfly/audit-verifier";
import type { AuditProofs, ProvedLine } from "../index/port.ts";
import { blockWidth, createBlockTree, type BlockTree } from "./block-tree.ts";
import { droppedNodes, type DroppedNodes } from "./dropped-nodes.ts";

/** What is asked of the worker. */
export type ProofRequest = RecordsRequest | GrowthRequest;

/** Asks for the proof that a tree of `size` leaves begins with the one of its first `old`. */
export interface GrowthRequest {
  readonly size: number;
  /** Base64: what the tree's root must be. */
  readonly root: string;
  readonly old: number;
}

/** Asks for records and their proofs in a tree of `size` leaves. */
export interface RecordsRequest {
  readonly size: number;
  /** Base64: what the tree's root must be. */
  readonly root: string;
  readonly from: number;
  /** Not with. */
  readonly to: number;
  /** Further records to prove among those that these refer to. */
  readonly also?: readonly number[];
}

/** Records with their proofs, and those that they refer to with theirs; oldest first. */
export type Proved = Pick<AuditProofs, "entries" | "referenced">;

/** Hashes for so long before it answers that it is not done, milliseconds. */
const MAX_RUN_MS = 3000;
/** Looks at the clock every so many leaves. */
const SLICE_LEAVES = 4096;

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

/** The lines of a log from a record on, through all its files, up to where one is missing. */
function* linesFrom(folder: string, place: Place, seq: number): Generator<Found> {
  const segments = segmentsOf(folder);
  const start = segments.findIndex(({ file }) => file === place.file);
  if (start < 0) return;
  let at = seq;
  for (const [i, { file, first }] of segments.slice(start).entries()) {
    if (i > 0 && first !== at) return;
    for (const line of linesOf(join(folder, file), Infinity, i === 0 ? place.offset : 0)) {
      if (!line.ended) return;
      yield { bytes: line.bytes, next: { file, offset: line.offset + line.bytes.length + 1 } };
      at += 1;
    }
  }
}

/** Proves records of a log by its files. Blocks; for a thread of its own. */
export interface LineProver {
  /** Hashes until `size` leaves are hashed or the time is up. @returns how many are hashed */
  hash(size: number, monotonic: () => number): number;
  /** @throws Error when the files do not lead to that root, or do not hold the records */
  prove(request: RecordsRequest): Proved;
  /** @throws Error as above, and where `old` is inside a file that was dropped */
  proveGrowth(request: GrowthRequest): readonly string[];
}

interface Block {
  /** By their numbers; what was dropped is not among them. */
  readonly lines: ReadonlyMap<number, Buffer>;
  readonly hashes: ReadonlyMap<number, Buffer>;
}

const tooFew = "the files hold fewer records than the checkpoint covers";

/** What `size` leaves are read from, for one request, once they are proved to lead to that root. */
function viewOf(
  { size, root }: Pick<ProofRequest, "size" | "root">,
  tree: BlockTree,
  dropped: DroppedNodes,
  blockOf: (block: number, size: number) => Block,
) {
  const blocks = new Map<number, Block>();
  const block = (index: number): Block => {
    const number = Math.floor(index / blockWidth);
    const known = blocks.get(number) ?? blockOf(number, size);
    blocks.set(number, known);
    return known;
  };
  const leaf = (index: number): Buffer => {
    const hash = block(index).hashes.get(index);
    if (hash === undefined) throw new Error(tooFew);
    return hash;
  };
  const rangeRoot = (start: number, end: number): Buffer =>
    tree.rangeRoot(start, end, leaf, (at, width) => dropped.root(at, width));
  if (size > 0 && rangeRoot(0, size).toString("base64") !== root)
    throw new Error("the records do not lead to the checkpoint's root");
  return { block, rangeRoot };
}

/** Makes a prover of a log's folder that has hashed nothing yet. */
export function createLineProver(folder: string): LineProver {
  const tree = createBlockTree();
  const dropped = droppedNodes(folder);
  /** Where each block's first record that is there begins. */
  const places: ({ readonly seq: number } & Place)[] = [];
  let next: Place = { file: segmentsOf(folder)[0]?.file ?? "", offset: 0 };
  let edge: TreeEdge = emptyTree();

  const done = (): number => tree.blocks * blockWidth + edge.size;

  function closeBlock(): void {
    if (edge.size < blockWidth) return;
    tree.add(rootOf(edge));
    edge = emptyTree();
  }

  function take({ bytes, next: after }: Found): void {
    places[tree.blocks] ??= { seq: done(), ...next };
    addLeaf(edge, leafHash(bytes));
    next = after;
    closeBlock();
  }

  function takeDropped({ first, count, roots }: Stub): void {
    for (const [at, { width }] of nodesOf(first, count).entries()) {
      const root = roots[at] as Buffer;
      if (width >= blockWidth) tree.addSubtree(Math.log2(width / blockWidth), root);
      else addSubtree(edge, width, root);
      closeBlock();
    }
    next = { file: segmentFile(first + count), offset: 0 };
  }

  /** The lines of a block that are there, as far as `size` leaves go. */
  function blockOf(block: number, size: number): Block {
    const lines = new Map<number, Buffer>();
    const start = places[block];
    const end = Math.min((block + 1) * blockWidth, size);
    let place: Place = start ?? { file: "", offset: 0 };
    for (let at = start?.seq ?? end; at < end;) {
      const gone = dropped.covering(at);
      if (gone !== undefined) {
        at = gone.first + gone.count;
        place = { file: segmentFile(at), offset: 0 };
        continue;
      }
      const before = at;
      for (const found of linesFrom(folder, place, at)) {
        lines.set(at, Buffer.from(found.bytes));
        place = found.next;
        at += 1;
        if (at === end) break;
      }
      if (at === before) throw new Error(tooFew);
    }
    return { lines, hashes: new Map(Array.from(lines, ([seq, line]) => [seq, leafHash(line)])) };
  }

  return {
    proveGrowth: (request) =>
      consistencyProof(request.old, request.size, viewOf(request, tree, dropped, blockOf).rangeRoot).map(
        (hash) => hash.toString("base64"),
      ),
    hash(size, monotonic) {
      dropped.refresh();
      const until = monotonic() + MAX_RUN_MS;
      while (done() < size) {
        const before = done();
        const gone = dropped.covering(before);
        if (gone?.first === before) {
          takeDropped(gone);
          continue;
        }
        const end = Math.min(size, before + SLICE_LEAVES);
        for (const found of linesFrom(folder, next, before)) {
          take(found);
          if (done() === end) break;
        }
        if (done() === before) throw new Error(tooFew);
        if (monotonic() >= until) break;
      }
      return done();
    },
    prove({ size, root, from, to, also = [] }) {
      const { block, rangeRoot } = viewOf({ size, root }, tree, dropped, blockOf);
      /** Undefined where it was dropped and nothing of it is kept. */
      const proved = (seq: number): readonly ProvedLine[] => {
        const line = block(seq).lines.get(seq)?.toString("utf8") ?? dropped.line(seq);
        if (line === undefined) return [];
        const proof = inclusionProof(seq, size, rangeRoot).map((hash) => hash.toString("base64"));
        return [{ seq, line, proof }];
      };
      const entries: ProvedLine[] = [];
      const referenced = new Set(also.filter((seq) => seq < size && (seq < from || seq >= to)));
      for (let seq = from; seq < Math.min(to, size); seq += 1)
        for (const entry of proved(seq)) {
          entries.push(entry);
          for (const reference of referencesOf(JSON.parse(entry.line) as StoredRecord))
            if (reference < from) referenced.add(reference);
        }
      return { entries, referenced: [...referenced].toSorted((a, b) => a - b).flatMap(proved) };
    },
  };
}
