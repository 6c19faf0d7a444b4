import { verifyLog } from "@mayfly/audit-verifier";
import { afterAll, expect, test, vi } from "vitest";
import { actsOf, failingFiles, openTestLog, recordsIn, testFolders, writeActs } from "./testing/log.ts";
import { recordedInReserve, recordTypes } from "./records.ts";
import { LogUnavailable } from "./unavailable.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

test.each([
  ["the disk is full", { code: "ENOSPC", takes: 0 }],
  ["the disk is full in the middle of the write", { code: "ENOSPC", takes: 700 }],
  ["the disk takes a part and then no more", { code: "short", takes: 0 }],
  ["the write is lost", { code: "EIO", takes: 0 }],
  ["the write is kept but reported failed", { code: "EIO", takes: Infinity }],
  ["the file system turned read-only", { code: "EROFS", takes: 0 }],
])("%s: the turn is refused, its numbers are used again, service resumes by itself", async (_, write) => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files });
  writeActs(opened, 1);
  const before = recordsIn(folder).length;
  faults.write = write;
  expect(() => writeActs(opened, 3, "lost")).toThrow(LogUnavailable);
  expect(opened.log.losses).toBe(1);
  expect(recordsIn(folder)).toHaveLength(before);
  expect(opened.log.unavailable).toBeDefined();
  expect(() => opened.log.append({ type: "request.created", detail: {} })).toThrow(LogUnavailable);
  opened.clock.advance(300);
  expect(opened.log.unavailable).toBeDefined();
  faults.write = undefined;
  opened.clock.advance(300);
  expect(opened.log.unavailable).toBeUndefined();
  expect(opened.log.append({ type: "request.created", detail: {} })).toBe(before);
  await opened.log.close();
  expect(JSON.stringify(recordsIn(folder))).not.toContain("lost");
  expect(verifyLog(folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", problems: [] });
});

test("a write taken in pieces is one write", async () => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files });
  faults.write = { code: "short", takes: 100 };
  writeActs(opened, 3);
  faults.write = undefined;
  await opened.log.close();
  expect(verifyLog(folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", records: 9 });
});

test("a disk that fails and does not even let the write be taken back: nothing is written until it does", async () => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files });
  faults.write = { code: "EIO", takes: Infinity };
  faults.truncate = true;
  expect(() => writeActs(opened, 2, "refused")).toThrow(LogUnavailable);
  faults.write = undefined;
  opened.clock.advance(300);
  expect(() => writeActs(opened, 1)).toThrow(LogUnavailable);
  faults.truncate = false;
  opened.clock.advance(300);
  writeActs(opened, 1);
  await opened.log.close();
  expect(JSON.stringify(recordsIn(folder))).not.toContain("refused");
  expect(verifyLog(folder, [opened.verifierKey]).verdict).toBe("whole");
});

test("killed while a failed write could not be taken back: the next start cuts what is torn and says so", async () => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files });
  await opened.checkpointNow();
  faults.write = { code: "EIO", takes: 100 };
  faults.truncate = true;
  expect(() => writeActs(opened, 2)).toThrow(LogUnavailable);
  const after = folders.copy(folder);
  const again = await openTestLog(after);
  await again.log.close();
  expect(recordsIn(after)[1]).toMatchObject({
    type: "log.recovered",
    detail: { file: "records/000000000000.jsonl", line: 2, bytes: 100 },
  });
  expect(verifyLog(after, [again.verifierKey]).verdict).toBe("whole");
  faults.write = undefined;
  faults.truncate = false;
  opened.clock.advance(300);
  await opened.log.close();
});

test("a failed sync refuses what waited for it, and what may be lost is written again", async () => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files });
  await opened.checkpointNow();
  faults.sync = true;
  opened.log.append({ type: "approval.given", detail: {} });
  await expect(opened.log.sync()).rejects.toThrow(LogUnavailable);
  expect(opened.log.unavailable).toContain("does not reach the disk");
  faults.sync = false;
  // Without the probe a second fdatasync would falsely succeed.
  await expect(opened.log.sync()).rejects.toThrow(LogUnavailable);
  opened.clock.advance(300);
  await opened.log.sync();
  await opened.log.close();
  expect(verifyLog(folder, [opened.verifierKey]).verdict).toBe("whole");
});

