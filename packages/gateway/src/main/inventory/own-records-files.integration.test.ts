// tier: full
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { makeEmptyLog } from "@mayfly/testing/audit-log.ts";
import { afterAll, describe, expect, test } from "vitest";
import { openTestLog, testFolders, writeActs } from "../../audit/testing/log.ts";
import type { Found } from "../../gate/inventory/seen.ts";
import { recorded } from "../../protocols/postgres/inventory/recorded.ts";
import { isOwnLog, ownActs } from "./own-records.ts";
import { noCounts, type ReadCounts, type Reading, readSources, type Wanted } from "./read-sources.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

const reading: Reading = { act: "statement", part: "database", sources: [], recorded };

async function readAll(folder: string, shares: number[] = []): Promise<readonly Found[]> {
  const all: Found[] = [];
  for await (const each of ownActs(folder, "orders-db", reading, (share) => shares.push(share)))
    all.push(each);
  return all;
}

const textsOf = (found: readonly Found[]): readonly string[] =>
  found.map((each) => (each.kind === "act" ? each.act.act : each.kind));

describe("a folder", () => {
  test("is a log of Mayfly's own where it has a folder of records in it", async () => {
    const folder = folders.make();
    await makeEmptyLog(folder);
    const other = folders.make();
    writeFileSync(join(other, "records"), "");
    expect([folder, other, join(other, "records"), join(other, "none")].map(isOwnLog)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("whose log holds no acts tells of none, and neither does one without a record", async () => {
    const folder = folders.make();
    await makeEmptyLog(folder);
    expect(await readAll(folder)).toEqual([]);
    for (const file of readdirSync(join(folder, "records"))) rmSync(join(folder, "records", file));
    const shares: number[] = [];
    expect(await readAll(folder, shares)).toEqual([]);
    expect(shares.filter((share) => share !== 1)).toEqual([]);
  });
});

test("a log's folder is read among other sources, whatever their format, and the same of it counts", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  writeActs(opened, 2);
  await opened.log.close();
  const at = opened.clock.wall();
  const told: (readonly [string, number | undefined])[] = [];
  const counted = async (wanted: Partial<Wanted>): Promise<ReadCounts> => {
    const counts = noCounts();
    const all = readSources(
      [{ path: folder }],
      reading,
      { connection: "orders-db", by: [], format: "postgres-csv", within: "shop", ...wanted },
      counts,
      (file, share) => told.push([file, share]),
    );
    for await (const { act } of all) expect(act).toBe("select 1");
    return counts;
  };
  expect(await counted({ since: at, by: ["support-bot"] })).toMatchObject({ acts: 2, others: 0 });
  expect(await counted({ since: at + 1 })).toMatchObject({ acts: 0, others: 2 });
  expect(await counted({ by: ["other-bot"] })).toMatchObject({ acts: 0, others: 2 });
  expect(await counted({ connection: "stock-db" })).toMatchObject({ acts: 0, others: 0 });
  expect(told[0]).toEqual([folder, 1]);
});

test("a last line that is not whole yet is not read", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  writeActs(opened, 1);
  await opened.log.close();
  const [last] = segmentsOf(folder).toReversed();
  appendFileSync(join(folder, last?.file ?? ""), '{"connection":"orders-db","detail":{"act":{"sq');
  expect(textsOf(await readAll(folder))).toEqual(["select 1"]);
});

/** A log of several files, each of a session of its own. */
async function sessionsIn(folder: string, sessions: number, acts: number): Promise<void> {
  for (let at = 0; at < sessions; at += 1) {
    // A session's opening record is written once an opened log.
    const opened = await openTestLog(folder, { segmentBytes: 4000 });
    writeActs(opened, acts, `select ${at}`);
    await opened.log.close();
  }
}

test("what stands in several files and more steps than one is told whole, and how far it is", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes: 20_000 });
  for (let at = 0; at < 1500; at += 1) {
    writeActs(opened, 1, `select ${at}`);
    if (at % 50 === 0) await opened.log.sync();
  }
  await opened.log.close();
  const shares: number[] = [];
  const all = await readAll(folder, shares);
  expect(segmentsOf(folder).length).toBeGreaterThan(5);
  expect(textsOf(all)).toEqual(Array.from({ length: 1500 }, (_, at) => `select ${at}`));
  expect(shares.length).toBeGreaterThan(2);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  expect([Math.min(...shares) > 0, Math.min(...shares) < 1, Math.max(...shares)]).toEqual([true, true, 1]);
});

test("files that were dropped at the beginning of the log are passed over", async () => {
  const folder = folders.make();
  await sessionsIn(folder, 4, 30);
  const files = segmentsOf(folder);
  expect(new Set(textsOf(await readAll(folder)))).toEqual(
    new Set(["select 0", "select 1", "select 2", "select 3"]),
  );
  for (const { file } of files.slice(0, -2)) rmSync(join(folder, file));
  expect(new Set(textsOf(await readAll(folder)))).toEqual(new Set(["select 3"]));
});

test("records that are missing within the log are told where it goes on", async () => {
  const folder = folders.make();
  await sessionsIn(folder, 2, 1);
  const [{ file } = { file: "" }] = segmentsOf(folder);
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes("select 0"));
  writeFileSync(join(folder, file), lines.toSpliced(at, 1).join("\n"));
  const all = await readAll(folder);
  expect(all[0]).toEqual({
    kind: "unread",
    line: at + 1,
    why: `records are missing before record ${at + 1}: archived, or removed`,
  });
  expect(textsOf(all)).toEqual(["unread", "select 1"]);
});

test("a log whose lines are no records is refused with what tells more", async () => {
  const folder = folders.make();
  await sessionsIn(folder, 1, 1);
  const [{ file } = { file: "" }] = segmentsOf(folder);
  writeFileSync(join(folder, file), "{\n");
  await expect(readAll(folder)).rejects.toMatchObject({
    code: "unreadable_log",
    message: `${folder}: what follows on record 0 cannot be read`,
    hint: "mayfly audit verify says what is wrong with it",
  });
});
