import { nodeHash, splitOf } from "@mayfly/audit-verifier";

/** Leaves of a block. */
export const blockWidth = 256;

/** Hashes one behind the other: 32 bytes each and nothing else, since a log has millions. */
interface Row {
  bytes: Buffer;
  count: number;
}

/**
 * A Merkle tree (RFC 9162, section 2.1) without its leaves: of every 256 leaves their subtree's root, and every full
 * inner node above. It names the root of any range when it is given the leaves of the blocks at the range's ends.
 */
export interface BlockTree {
  /** Full blocks so far. */
  readonly blocks: number;
  /** Adds the root of the next full block. */
  add(root: Buffer): void;
  /**
   * The root over the leaves from `from` up to, not with, `to`, as the proofs of a tree cut it.
   * @param leaf the hash of a leaf in a block that is not full, or that is cut
   */
  rangeRoot(from: number, to: number, leaf: (index: number) => Buffer): Buffer;
}

/** Makes an empty one. */
export function createBlockTree(): BlockTree {
  const rows: Row[] = [];

  function hashAt(level: number, index: number): Buffer | undefined {
    const row = rows[level];
    return row === undefined || index >= row.count
      ? undefined
      : row.bytes.subarray(index * 32, index * 32 + 32);
  }

  function put(level: number, hash: Buffer): void {
    const row = (rows[level] ??= { bytes: Buffer.alloc(32 * 64), count: 0 });
    if (row.bytes.length === row.count * 32)
      row.bytes = Buffer.concat([row.bytes, Buffer.alloc(row.bytes.length)]);
    hash.copy(row.bytes, row.count * 32);
    row.count += 1;
    if (row.count % 2 === 1) return;
    const left = hashAt(level, row.count - 2);
    if (left !== undefined) put(level + 1, nodeHash(left, hash));
  }

  const tree: BlockTree = {
    get blocks() {
      return rows[0]?.count ?? 0;
    },
    add: (root) => put(0, root),
    rangeRoot(from, to, leaf) {
      const width = to - from;
      if (width === 1) return leaf(from);
      if (width >= blockWidth && Number.isInteger(Math.log2(width)) && from % width === 0) {
        const known = hashAt(Math.log2(width / blockWidth), from / width);
        if (known !== undefined) return Buffer.from(known);
      }
      const middle = from + splitOf(width);
      return nodeHash(tree.rangeRoot(from, middle, leaf), tree.rangeRoot(middle, to, leaf));
    },
  };
  return tree;
}
