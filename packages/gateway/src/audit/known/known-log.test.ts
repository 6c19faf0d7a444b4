import { cpSync, rmSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { judgeFound, knownOf, type KnownLog } from "./known-log.ts";
import { openTestLog, recordsIn, testFolders, writeActs } from "../testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** A log, an older copy of its folder, and what a store would know of it. */
async function loggedAndKnown() {
  const folder = join(folders.make(), "audit");
  const opened = await openTestLog(folder);
  writeActs(opened, 3);
  await opened.checkpointNow();
  const older = folders.copy(folder);
  writeActs(opened, 3);
  await opened.checkpointNow();
  await opened.log.close();
  const known: KnownLog = {
    name: "gateway.test",
    key: opened.id,
    records: opened.synced(),
    checkpoint: opened.checkpoint() ?? "",
    at: Date.UTC(2026, 0, 1),
  };
  return { folder, older, known };
}

test("the log that the store knows opens, also when it has come further", async () => {
  const { folder, known } = await loggedAndKnown();
  await (await openTestLog(folder, { known })).log.close();
  const again = await openTestLog(folder, { known });
  expect(again.log.unavailable).toBeUndefined();
  await again.log.close();
});

test.each(["the whole folder", "its records and checkpoints", "its records alone"])(
  "%s is lost: the start stops, makes nothing, and says how much is gone",
  async (what) => {
    const { folder, known } = await loggedAndKnown();
    if (what === "the whole folder") rmSync(folder, { recursive: true });
    else rmSync(join(folder, "records"), { recursive: true });
    if (what === "its records and checkpoints") rmSync(join(folder, "checkpoints.txt"));
    const refused = await openTestLog(folder, { known }).catch((error: unknown) => error);
    // Where its own checkpoints are left, these say it already.
    expect(String(refused)).toMatch(
      what === "its records alone"
        ? /holds 0 records, fewer than the \d+ of its last checkpoint/
        : new RegExp(`holds no audit log.*the log gateway.test with ${known.records} records`),
    );
    expect(existsSync(join(folder, "records/000000000000.jsonl"))).toBe(false);
    expect(existsSync(folder)).toBe(what !== "the whole folder");
  },
);

test("an older copy is put back: the start stops with both sizes; accepted, it goes on and records that", async () => {
  const { folder, older, known } = await loggedAndKnown();
  rmSync(folder, { recursive: true });
  cpSync(older, folder, { recursive: true });
  await expect(openTestLog(folder, { known })).rejects.toMatchObject({
    code: "log_lost",
    message: expect.stringMatching(
      /holds 8 records, but the store knows .* with 15 records.*: 7 are gone/,
    ) as string,
  });
  const accepted = { by: "root", reason: "INC-12: the disk is lost", at: Date.UTC(2026, 0, 2) };
  const opened = await openTestLog(folder, { known: { ...known, accepted } });
  await opened.log.close();
  expect(recordsIn(folder).find(({ type }) => type === "log.replaced")?.detail).toMatchObject({
    known: { name: "gateway.test", records: 15 },
    reason: "INC-12: the disk is lost",
    by: "root",
  });
});

test("a log of the same size that is not the one of the store's checkpoint stops the start", async () => {
  const { folder, older, known } = await loggedAndKnown();
  const forked = await openTestLog(older);
  writeActs(forked, 20, "select 'something else'");
  await forked.log.close();
  rmSync(folder, { recursive: true });
  cpSync(older, folder, { recursive: true });
  rmSync(join(folder, "lock"), { force: true });
  await expect(openTestLog(folder, { known })).rejects.toMatchObject({ code: "log_broken" });
});

test("another log in the folder is named by its own name and size", async () => {
  const { folder, known } = await loggedAndKnown();
  await expect(
    openTestLog(folder, { known: { ...known, name: "there", key: "there+1", records: 99 } }),
  ).rejects.toMatchObject({
    code: "log_lost",
    message: expect.stringMatching(
      new RegExp(
        `holds another audit log, gateway.test with ${known.records} records .* the log there with 99 records`,
      ),
    ) as string,
  });
});

test("another log under the name is refused, and so is another name where no gateway shares the store", () => {
  const known: KnownLog = { name: "a", key: "a+1", records: 5, at: 0 };
  expect(judgeFound(known, { folder: "/f", key: "a+2", records: 9 })?.message).toMatch(
    /holds another audit log, a with 9 records and the key a\+2, but the store knows the log a with 5 records/,
  );
  expect(judgeFound(known, { folder: "/f", key: "a+1", records: 5 })).toBeUndefined();
  expect(knownOf([known], "b", true)).toBe(known);
  expect(knownOf([known], "b", false)).toBeUndefined();
});
