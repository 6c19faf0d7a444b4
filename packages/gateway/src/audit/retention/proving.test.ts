import { join } from "node:path";
import { linesOf, segmentsOf, verifyLog } from "@mayfly/audit-verifier";
import { afterAll, expect, test, vi } from "vitest";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";
import { proveArchive, proveContent } from "./proving.ts";

vi.mock("@mayfly/audit-verifier", { spy: true });

const folders = testFolders();
afterAll(() => folders.removeAll());

test("many files between two checkpoints are verified once, and none behind the checkpoint is read", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes: 2000 });
  const writeFiles = (): void => {
    for (let write = 0; write < 20; write += 1) writeActs(opened, 10);
  };
  writeFiles();
  const from = segmentsOf(folder).length;
  writeFiles();
  await opened.checkpointNow();
  const to = segmentsOf(folder).length;
  writeFiles();
  await opened.log.close();
  const segments = segmentsOf(folder);
  expect(to - from).toBeGreaterThan(10);
  expect(segments.length - to).toBeGreaterThan(10);
  const end = segments[from]!.first;
  vi.mocked(verifyLog).mockClear();
  proveContent(folder, end);
  expect(verifyLog).toHaveBeenCalledTimes(1);
  vi.mocked(linesOf).mockClear();
  proveArchive(folders.make(), folder, end);
  const read = vi.mocked(linesOf).mock.calls.map(([path]) => path);
  expect(read).toEqual(segments.slice(from, to).map(({ file }) => join(folder, file)));
});
