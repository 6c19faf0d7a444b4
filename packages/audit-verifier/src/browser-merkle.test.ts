import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { isIncluded, leafHash, rootUpTo, utf8 } from "./browser.ts";
import { inclusionProof } from "./inclusion.ts";
import * as verifier from "./merkle.ts";

test("leaves hash on WebCrypto as on node:crypto", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: "binary" }),
      async (bytes, text) => {
        expect(Buffer.from(await leafHash(bytes))).toEqual(verifier.leafHash(bytes));
        expect(Buffer.from(await leafHash(utf8(text)))).toEqual(verifier.leafHash(Buffer.from(text)));
      },
    ),
  );
});

// The example of RFC 6962's own tests (certificate-transparency, merkletree): the leaf hash of the empty string.
test("the hash of the empty leaf is the known one", async () => {
  expect(Buffer.from(await leafHash(utf8(""))).toString("hex")).toBe(
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  );
});

const leaves = Array.from({ length: 40 }, (_, seq) => verifier.leafHash(Buffer.from(`line ${seq}`)));

function rangeRoot(from: number, to: number): Buffer {
  const tree = verifier.emptyTree();
  for (const leaf of leaves.slice(from, to)) verifier.addLeaf(tree, leaf);
  return verifier.rootOf(tree);
}

const rootOf = (size: number): Buffer => rangeRoot(0, size);

test("every leaf of every tree up to 40 leaves is included at its place, and at no other", async () => {
  for (let size = 1; size <= leaves.length; size++) {
    const root = rootOf(size);
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, rangeRoot);
      const leaf = leaves[index]!;
      expect(await isIncluded(leaf, index, size, proof, root)).toBe(true);
      const elsewhere = (index + 1) % (size + 1);
      expect(await isIncluded(leaf, elsewhere, size, proof, root)).toBe(false);
    }
  }
});

test("a proof altered anywhere, shortened or lengthened is refused", async () => {
  const size = 40;
  const root = rootOf(size);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(size - 1),
      fc.nat(6),
      fc.nat(31),
      fc.integer({ min: 1, max: 255 }),
      async (index, step, at, flip) => {
        const proof = inclusionProof(index, size, rangeRoot);
        const leaf = leaves[index]!;
        const altered = proof.map((node) => Buffer.from(node));
        altered[step % proof.length]![at]! ^= flip;
        expect(await isIncluded(leaf, index, size, altered, root)).toBe(false);
        expect(await isIncluded(leaf, index, size, proof.slice(1), root)).toBe(false);
        expect(await isIncluded(leaf, index, size, proof.slice(0, -1), root)).toBe(false);
        expect(await isIncluded(leaf, index, size, [...proof, leaf], root)).toBe(false);
        const otherLeaf = Buffer.from(leaf);
        otherLeaf[at]! ^= flip;
        expect(await isIncluded(otherLeaf, index, size, proof, root)).toBe(false);
      },
    ),
  );
});

test.each([
  ["an index past the end", 40, 40],
  ["a negative index", -1, 40],
  ["no number", Number.NaN, 40],
  ["a fraction", 0.5, 40],
  ["an empty tree", 0, 0],
  ["a size past what a number counts", 0, 2 ** 60],
])("%s is refused", async (_, index, size) => {
  expect(await isIncluded(leaves[0]!, index, size, [], leaves[0]!)).toBe(false);
});

test("hashes of another length are refused", async () => {
  expect(await isIncluded(Buffer.alloc(31), 0, 1, [], Buffer.alloc(31))).toBe(false);
  expect(await isIncluded(leaves[0]!, 0, 2, [Buffer.alloc(33)], leaves[0]!)).toBe(false);
});

test("an inclusion proof of the last leaf gives the root of every smaller tree", async () => {
  for (let size = 1; size <= leaves.length; size++)
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, rangeRoot);
      const root = await rootUpTo(leaves[index]!, index, size, proof);
      expect(Buffer.from(root).equals(rootOf(index + 1))).toBe(true);
    }
});
