import { concat, sameBytes, type Bytes } from "./bytes.ts";

const leafPrefix = Uint8Array.of(0x00);
const nodePrefix = Uint8Array.of(0x01);
/** No tree of up to 2^53 leaves has a longer path. */
const longestProof = 53;

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The hash of a leaf: SHA-256(0x00 || entry) (RFC 6962, section 2.1). */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(concat(leafPrefix, entry));
}

/** The hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(concat(nodePrefix, left, right));
}

/**
 * Verifies an inclusion proof, step by step as RFC 9162, section 2.1.3.2 has it. Numbers, not bits: an index may
 * have more than 32 of them.
 * @param leaf the hash of the leaf
 * @param index the leaf's position, from 0
 * @param size how many leaves the tree has
 * @param proof the hashes from the leaf's sibling up
 * @returns whether a tree of that size and root holds that leaf there
 */
export async function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): Promise<boolean> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (leaf.length !== 32 || proof.length > longestProof || proof.some((hash) => hash.length !== 32))
    return false;
  let fn = index;
  let sn = size - 1;
  let hash: Uint8Array = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = await nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else hash = await nodeHash(hash, sibling);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && sameBytes(hash, root);
}
