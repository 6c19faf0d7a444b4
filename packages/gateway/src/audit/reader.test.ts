import { afterAll, expect, test } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import type { AuditIndex } from "./index-port.ts";
import { openAuditLog } from "./open.ts";
import { createAuditReader } from "./reader.ts";
import type { AuditRecord } from "./records.ts";
import { testFolders, writeActs } from "./testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** An index in memory that can fail. */
function memoryIndex(): AuditIndex & { held: AuditRecord[]; failures: number } {
  const index = {
    held: [] as AuditRecord[],
    failures: 0,
    async insert(records: readonly AuditRecord[]) {
      if (index.failures-- > 0) throw new Error("the database is away");
      index.held.push(...records);
    },
    last: async () => index.held.at(-1)?.seq ?? -1,
    search: async () => index.held.toReversed(),
    usage: async () => [],
    actsOf: async () => new Map(),
    async clear() {
      index.held = [];
    },
  };
  return index;
}

async function open(folder: string, index: AuditIndex) {
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 1000,
    segmentBytes: 20_000,
  });
  const problems: string[] = [];
  const reader = createAuditReader({
    opened,
    index,
    clock: systemClock,
    onProblem: (text) => problems.push(text),
  });
  const close = async (): Promise<void> => {
    await reader.close();
    await opened.log.close();
  };
  return { opened, reader, problems, close };
}

test("a search sees every record written before it; the index catches up after a restart and can be rebuilt", async () => {
  const folder = folders.make();
  const index = memoryIndex();
  const first = await open(folder, index);
  for (let round = 0; round < 5; round++) {
    writeActs(first.opened, 150);
    expect(await first.reader.search({ limit: 1 })).toHaveLength(first.opened.written());
  }
  expect(index.held.map(({ seq }) => seq)).toEqual(index.held.map((_, i) => i));
  await first.close();
  const second = await open(folder, index);
  await second.reader.search({ limit: 1 });
  expect(index.held.map(({ seq }) => seq)).toEqual(
    Array.from({ length: second.opened.written() }, (_, i) => i),
  );
  index.held = index.held.slice(7);
  await second.reader.rebuild();
  expect(index.held.map(({ seq }) => seq)).toEqual(
    Array.from({ length: second.opened.written() }, (_, i) => i),
  );
  await second.close();
});

test("an index that fails is tried again and misses nothing", async () => {
  const index = memoryIndex();
  index.failures = 1;
  const { opened, reader, problems, close } = await open(folders.make(), index);
  writeActs(opened, 3);
  await reader.search({ limit: 1 });
  expect(index.held.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(problems).toEqual(["the audit index could not be written: the database is away"]);
  await close();
});

test("records are read from the files, from anywhere, across files, and none before it is written", async () => {
  const { opened, reader, close } = await open(folders.make(), memoryIndex());
  for (let round = 0; round < 20; round++) writeActs(opened, 10);
  const end = opened.written();
  opened.log.append({ type: "request.created", detail: {} });
  for (const [seq, limit] of [
    [0, 5],
    [5, 5],
    [37, 100],
    [137, 300],
    [end - 1, 10],
    [end, 10],
    [end + 5, 1],
  ] as const) {
    const got = (await reader.read(seq, limit)).map((record) => record.seq);
    expect(got).toEqual(Array.from({ length: Math.max(0, Math.min(limit, end - seq)) }, (_, i) => seq + i));
  }
  expect(await reader.checkpoint()).toMatch(/^gateway\.test\n/);
  await close();
});

test("what the index knows of records that the log lost is forgotten, however few they are", async () => {
  const folder = folders.make();
  const index = memoryIndex();
  const before = await open(folder, index);
  writeActs(before.opened, 5);
  await before.close();
  const older = folders.copy(folder);
  const more = await open(folder, index);
  await more.reader.search({ limit: 100 });
  await more.close();
  const lost = index.held.length;
  const again = await open(older, index);
  writeActs(again.opened, 5, "select 'again'");
  const found = (await again.reader.search({ limit: 100 })).toReversed();
  expect(found.length).toBeGreaterThan(lost);
  expect(found).toEqual(await again.reader.read(0, 100));
  await again.close();
});