test("an act whose records do not reach the disk in time makes the log unavailable", async () => {
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folders.make(), { files });
  await opened.checkpointNow();
  faults.sync = true;
  writeActs(opened, 1);
  opened.clock.advance(50);
  await expect.poll(() => opened.log.unavailable).toContain("does not reach the disk");
  faults.sync = false;
  opened.clock.advance(300);
  await opened.log.close();
});

test("what a failed sync may have lost counts as on the disk once it is, though nobody writes anything more", async () => {
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folders.make(), { files });
  await opened.checkpointNow();
  faults.sync = true;
  writeActs(opened, 1);
  opened.clock.advance(50);
  await expect.poll(() => opened.log.unavailable).toContain("does not reach the disk");
  faults.sync = false;
  await vi.waitFor(
    () => {
      opened.clock.advance(50);
      expect(opened.synced()).toBe(opened.written());
    },
    { timeout: 15_000 },
  );
  await opened.log.close();
});

test("with sync: always the flush itself waits for the disk", async () => {
  const folder = folders.make();
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folder, { files, sync: "always" });
  const before = recordsIn(folder).length;
  faults.sync = true;
  expect(() => writeActs(opened, 1)).toThrow(LogUnavailable);
  expect(recordsIn(folder)).toHaveLength(before);
  faults.sync = false;
  opened.clock.advance(300);
  writeActs(opened, 1);
  await opened.log.close();
});

test("a payload that cannot be kept refuses the whole turn", async () => {
  const { files, faults } = failingFiles();
  const opened = await openTestLog(folders.make(), { files });
  const writer = actsOf(opened);
  writer.append("act.intent", "{}");
  faults.write = { code: "ENOSPC", takes: 0 };
  const bulky = JSON.stringify({ act: "x".repeat(100_000) });
  expect(() => writer.append("act.intent", bulky)).toThrow(LogUnavailable);
  expect(opened.log.losses).toBe(1);
  faults.write = undefined;
  opened.clock.advance(300);
  writer.append("act.intent", bulky);
  await opened.log.close();
});

test("in the reserve of its disk the log takes ends, and nothing that begins", async () => {
  const folder = folders.make();
  const said: string[] = [];
  const opened = await openTestLog(folder, {
    // More than any disk has.
    reserve: Number.MAX_SAFE_INTEGER,
    onProblem: (message) => said.push(message),
  });
  const { log } = opened;
  expect(said).toEqual([expect.stringContaining("takes nothing but ends: its disk has ")]);
  expect(log.unavailable).toContain("are for the ends of what was granted");
  const acts = log.writer(0);
  const takes = (append: () => unknown): boolean => {
    try {
      append();
      return true;
    } catch (error) {
      if (error instanceof LogUnavailable) return false;
      throw error;
    }
  };
  const taken = recordTypes.filter((type) => takes(() => log.append({ type, detail: {} })));
  expect(taken.toSorted()).toEqual([...recordedInReserve].toSorted());
  expect(
    taken.filter((type) => /opened$|activated|approved|created|given|collected|lifted$/.test(type)),
  ).toEqual(["log.opened", "log.hold_lifted", "approval.given"]);
  const ofActs = (["act.intent", "act.denied", "act.outcome"] as const).map((type) =>
    takes(() => acts.append(type, "{}")),
  );
  expect(ofActs).toEqual([false, false, true]);
  // What a command has written already is part of its end.
  expect(takes(() => log.payload(Buffer.from("x")))).toBe(true);
  log.flush();
  expect(log.losses).toBe(0);
  expect(recordsIn(folder)).toHaveLength(1 + taken.length + 1);
  await log.close();
});
