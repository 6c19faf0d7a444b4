import { sameBytes } from "./bytes.ts";
import { sha256, type Steps } from "./steps.ts";

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

const allocate = (length: number): Uint8Array => new Uint8Array(length);

/**
 * What a leaf's hash is the SHA-256 of: 0x00 || entry (RFC 6962, section 2.1).
 * @param room gives bytes to put it into, exactly so many: for callers that hash millions
 */
export function leafInput(entry: Uint8Array, room: (length: number) => Uint8Array = allocate): Uint8Array {
  const input = room(1 + entry.length);
  input[0] = LEAF_PREFIX;
  input.set(entry, 1);
  return input;
}

/** What an inner node's hash is the SHA-256 of: 0x01 || left || right (RFC 6962, section 2.1). @param room as above */
export function nodeInput(
  left: Uint8Array,
  right: Uint8Array,
  room: (length: number) => Uint8Array = allocate,
): Uint8Array {
  const input = room(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return input;
}

/** The hash of a leaf. */
export const leafHash = (entry: Uint8Array): Steps<Uint8Array> => sha256(leafInput(entry));

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
export function inclusionProof<Hash extends Uint8Array>(
  index: number,
  size: number,
  rangeRoot: (from: number, to: number) => Hash,
): readonly Hash[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError("the tree has no such leaf");
  const beside: Hash[] = [];
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
 * The proof that a tree of `size` leaves begins with the tree of its first `old` leaves (RFC 6962, section 2.1.2).
 * @param rangeRoot as above
 * @throws RangeError when the tree never had that size
 */
export function consistencyProof<Hash extends Uint8Array>(
  old: number,
  size: number,
  rangeRoot: (from: number, to: number) => Hash,
): readonly Hash[] {
  if (!Number.isSafeInteger(old) || old < 0 || old > size)
    throw new RangeError("the tree never had that size");
  if (old === 0 || old === size) return [];
  const beside: Hash[] = [];
  let [from, to] = [0, size];
  /** Whether the verifier knows the root of what is left: it is that of the old tree. */
  let isOldRoot = true;
  while (old !== to) {
    const middle = from + splitOf(to - from);
    if (old <= middle) {
      beside.push(rangeRoot(middle, to));
      to = middle;
    } else {
      beside.push(rangeRoot(from, middle));
      from = middle;
      isOldRoot = false;
    }
  }
  if (!isOldRoot) beside.push(rangeRoot(from, to));
  return beside.toReversed();
}

/** A hash beside the way from a leaf to the root. */
interface Sibling {
  readonly hash: Uint8Array;
  readonly side: "left" | "right";
}

/**
 * On which side of the way each hash of an inclusion proof stands (the walk of RFC 9162, section 2.1.3.2). Numbers,
 * not bits: an index may have more than 32 of them.
 * @throws RangeError when the proof is not of a leaf of such a tree
 */
function siblingsOf(index: number, size: number, proof: readonly Uint8Array[]): readonly Sibling[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError("the tree has no such leaf");
  let [at, last] = [index, size - 1];
  const siblings: Sibling[] = [];
  for (const hash of proof) {
    if (last === 0) throw new RangeError("the proof is too long");
    if (hash.length !== HASH_BYTES) throw new RangeError("the proof holds what is no hash");
    const isLeft = at % 2 === 1 || at === last;
    siblings.push({ hash, side: isLeft ? "left" : "right" });
    // A leaf at the right edge has no sibling on the levels where the tree is not full.
    if (isLeft) while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (last !== 0) throw new RangeError("the proof is too short");
  return siblings;
}

/**
 * The root that a proof leads to (RFC 9162, section 2.1.3.2): compare it with that of a checkpoint of the same size.
 * @throws RangeError when the proof is not of a leaf of such a tree
 */
export function* rootOfProof(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Steps<Uint8Array> {
  let root = leaf;
  for (const { hash, side } of siblingsOf(index, size, proof))
    root = yield* sha256(side === "left" ? nodeInput(hash, root) : nodeInput(root, hash));
  return root;
}

/** Whether a tree of that size and root holds the leaf at that place. */
export function* isIncluded(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): Steps<boolean> {
  if (leaf.length !== HASH_BYTES) return false;
  try {
    return sameBytes(yield* rootOfProof(leaf, index, size, proof), root);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The root of the tree that ends with a leaf, out of that leaf's inclusion proof in any larger tree: the leaf at
 * `index` is the last one of the tree of size `index + 1`, and what stands to the left of its path is the same in
 * both trees; what stands to the right came after. So one inclusion proof shows that a log only grew. The proof
 * itself must have been verified.
 * @param size of the larger tree
 * @throws RangeError when the proof is not of a leaf of such a tree
 */
export function* rootUpTo(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Steps<Uint8Array> {
  let root = leaf;
  for (const { hash, side } of siblingsOf(index, size, proof))
    if (side === "left") root = yield* sha256(nodeInput(hash, root));
  return root;
}
