import { HASH_BYTES, inclusionProof } from "./core/merkle.ts";
import { leafHash, nodeHash, type TreeEdge } from "./merkle.ts";

/** A perfect subtree that stands where a tree of any size has it. */
export interface Node {
  readonly from: number;
  readonly width: number;
}

/** The fewest perfect subtrees that cover the leaves from `first` on, left to right. */
export function nodesOf(first: number, count: number): readonly Node[] {
  const nodes: Node[] = [];
  const end = first + count;
  for (let from = first; from < end;) {
    let width = 1;
    while (from % (2 * width) === 0 && from + 2 * width <= end) width *= 2;
    nodes.push({ from, width });
    from += width;
  }
  return nodes;
}

/**
 * Adds a perfect subtree to a tree, by its root.
 * @throws RangeError when a tree of that size has none there
 */
export function addSubtree(tree: TreeEdge, width: number, root: Buffer): void {
  if (tree.size % width !== 0) throw new RangeError("no subtree of that width begins there");
  let right = root;
  for (let size = tree.size / width; size % 2 === 1; size = Math.floor(size / 2)) {
    const left = tree.roots.pop();
    if (left === undefined) throw new RangeError("a tree with fewer subtrees than its size says");
    right = nodeHash(left, right);
  }
  tree.roots.push(right);
  tree.size += width;
}

/** The hashes of a stretch of leaves: what a tree needs of them when they are gone, and proofs of some of them. */
export interface RangeHashes {
  /** The roots of `nodesOf`. */
  readonly roots: readonly Buffer[];
  /** From a leaf to the root of its node. @param seq the leaf's number in the tree */
  proof(seq: number): readonly Buffer[];
}

/** @param leaves the hashes of all of them, in order */
export function hashRange(first: number, leaves: readonly Buffer[]): RangeHashes {
  const known = new Map<string, Buffer>();
  function root(from: number, to: number): Buffer {
    if (to - from === 1) return leaves[from - first] as Buffer;
    const key = `${from}-${to}`;
    let hash = known.get(key);
    if (hash === undefined) {
      const middle = from + (to - from) / 2;
      hash = nodeHash(root(from, middle), root(middle, to));
      known.set(key, hash);
    }
    return hash;
  }
  const nodes = nodesOf(first, leaves.length);
  return {
    roots: nodes.map(({ from, width }) => root(from, from + width)),
    proof(seq) {
      const node = nodes.find(({ from, width }) => seq >= from && seq < from + width);
      if (node === undefined) throw new RangeError("no such leaf");
      return inclusionProof(seq - node.from, node.width, (from, to) =>
        root(node.from + from, node.from + to),
      );
    },
  };
}

/** Whether a line is a leaf of one of the nodes, by its proof. */
export function isInRange(
  of: { readonly first: number; readonly count: number; readonly roots: readonly Buffer[] },
  seq: number,
  line: Buffer,
  proof: readonly Buffer[],
): boolean {
  const nodes = nodesOf(of.first, of.count);
  const at = nodes.findIndex(({ from, width }) => seq >= from && seq < from + width);
  const node = nodes[at];
  if (node === undefined || 2 ** proof.length !== node.width) return false;
  let index = seq - node.from;
  let hash = leafHash(line);
  for (const beside of proof) {
    if (beside.length !== HASH_BYTES) return false;
    hash = index % 2 === 1 ? nodeHash(beside, hash) : nodeHash(hash, beside);
    index = Math.floor(index / 2);
  }
  return hash.equals(of.roots[at] as Buffer);
}
