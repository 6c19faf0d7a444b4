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
  /** Adds the root of a perfect subtree of 2^level blocks of which nothing else is known. */
  addSubtree(level: number, root: Buffer): void;
  /**
   * The root over the leaves from `from` up to, not with, `to`, as the proofs of a tree cut it.
   * @param leaf the hash of a leaf in a block that is not full, or that is cut
   * @param known the root of a perfect subtree that is known otherwise
   */
  rangeRoot(
    from: number,
    to: number,
    leaf: (index: number) => Buffer,
    known?: (from: number, width: number) => Buffer | undefined,
  ): Buffer;
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

  function rowAt(level: number, more: number): Row {
    const row = (rows[level] ??= { bytes: Buffer.alloc(32 * 64), count: 0 });
    const needed = (row.count + more) * 32;
    if (row.bytes.length < needed)
      row.bytes = Buffer.concat([
        row.bytes,
        Buffer.alloc(Math.max(row.bytes.length, needed - row.bytes.length)),
      ]);
    return row;
  }

  function skip(level: number, more: number): void {
    rowAt(level, more).count += more;
  }

  function put(level: number, hash: Buffer): void {
    const row = rowAt(level, 1);
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
    addSubtree(level, root) {
      // What is below is never asked for: it stands for leaves that are gone.
      for (let below = 0; below < level; below += 1) skip(below, 2 ** (level - below));
      put(level, root);
    },
    rangeRoot(from, to, leaf, known) {
      const width = to - from;
      const said = known?.(from, width);
      if (said !== undefined) return said;
      if (width === 1) return leaf(from);
      if (width >= blockWidth && Number.isInteger(Math.log2(width)) && from % width === 0) {
        const known = hashAt(Math.log2(width / blockWidth), from / width);
        if (known !== undefined) return Buffer.from(known);
      }
      const middle = from + splitOf(width);
      return nodeHash(tree.rangeRoot(from, middle, leaf, known), tree.rangeRoot(middle, to, leaf, known));
    },
  };
  return tree;
}
