import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCheckpoint } from "./checkpoint.ts";
import { addLeaf, emptyTree, leafHash, rootOf } from "./merkle.ts";
import { exportTiles, tileIndex } from "./tiles.ts";
import { verifierKeyOf } from "./note.ts";
import { verifyLog } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-tiles-"));
afterAll(() => rmSync(folder, { recursive: true }));

const size = 256 * 256 + 300;
const { privateKey } = generateKeyPairSync("ed25519");
const key = verifierKeyOf("tiles.test", privateKey);
const tree = emptyTree();
let note: string;
beforeAll(() => {
  const lines = Array.from(
    { length: size },
    (_, seq) => `{"detail":{},"seq":${seq},"time":"2026-01-01T12:00:00.000Z","type":"request.created"}`,
  );
  for (const line of lines) addLeaf(tree, leafHash(Buffer.from(line)));
  mkdirSync(join(folder, "records"));
  writeFileSync(join(folder, "records/000000000000.jsonl"), `${lines.join("\n")}\n`);
  note = makeCheckpoint({ origin: "tiles.test", size, root: rootOf(tree) }, [
    { name: "tiles.test", key: privateKey },
  ]);
  writeFileSync(join(folder, "checkpoints.txt"), `${note}\n`);
});

test("the numbers of tiles are those of the specification", () => {
  expect([0, 999, 1000, 1_234_067].map(tileIndex)).toEqual(["000", "999", "x001/000", "x001/x234/067"]);
});

test("the tiles of a verified log give its root and its entries", () => {
  expect(verifyLog(folder, [key.text])).toMatchObject({ verdict: "whole", records: size, uncovered: 0 });
  const out = join(folder, "out");
  exportTiles(folder, { note, size }, out);
  expect(readFileSync(join(out, "checkpoint"), "utf8")).toBe(note);
  const hashes = (name: string): Buffer[] => {
    const bytes = readFileSync(join(out, "tile", name));
    return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
  };
  // Every leaf, from the tiles of level 0 alone.
  const names = Array.from({ length: 257 }, (_, n) => `0/${tileIndex(n)}`);
  const again = emptyTree();
  for (const name of [...names, "0/257.p/44"]) for (const hash of hashes(name)) addLeaf(again, hash);
  expect(rootOf(again).equals(rootOf(tree))).toBe(true);
  // Level 1 and 2 are the roots of the tiles below: the tree's largest subtree is the one hash of level 2.
  expect(hashes("2/000.p/1")[0]!.equals(tree.roots[0]!)).toBe(true);
  expect(hashes("1/001.p/1")[0]!.equals(tree.roots[1]!)).toBe(true);
  const entries = readFileSync(join(out, "tile/entries/257.p/44"));
  const first = entries.subarray(2, 2 + entries.readUInt16BE(0));
  expect(JSON.parse(first.toString())).toMatchObject({ seq: 257 * 256 });
  expect(createHash("sha256").update("\0").update(first).digest().equals(hashes("0/257.p/44")[0]!)).toBe(
    true,
  );
});

test("a checkpoint of more records than there are is not exported", () => {
  expect(() => exportTiles(folder, { note, size: size + 1 }, join(folder, "more"))).toThrow("fewer than");
});
