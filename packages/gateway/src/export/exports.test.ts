import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { MIB } from "../kernel/byte-sizes.ts";
import type { ExportDestination } from "../kernel/export-settings.ts";
import type { OpenedAuditLog } from "../audit/opened.ts";
import { recordReader } from "../audit/index/record-reader.ts";
import { startRetention } from "../audit/retention/retention.ts";
import { openTestLog, testFolders, writeActs } from "../audit/testing/log.ts";
import { startExports, type Exports } from "./exports.ts";
import type { StreamNews } from "./progress.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

let folder: string;
let file: string;
let news: StreamNews[];
beforeEach(() => {
  folder = folders.make();
  file = path.join(folder, "out", "audit.jsonl");
  news = [];
});

const toFile = (more: Partial<ExportDestination> = {}): ExportDestination => ({
  name: "siem",
  format: "mayfly",
  from: "beginning",
  target: { kind: "file", path: file, sync: "never" },
  ...more,
});

async function open(): Promise<OpenedAuditLog> {
  return openTestLog(path.join(folder, "log"), { clock: systemClock, segmentBytes: 4000 });
}
const start = (opened: OpenedAuditLog, destinations = [toFile()], holdBack = 100 * MIB): Promise<Exports> =>
  startExports({
    settings: { holdBack, destinations },
    opened,
    folder: path.join(folder, "exports"),
    exporter: { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" },
    clock: systemClock,
    tell: (_, what) => news.push(what),
  });
/** The numbers in the file. */
const seqs = (): readonly number[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
const count = (to: number): readonly number[] => Array.from({ length: to }, (_, at) => at);

/** Writes acts until the log has several files. */
async function fill(opened: OpenedAuditLog): Promise<void> {
  for (let at = 0; at < 10; at += 1) {
    writeActs(opened, 10);
    await opened.log.sync();
  }
}

test("records are those that every reader gets: acts with what their session's opening record says", async () => {
  mkdirSync(path.dirname(file));
  const opened = await open();
  await fill(opened);
  const exports = await start(opened);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  const records = await recordReader(opened.folder, opened.written).read(0, 1000);
  expect(lines).toEqual(records.map((record) => JSON.stringify(record)));
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    type: "act.outcome",
    grant: "gr_1",
    connection: "orders-db",
  });
  await exports.stop();
  await opened.log.close();
});

test("a restart goes on where it stood, and another log is begun anew", async () => {
  mkdirSync(path.dirname(file));
  let opened = await open();
  await fill(opened);
  let exports = await start(opened);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  await exports.stop();
  await opened.log.close();
  opened = await open();
  exports = await start(opened);
  writeActs(opened, 3);
  await opened.log.sync();
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(seqs()).toEqual(count(opened.written()));
  const cursor = path.join(folder, "exports", "siem.json");
  await exports.stop();
  writeFileSync(cursor, readFileSync(cursor, "utf8").replace(opened.id, "other.test+00000000+AAAA"));
  exports = await start(opened);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(seqs()).toEqual([...count(opened.written()), ...count(opened.written())]);
  await exports.stop();
  await opened.log.close();
});

test("a cursor that cannot be understood sends everything again, and is told", async () => {
  mkdirSync(path.dirname(file));
  mkdirSync(path.join(folder, "exports"));
  writeFileSync(path.join(folder, "exports", "siem.json"), "{");
  const opened = await open();
  await fill(opened);
  const exports = await start(opened, [toFile({ from: "now" })]);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(seqs()).toEqual(count(opened.written()));
  expect(news).toMatchObject([{ kind: "unkept" }]);
  await exports.stop();
  await opened.log.close();
});

test("a destination that begins now gets what is written from now on, also after a restart", async () => {
  mkdirSync(path.dirname(file));
  const opened = await open();
  await fill(opened);
  const before = opened.written();
  let exports = await start(opened, [toFile({ from: "now" })]);
  await exports.stop();
  writeActs(opened, 1);
  await opened.log.sync();
  exports = await start(opened, [toFile({ from: "now" })]);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(seqs()).toEqual([before, before + 1]);
  await exports.stop();
  await opened.log.close();
});

