import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { testFolders } from "../testing/log.ts";
import { newCheckpoints } from "./archive-files.ts";
import type { SentFile } from "./sent.ts";

const folders = testFolders();
afterEach(() => folders.removeAll());

const PIECE_BYTES = 4;

/** An archive with checkpoints, and what was sent of them. */
function scene(text: string): {
  readonly archive: string;
  readonly files: Map<string, SentFile>;
  /** The pieces that are to be sent now. */
  pieces(): Promise<readonly (readonly [name: string, text: string])[]>;
} {
  const archive = folders.make();
  writeFileSync(join(archive, "checkpoints.txt"), text);
  const files = new Map<string, SentFile>();
  return {
    archive,
    files,
    async pieces() {
      const all = await newCheckpoints(archive, { files }, PIECE_BYTES);
      return Promise.all(all.map(async ({ name, read }) => [name, (await read()).toString("utf8")] as const));
    },
  };
}

const at = (offset: number): string => join("checkpoints", `${String(offset).padStart(15, "0")}.txt`);
const sent = (bytes: number): SentFile => ({ sha256: "0".repeat(64), bytes });

test("checkpoints go in pieces, which are the file one behind the other", async () => {
  const { archive, files, pieces } = scene("abcdefghij");
  expect(await pieces()).toEqual([
    [at(0), "abcd"],
    [at(4), "efgh"],
    [at(8), "ij"],
  ]);
  files.set(at(0), sent(4)).set(at(4), sent(4)).set(at(8), sent(2));
  expect(await pieces()).toEqual([]);
  appendFileSync(join(archive, "checkpoints.txt"), "kl");
  expect(await pieces()).toEqual([[at(10), "kl"]]);
});

test("a piece that arrived without the one before counts for nothing", async () => {
  const { files, pieces } = scene("abcdefghij");
  files.set(at(4), sent(4));
  expect((await pieces()).map(([name]) => name)).toEqual([at(0), at(4), at(8)]);
});

test("a piece that holds nothing is no piece", async () => {
  const { files, pieces } = scene("ab");
  files.set(at(0), sent(0));
  expect(await pieces()).toEqual([[at(0), "ab"]]);
});
