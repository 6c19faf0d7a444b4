import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ActSource, SeenAct } from "../../gate/inventory/seen.ts";
import type * as opening from "./open.ts";
import { noCounts, type ReadCounts, readSources } from "./read-sources.ts";

/** The files that were opened and not let go since. */
const held = vi.hoisted(() => new Set<string>());
vi.mock("./open.ts", async (original) => {
  const { openSource } = await original<typeof opening>();
  return {
    async openSource(path: string) {
      const opened = await openSource(path);
      held.add(path);
      return { ...opened, close: () => opened.close().then(() => held.delete(path)) };
    },
  };
});

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-sources-"))));
beforeEach(() => held.clear());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A format with an act a line. */
const lines: ActSource = {
  format: "lines",
  recognizes: (beginning) => beginning.startsWith("lines\n"),
  async *read(text) {
    let all = "";
    for await (const piece of text) all += piece;
    for (const act of all.split("\n").slice(1))
      if (act !== "") yield { kind: "act", act: { act, by: "", times: 1 } };
  },
};

let files = 0;
function fileOf(content: string | Uint8Array): string {
  files += 1;
  const path = join(folder, `${files}.log`);
  writeFileSync(path, content);
  return path;
}

const reading = (paths: readonly string[], counts: ReadCounts): AsyncGenerator<SeenAct> =>
  readSources(
    paths.map((path) => ({ path })),
    { act: "statement", part: "database", sources: [lines], recorded: () => undefined },
    { connection: "orders-db", by: [] },
    counts,
    () => undefined,
  );

test("each source is let go before the next is opened, and the last at the end", async () => {
  const paths = [fileOf("lines\na\n"), fileOf("lines\nb\n"), fileOf("")];
  for await (const { act } of reading(paths, noCounts()))
    expect([...held]).toEqual([paths[act === "a" ? 0 : 1]]);
  expect([...held]).toEqual([]);
});

test("a source that is refused is let go", async () => {
  await expect(reading([fileOf(`other\n${"x".repeat(600_000)}`)], noCounts()).next()).rejects.toMatchObject({
    code: "unknown_format",
  });
  expect([...held]).toEqual([]);
});

test("a source whose acts nobody wants any more is let go", async () => {
  for await (const { act } of reading([fileOf("lines\na\nb\n")], noCounts())) {
    expect([act, held.size]).toEqual(["a", 1]);
    break;
  }
  expect([...held]).toEqual([]);
});

test("of a damaged source what stands before is read, and the damage is told without a line", async () => {
  const packed = gzipSync(`lines\n${"a\n".repeat(100_000)}`);
  const path = fileOf(packed.subarray(0, packed.length - 12));
  const counts = noCounts();
  for await (const { act } of reading([path], counts)) expect(act).toBe("a");
  expect(counts.acts).toBeGreaterThan(1000);
  expect(counts).toMatchObject({
    unread: 1,
    unreadLines: [{ file: path, line: 0, why: expect.stringContaining("gzip data is damaged") as string }],
  });
});
