import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { closeAll, openUntilBegun, unopened } from "./given.ts";
import type * as opening from "./open.ts";

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
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-given-"))));
beforeEach(() => held.clear());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
function ownLog(): string {
  const path = join(folder, "audit");
  mkdirSync(join(path, "records"), { recursive: true });
  return path;
}

test("sources are opened until one holds something, own logs are passed over, and all are kept in their order", async () => {
  const paths = [ownLog(), fileOf("empty", ""), fileOf("first", "one"), fileOf("second", "two")];
  const { sources, begun } = await openUntilBegun(paths);
  expect(sources.map(({ path }) => path)).toEqual(paths);
  expect(begun).toEqual({ path: paths[2], beginning: "one" });
  expect([...held]).toEqual([paths[1], paths[2]]);
  let text = "";
  for await (const piece of sources[2]?.opened?.text ?? []) text += piece;
  expect(text).toBe("one");
  await closeAll(sources);
  expect([...held]).toEqual([]);
});

test("sources that hold nothing, and own logs, tell nothing", async () => {
  const given = await openUntilBegun([fileOf("empty", ""), ownLog()]);
  expect(given.begun).toBeUndefined();
  await closeAll(given.sources);
  expect(unopened(["a", "-"])).toEqual({ sources: [{ path: "a" }, { path: "-" }], begun: undefined });
});

test("where one cannot be opened, none is left open", async () => {
  await expect(openUntilBegun([fileOf("empty", ""), join(folder, "none")])).rejects.toMatchObject({
    code: "unreadable_file",
  });
  expect([...held]).toEqual([]);
});
