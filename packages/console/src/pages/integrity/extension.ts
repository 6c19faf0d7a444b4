import { sameBytes } from "./bytes.ts";
import { nodeHash } from "./merkle.ts";

/**
 * The root of the tree that ends with a leaf, out of that leaf's inclusion proof in any larger tree: the leaf at
 * `index` is the last one of the tree of size `index + 1`, and what stands to the left of its path is the same in
 * both trees. So one inclusion proof shows that a log only grew. The proof itself must have been verified.
 * @param size of the larger tree
 */
export async function rootUpTo(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Promise<Uint8Array> {
  let fn = index;
  let sn = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    // The walk of RFC 9162, section 2.1.3.2; siblings on the right came after, and are left out.
    if (fn % 2 === 1 || fn === sn) {
      root = await nodeHash(sibling, root);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return root;
}

/** A head of the log that somebody kept: in this browser, or anywhere the gateway cannot reach. */
export interface KeptHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** How the log's head of now relates to a head that was kept. */
export type Growth =
  /** The same size and root. */
  | "same"
  /** Larger: an inclusion proof decides whether it only grew. */
  | "larger"
  /** Records are gone. */
  | "shrank"
  /** As many records, and not the same ones. */
  | "forked";

/** Compares two heads by what can be seen without a proof. */
export function growthSince(kept: KeptHead, now: KeptHead): Growth {
  if (now.size < kept.size) return "shrank";
  if (now.size > kept.size) return "larger";
  return sameBytes(now.root, kept.root) ? "same" : "forked";
}