test("settings that change take effect, and a destination that stays the same goes on", async () => {
  mkdirSync(path.dirname(file));
  const opened = await open();
  await fill(opened);
  const exports = await start(opened);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  const other = path.join(folder, "out", "other.jsonl");
  const second = toFile({ name: "other", target: { kind: "file", path: other, sync: "always" } });
  await exports.adopt({ holdBack: MIB, destinations: [toFile(), second] });
  expect(exports.status[0]?.delivered).toBe(opened.written());
  await expect.poll(() => exports.status.map(({ lagRecords }) => lagRecords)).toEqual([0, 0]);
  expect(statSync(other).size).toBe(statSync(file).size);
  await exports.adopt({ holdBack: MIB, destinations: [second] });
  expect(exports.status.map(({ name }) => name)).toEqual(["other"]);
  await exports.stop();
  await opened.log.close();
});

test("retention keeps what a destination has not got, and drops it once it has", async () => {
  const opened = await open();
  await fill(opened);
  const files = segmentsOf(opened.folder).length;
  expect(files).toBeGreaterThan(3);
  const exports = await start(opened);
  const retention = startRetention({
    opened,
    rules: { size: 1 },
    archive: path.join(folder, "archive"),
    unread: () => Promise.resolve(exports.heldFrom()),
    forget: () => Promise.resolve(),
    onDropped: () => undefined,
    recordHolds: () => Promise.resolve(),
    holdsRecorded: () => 0,
    onDone: () => Promise.resolve(),
    clock: { ...systemClock, schedule: (ms, run) => systemClock.schedule(ms < 1000 ? 0 : ms, run) },
    onProblem: () => undefined,
  });
  await opened.checkpointNow();
  await expect.poll(() => exports.status[0]?.failures).toBeGreaterThan(0);
  expect(await retention.run()).toBe(0);
  mkdirSync(path.dirname(file));
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  // What was delivered is kept as a cursor before anything goes for it.
  await expect.poll(() => exports.heldFrom()).toBe(opened.synced());
  expect(await retention.run()).toBeGreaterThan(2);
  expect(seqs().slice(0, 100)).toEqual(count(100));
  await retention.close();
  await exports.stop();
  await opened.log.close();
});

test("past hold_back retention goes on, which is told once, and what went is passed and counted", async () => {
  const opened = await open();
  await fill(opened);
  const exports = await start(opened, [toFile()], 10_000);
  const first = exports.heldFrom();
  expect(first).toBeGreaterThan(0);
  expect(exports.heldFrom()).toBe(first);
  expect(news.filter(({ kind }) => kind === "given up")).toEqual([
    { kind: "given up", first: 0, count: first },
  ]);
  const retention = startRetention({
    opened,
    rules: { size: 1 },
    archive: path.join(folder, "archive"),
    unread: () => Promise.resolve(exports.heldFrom()),
    forget: () => Promise.resolve(),
    onDropped: () => undefined,
    recordHolds: () => Promise.resolve(),
    holdsRecorded: () => 0,
    onDone: () => Promise.resolve(),
    clock: { ...systemClock, schedule: (ms, run) => systemClock.schedule(ms < 1000 ? 0 : ms, run) },
    onProblem: () => undefined,
  });
  await opened.checkpointNow();
  expect(await retention.run()).toBeGreaterThan(0);
  mkdirSync(path.dirname(file));
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  const got = seqs();
  expect(exports.status[0]?.missed).toBe(opened.written() - got.length);
  expect(exports.status[0]?.missed).toBeGreaterThan(0);
  expect(news.some(({ kind }) => kind === "missed")).toBe(true);
  // Opening records of sessions stay, whatever goes.
  expect(got).toEqual([...new Set(got)].toSorted((a, b) => a - b));
  await retention.close();
  await exports.stop();
  await opened.log.close();
});

test("traces are there while a destination takes them, and no longer", async () => {
  const opened = await open();
  const target = { kind: "otlp", url: "http://127.0.0.1:1/v1/traces", headers: new Map() } as const;
  const toCollector = (signal: "logs" | "traces"): ExportDestination =>
    toFile({ target: { ...target, signal } });
  const exports = await start(opened, [toCollector("logs")]);
  expect(exports.traces).toBeUndefined();
  await exports.adopt({ holdBack: MIB, destinations: [toCollector("traces")] });
  expect(exports.traces?.of("req_1", undefined).leaving(7)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  await exports.adopt({ holdBack: MIB, destinations: [toFile()] });
  expect(exports.traces).toBeUndefined();
  await exports.stop();
  await opened.log.close();
});
