import { rmSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { afterAll, expect, test, vi } from "vitest";
import type { OpenedAuditLog } from "../opened.ts";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";
import { recordReader } from "./record-reader.ts";

vi.mock("@mayfly/audit-verifier", { spy: true });

const folders = testFolders();
afterAll(() => folders.removeAll());

/** A file is begun between two writes. */
function writeFiles(opened: OpenedAuditLog): void {
  for (let write = 0; write < 30; write += 1) writeActs(opened, 10);
}

test("the files of a log are listed when one was begun or is gone, not for every read", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes: 2000 });
  const reader = recordReader(folder, opened.written);
  writeFiles(opened);
  const before = opened.written();
  const files = segmentsOf(folder);
  expect(files.length).toBeGreaterThan(10);
  vi.mocked(segmentsOf).mockClear();
  const seqs = Array.from({ length: before }, (_, seq) => seq);
  for (const seq of seqs.toReversed()) expect((await reader.read(seq, 1))[0]?.seq).toBe(seq);
  expect((await reader.read(0, before)).map(({ seq }) => seq)).toEqual(seqs);
  expect(segmentsOf).toHaveBeenCalledTimes(1);
  // Files that were begun since are found, all at once and one by one.
  writeFiles(opened);
  expect((await reader.read(before - 1, 1000)).at(-1)?.seq).toBe(opened.written() - 1);
  expect(vi.mocked(segmentsOf).mock.calls.length).toBeLessThanOrEqual(2);
  // One that is gone gives nothing, and the others still give theirs.
  await opened.log.close();
  rmSync(join(folder, files[1]!.file));
  expect(await reader.read(files[1]!.first, 1)).toEqual([]);
  expect((await reader.read(files[2]!.first, 1))[0]?.seq).toBe(files[2]!.first);
});
