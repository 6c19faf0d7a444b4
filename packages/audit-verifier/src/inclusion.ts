import { nodeHash } from "./merkle.ts";

/** The largest power of two below `size`, which is 2 at least: where a tree of that size splits. */
export function splitOf(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/**
 * The proof that a tree of `size` leaves holds the leaf `index`: the hashes of the subtrees beside the way from it to
 * the root (RFC 9162, section 2.1.3.1).
 * @param rangeRoot the root over the leaves from `from` up to, not with, `to`
 * @throws RangeError when the tree has no such leaf
 */
export function inclusionProof(
  index: number,
  size: number,
  rangeRoot: (from: number, to: number) => Buffer,
): readonly Buffer[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError("the tree has no such leaf");
  const beside: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      beside.push(rangeRoot(middle, to));
      to = middle;
    } else {
      beside.push(rangeRoot(from, middle));
      from = middle;
    }
  }
  return beside.toReversed();
}

/**
 * The root that a proof leads to (RFC 9162, section 2.1.3.2): compare it with that of a checkpoint of the same size.
 * @throws RangeError when the proof is not of a leaf of such a tree
 */
export function rootOfProof(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Buffer {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError("the tree has no such leaf");
  let [at, last] = [index, size - 1];
  let root: Buffer = Buffer.from(leaf);
  for (const hash of proof) {
    if (last === 0) throw new RangeError("the proof is too long");
    if (hash.length !== 32) throw new RangeError("the proof holds what is no hash");
    if (at % 2 === 1 || at === last) {
      root = nodeHash(hash, root);
      // A leaf at the right edge has no sibling on the levels where the tree is not full.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = nodeHash(root, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (last !== 0) throw new RangeError("the proof is too short");
  return root;
}
