import { afterAll, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createAuditFeed, type AuditFeed } from "./feed.ts";
import { recordReader } from "./record-reader.ts";
import type { AuditRecord } from "../records.ts";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** A log in memory and a feed of it. */
function feedOf(reads: { count: number; fail: number } = { count: 0, fail: 0 }) {
  const clock = fakeClock();
  const records: AuditRecord[] = [];
  const problems: unknown[] = [];
  const write = (count: number, type: AuditRecord["type"] = "request.created"): void => {
    for (let i = 0; i < count; i++)
      records.push({ seq: records.length, time: "2026-01-01T12:00:00.000Z", type, detail: {} });
  };
  const feed = createAuditFeed({
    reader: {
      async read(seq, limit) {
        reads.count += 1;
        if (reads.fail-- > 0) throw new Error("the disk is away");
        return records.slice(seq, seq + limit);
      },
    },
    written: () => records.length,
    clock,
    onProblem: (error) => problems.push(error),
  });
  /** Lets time and everything that is under way go on. */
  const go = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  return { clock, records, write, feed, problems, reads, go };
}

function collect(feed: AuditFeed, from: number | "now", wanted?: (type: string) => boolean) {
  const got: number[] = [];
  const batches: number[] = [];
  let next = -1;
  const end = feed.subscribe(
    from,
    (records, upTo) => {
      batches.push(records.length);
      got.push(...records.map(({ seq }) => seq));
      next = upTo;
    },
    wanted === undefined ? {} : { wanted },
  );
  return { got, batches, end, next: () => next };
}

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, at) => from + at);

test("every record comes once, in order, from where one asks, in batches of at most 512", async () => {
  const { write, feed, go } = feedOf();
  write(1300);
  const all = collect(feed, 0);
  const some = collect(feed, 1290);
  const fresh = collect(feed, "now");
  await go(100);
  write(3);
  await go(500);
  expect(all.got).toEqual(upTo(1303));
  expect(Math.max(...all.batches)).toBe(512);
  expect(all.next()).toBe(1303);
  expect(some.got).toEqual(upTo(1303, 1290));
  expect(fresh.got).toEqual([1300, 1301, 1302]);
});

test("those who stand at the end share one read, and an idle feed reads nothing", async () => {
  const { write, feed, go, reads } = feedOf();
  const many = Array.from({ length: 50 }, () => collect(feed, "now"));
  await go(1000);
  expect(reads.count).toBe(0);
  write(5);
  await go(200);
  expect(reads.count).toBe(1);
  for (const one of many) expect(one.got).toEqual([0, 1, 2, 3, 4]);
});

test("a listener that is slow gets its next batch when it is done, and holds nobody else up", async () => {
  const { write, feed, go } = feedOf();
  const waiting: (() => void)[] = [];
  const slow: number[][] = [];
  feed.subscribe(0, async (records) => {
    slow.push(records.map(({ seq }) => seq));
    await new Promise<void>((resolve) => waiting.push(resolve));
  });
  const quick = collect(feed, 0);
  write(2);
  await go(200);
  write(2);
  await go(1000);
  expect(slow).toEqual([[0, 1]]);
  expect(quick.got).toEqual([0, 1, 2, 3]);
  waiting[0]?.();
  await go(200);
  expect(slow).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test("a listener that throws gets the same batch again; a read that fails is tried again", async () => {
  const { write, feed, go, problems } = feedOf({ count: 0, fail: 1 });
  const calls: number[][] = [];
  feed.subscribe(0, (records) => {
    calls.push(records.map(({ seq }) => seq));
    if (calls.length === 1) throw new Error("not now");
  });
  write(2);
  await go(3000);
  expect(calls).toEqual([
    [0, 1],
    [0, 1],
  ]);
  expect(problems.map(String)).toEqual(["Error: the disk is away", "Error: not now"]);
});

test("one who wants some types alone is told how far the log was looked through", async () => {
  const { write, feed, go } = feedOf();
  write(600, "act.intent");
  write(1);
  const some = collect(feed, 0, (type) => !type.startsWith("act."));
  await go(1000);
  expect(some.got).toEqual([600]);
  expect(some.next()).toBe(601);
});

test("no call begins after the end of a subscription, and close waits for the one under way", async () => {
  const { write, feed, go } = feedOf();
  const one = collect(feed, 0);
  write(1);
  await go(100);
  one.end();
  write(1);
  await go(300);
  expect(one.got).toEqual([0]);

  let finish: (() => void) | undefined;
  let isDone = false;
  feed.subscribe(0, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    isDone = true;
  });
  await go(100);
  const closed = feed.close();
  finish?.();
  await closed;
  expect(isDone).toBe(true);
});

test("a reader that stands behind the end of a log that was cut goes on at its end", async () => {
  const { write, feed, go } = feedOf();
  const one = collect(feed, 70);
  write(3);
  await go(200);
  write(2);
  await go(200);
  expect(one.got).toEqual([3, 4]);
});

test("a real log is looked through without parsing what nobody wants", async () => {
  const opened = await openTestLog(folders.make(), { segmentBytes: 20_000 });
  for (let round = 0; round < 5; round++) {
    // A text that ends like a line of another type must not be taken for one.
    writeActs(opened, 40, String.raw`select '","type":"request.created"}'`);
    opened.log.append({ type: "request.created", detail: { round } });
    opened.log.flush();
  }
  const reader = recordReader(opened.folder, opened.written);
  const wanted = (type: string): boolean => type === "request.created";
  const { records, next } = await reader.scan(0, 10_000, wanted);
  expect(records.map(({ detail }) => detail["round"])).toEqual([0, 1, 2, 3, 4]);
  expect(next).toBe(opened.written());
  const part = await reader.scan(0, 100, wanted);
  expect(part.next).toBe(100);
  const all = await reader.read(0, 10_000);
  const types = new Set(all.map(({ type }) => type));
  for (const type of types) {
    const found = await reader.scan(0, 10_000, (one) => one === type);
    expect(found.records).toEqual(all.filter((record) => record.type === type));
  }
  await opened.log.close();
});
