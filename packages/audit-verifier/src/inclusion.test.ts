import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { inclusionProof, rootOfProof } from "./inclusion.ts";
import { addLeaf, emptyTree, leafHash, rootOf } from "./merkle.ts";

const leaves = Array.from({ length: 700 }, (_, i) => leafHash(Buffer.from(`record ${i}`)));

function rangeRoot(from: number, to: number): Buffer {
  const tree = emptyTree();
  for (const leaf of leaves.slice(from, to)) addLeaf(tree, leaf);
  return rootOf(tree);
}

/** A tree's size and one of its leaves. */
const place = fc
  .integer({ min: 1, max: leaves.length })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })));

describe("inclusion proofs", () => {
  it("lead from every leaf to the root of every tree", () => {
    fc.assert(
      fc.property(place, ([size, index]) => {
        const proof = inclusionProof(index, size, rangeRoot);
        expect(rootOfProof(leaves[index] as Buffer, index, size, proof)).toEqual(rangeRoot(0, size));
      }),
    );
    for (let size = 1; size <= 40; size += 1)
      for (let index = 0; index < size; index += 1)
        expect(
          rootOfProof(leaves[index] as Buffer, index, size, inclusionProof(index, size, rangeRoot)),
        ).toEqual(rangeRoot(0, size));
  });

  it("prove nothing for another leaf, another place, another size, or when a hash is changed", () => {
    fc.assert(
      fc.property(place, fc.nat(), ([size, index], n) => {
        fc.pre(size > 1);
        const proof = inclusionProof(index, size, rangeRoot);
        const root = rangeRoot(0, size).toString("hex");
        const leads = (leaf: Buffer, at: number, of: number, by: readonly Buffer[]): string => {
          try {
            return rootOfProof(leaf, at, of, by).toString("hex");
          } catch (error) {
            return (error as Error).name === "RangeError" ? "none" : root;
          }
        };
        const leaf = leaves[index] as Buffer;
        const other = (index + 1) % size;
        expect(leads(leaves[other] as Buffer, index, size, proof)).not.toBe(root);
        expect(leads(leaf, other, size, proof)).not.toBe(root);
        const changed = proof.map((hash, i) => {
          if (i !== n % proof.length) return hash;
          const copy = Buffer.from(hash);
          copy[n % 32] = (copy[n % 32] ?? 0) ^ 1;
          return copy;
        });
        expect(leads(leaf, index, size, changed)).not.toBe(root);
        expect(leads(leaf, index, size, proof.slice(1))).not.toBe(root);
        expect(leads(leaf, index, size, [...proof, leaf])).not.toBe(root);
      }),
    );
  });

  it("refuses leaves that a tree does not have", () => {
    expect(() => inclusionProof(3, 3, rangeRoot)).toThrow(RangeError);
    expect(() => inclusionProof(-1, 3, rangeRoot)).toThrow(RangeError);
    expect(() => rootOfProof(leaves[0] as Buffer, 3, 3, [])).toThrow(RangeError);
    expect(() => rootOfProof(leaves[0] as Buffer, 0, 2, [Buffer.alloc(31)])).toThrow(RangeError);
  });
});
