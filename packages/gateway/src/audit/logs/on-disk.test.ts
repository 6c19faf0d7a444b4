import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock, type Clock } from "../../kernel/clock.ts";
import { openAuditLog } from "../open.ts";
import { startRetention } from "../retention/retention.ts";
import { writeDaysTo } from "../retention/testing/days.ts";
import { testFolders } from "../testing/log.ts";
import { logsOnDisk } from "./on-disk.ts";

const DAY = 86_400_000;
const folders = testFolders();
afterAll(() => folders.removeAll());

/** A log of days, of which retention takes what is old. @param isHeldBack whether files stay beside their stubs */
async function retained(isHeldBack: boolean) {
  let ahead = 0;
  const clock: Clock = { ...systemClock, wall: () => Date.UTC(2026, 0, 1) + ahead };
  const folder = folders.make();
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
    segmentBytes: 4000,
    onProblem: () => undefined,
  });
  await writeDaysTo(opened, 8, () => (ahead += DAY));
  const retention = startRetention({
    opened: isHeldBack
      ? { ...opened, removeSegment: () => Promise.reject(new Error("the bucket is away")) }
      : opened,
    rules: { keep: 3 * DAY },
    archive: join(folders.make(), "archive"),
    unread: () => Promise.resolve(Infinity),
    forget: () => Promise.resolve(),
    onDropped: () => undefined,
    recordHolds: () => Promise.resolve(),
    holdsRecorded: () => 0,
    onDone: () => Promise.resolve(),
    clock: { ...clock, schedule: (ms, run) => clock.schedule(ms < 1000 ? 0 : ms, run) },
    onProblem: () => undefined,
  });
  const onDisk = logsOnDisk(() => [folder])(opened.id);
  // What was read before the files went is no answer afterwards.
  const before = await onDisk?.readEach([0, 1, 2], opened.written());
  expect(before?.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  await retention.run().catch(() => undefined);
  const end = opened.written();
  const [name = ""] = readdirSync(join(folder, "dropped"));
  const { first, count } = JSON.parse(readFileSync(join(folder, "dropped", name), "utf8")) as {
    readonly first: number;
    readonly count: number;
  };
  const seqs = Array.from({ length: count }, (_, at) => first + at);
  const isThere = existsSync(join(folder, "records", name.replace(".json", ".jsonl")));
  const read = await onDisk?.readEach(seqs, end);
  const newest = await onDisk?.readEach([end - 1], end);
  expect(newest?.map(({ seq }) => seq)).toEqual([end - 1]);
  await retention.close();
  await opened.log.close();
  return { seqs, isThere, read: read?.map(({ seq }) => seq) ?? [] };
}

test("what is prepared to be dropped and still stands is read in full", async () => {
  const { seqs, isThere, read } = await retained(true);
  expect(isThere).toBe(true);
  expect(seqs.length).toBeGreaterThan(5);
  expect(read).toEqual(seqs);
});

test("of what was dropped, what was kept of it is read", async () => {
  const { seqs, isThere, read } = await retained(false);
  expect(isThere).toBe(false);
  expect(read.length).toBeLessThan(seqs.length);
});
