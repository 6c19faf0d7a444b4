import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import type { AuditIndex } from "./port.ts";
import { openAuditLog } from "../open.ts";
import { createAuditReader } from "./reader.ts";
import type { AuditRecord } from "../records.ts";
import { context, testFolders, writeActs } from "../testing/log.ts";

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
    hours: async () => [],
    counts: async () => new Map(),
    actsOf: async () => new Map(),
    forget: async () => undefined,
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
    const { records, isBehind } = await first.reader.search({ limit: 1 });
    expect(records).toHaveLength(first.opened.written());
    expect(isBehind).toBe(false);
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

test("acts are indexed with what their session's opening record says; rebuilt, the index is the same", async () => {
  const folder = folders.make();
  const index = memoryIndex();
  const first = await open(folder, index);
  const { log } = first.opened;
  for (let session = 0; session < 30; session += 1) {
    const opening = log.append({ ...context, session: `ses_${session}`, type: "session.opened", detail: {} });
    log.flush();
    const writer = log.writer(opening);
    const intent = writer.append(
      "act.intent",
      `{"act":{"kind":"execute","parameters":["1"],"sql":"select $1"}}`,
    );
    for (let act = 2; act < 40; act += 1) {
      writer.append("act.intent", `{"act":{"parameters":["${act}"]},"repeats":${intent}}`);
      writer.append("act.outcome", `{"intent":${intent + 2 * act - 3},"rows":${act}}`);
    }
    log.flush();
    // Now and then the index catches up in the middle of a session; what it then meets refers back.
    if (session % 7 === 0) await first.reader.search({ limit: 1 });
  }
  await first.reader.search({ limit: 1 });
  const live = structuredClone(index.held);
  const acts = live.filter(({ type }) => type.startsWith("act."));
  expect(acts).toHaveLength(30 * 77);
  for (const act of acts)
    expect(act).toMatchObject({ ...context, session: expect.stringMatching(/^ses_/) as string });
  expect(acts.findLast(({ type }) => type === "act.intent")).toMatchObject({
    session: "ses_29",
    detail: {
      act: { kind: "execute", parameters: ["39"], sql: "select $1" },
      decision: "permit",
      operation: "orders-db/read-orders",
    },
  });
  await first.reader.rebuild();
  expect(index.held).toEqual(live);
  await first.close();
  // Another process has seen none of it.
  const second = await open(folder, index);
  await second.reader.rebuild();
  expect(index.held.slice(0, live.length)).toEqual(live);
  await second.close();
});

test("acts of the older form, which say all of it themselves, are read as they are", async () => {
  const index = memoryIndex();
  const { opened, reader, close } = await open(folders.make(), index);
  const older = {
    ...context,
    type: "act.intent",
    detail: { act: { sql: "select 1" }, decision: "permit" },
  } as const;
  const seq = opened.log.append(older);
  opened.log.flush();
  expect((await reader.read(seq, 1))[0]).toMatchObject(older);
  await reader.search({ limit: 1 });
  expect(index.held[seq]).toMatchObject(older);
  await close();
});

test("an index that fails is tried again and misses nothing", async () => {
  const index = memoryIndex();
  index.failures = 1;
  const { opened, reader, problems, close } = await open(folders.make(), index);
  writeActs(opened, 3);
  await reader.search({ limit: 1 });
  expect(index.held.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
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
  const found = (await again.reader.search({ limit: 100 })).records.toReversed();
  expect(found.length).toBeGreaterThan(lost);
  expect(found).toEqual(await again.reader.read(0, 100));
  await again.close();
});

test("a search that nobody wants any more reads no further page of the log", async () => {
  const ended = new AbortController();
  let pages = 0;
  const index: AuditIndex = {
    ...memoryIndex(),
    // As for a word that is nowhere: page by page to the log's beginning.
    async search(_query, read) {
      for (; pages < 100; pages += 1) {
        await read([pages]);
        if (pages === 3) ended.abort();
      }
      return [];
    },
  };
  const { reader, close } = await open(folders.make(), index);
  await expect(reader.search({ text: "nowhere", limit: 1 }, ended.signal)).rejects.toThrow("aborted");
  expect(pages).toBe(4);
  await close();
});

test("a search says that the index is behind when it could not wait for it", async () => {
  const index = memoryIndex();
  const { opened, reader, close } = await open(folders.make(), index);
  await reader.search({ limit: 1 });
  index.failures = Infinity;
  writeActs(opened, 3);
  const { records, isBehind } = await reader.search({ limit: 1 });
  expect(isBehind).toBe(true);
  expect(records.length).toBeLessThan(opened.written());
  await close();
});

test("a search below what is indexed does not wait for what is not", async () => {
  const index = memoryIndex();
  const { opened, reader, close } = await open(folders.make(), index);
  await reader.search({ limit: 1 });
  const gate = Promise.withResolvers<void>();
  const { insert } = index;
  index.insert = async (records) => {
    await gate.promise;
    await insert(records);
  };
  writeActs(opened, 3);
  expect((await reader.search({ limit: 1 })).isBehind).toBe(true);
  expect((await reader.search({ limit: 1, before: 1 })).isBehind).toBe(false);
  gate.resolve();
  await close();
});

test("a search that nobody wants any more does not wait for an index that is behind", async () => {
  const index = memoryIndex();
  index.failures = Infinity;
  const { opened, reader, close } = await open(folders.make(), index);
  writeActs(opened, 3);
  const ended = new AbortController();
  const searched = reader.search({ limit: 1 }, ended.signal);
  ended.abort();
  await expect(searched).rejects.toThrow("aborted");
  await close();
});
