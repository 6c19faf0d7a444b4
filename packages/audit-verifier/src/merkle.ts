import { hash } from "node:crypto";
import { HASH_BYTES, leafInput, nodeInput } from "./core/merkle.ts";

// The log's own tree is built of millions of hashes, so the input of each is put where the last one was.
let scratch = Buffer.allocUnsafe(64 * 1024 + 1);
const pair = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);

function leafRoom(length: number): Buffer {
  if (scratch.length < length) scratch = Buffer.allocUnsafe(length);
  return scratch.subarray(0, length);
}

const pairRoom = (): Buffer => pair;

/** Digests of Node's come as a Buffer with memory of its own each, which costs three times as much as a string. */
function sha256(input: Uint8Array): Buffer {
  return Buffer.from(hash("sha256", input, "binary"), "latin1");
}

/** The hash of a leaf: SHA-256(0x00 || entry) (RFC 6962, section 2.1). */
export function leafHash(entry: Uint8Array): Buffer {
  return sha256(leafInput(entry, leafRoom));
}

/** The hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(nodeInput(left, right, pairRoom));
}

/**
 * The right edge of a Merkle tree: the roots of its largest perfect subtrees, left to right. It is all that is
 * needed to grow the tree and to name its root, whatever its size.
 */
export interface TreeEdge {
  size: number;
  readonly roots: Buffer[];
}

/** An empty tree. */
export function emptyTree(): TreeEdge {
  return { size: 0, roots: [] };
}

/** Adds one leaf, by its hash. */
export function addLeaf(tree: TreeEdge, leaf: Buffer): void {
  let right = leaf;
  // One perfect subtree merges for every trailing 1 bit of the size.
  for (let size = tree.size; size % 2 === 1; size = Math.floor(size / 2)) {
    const left = tree.roots.pop();
    if (left === undefined) throw new RangeError("a tree with fewer subtrees than its size says");
    right = nodeHash(left, right);
  }
  tree.roots.push(right);
  tree.size += 1;
}

/** The root of the tree (RFC 6962, section 2.1: MTH); that of the empty tree is SHA-256 of nothing. */
export function rootOf(tree: TreeEdge): Buffer {
  const last = tree.roots.at(-1);
  if (last === undefined) return sha256(Buffer.alloc(0));
  let root = last;
  for (let i = tree.roots.length - 2; i >= 0; i--) root = nodeHash(tree.roots[i] as Buffer, root);
  return root;
}

/** How many perfect subtrees a tree of this size has: the 1 bits of the size. */
export function subtreesOf(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
