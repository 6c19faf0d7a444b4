import { expect, test } from "vitest";
import type { Handover } from "./destination.ts";
import { range, testStream, turns } from "./testing/stream.ts";

test("everything goes out in order and once, and how far it has come is kept", async () => {
  let end = 300;
  const at = testStream({ end: () => end });
  await at.pass(1000);
  end = 310;
  await at.pass(1500);
  expect(at.sent).toEqual(range(0, 310));
  expect(at.kept.at(-1)).toBe(310);
  expect(at.stream.kept).toBe(310);
  expect(at.stream.status).toMatchObject({ next: 310, delivered: 310, lagRecords: 0, lagSeconds: 0 });
  await at.stream.stop();
});

test("how far it has come is kept at a stop, and not again where nothing came", async () => {
  const at = testStream({ end: () => 5, keep: () => Promise.resolve() });
  await at.pass(2000);
  const times = at.kept.length;
  await at.stream.stop();
  expect(at.kept).toHaveLength(times);
  expect(at.kept.at(-1)).toBe(5);
});

test("a failure sends the same again after a pause that grows, and is told once", async () => {
  let isUp = false;
  const at = testStream({
    end: () => 3,
    answer: ({ next }): Handover =>
      isUp ? { kind: "delivered", delivered: next } : { kind: "failed", why: "connect ECONNREFUSED" },
  });
  await at.pass(900);
  expect(at.sent).toEqual([0, 1, 2]);
  await at.pass(200);
  expect(at.sent).toEqual([0, 1, 2, 0, 1, 2]);
  await at.pass(1000);
  expect(at.sent).toHaveLength(6);
  await at.pass(1100);
  expect(at.sent).toHaveLength(9);
  expect(at.news).toEqual([{ kind: "failed", why: "connect ECONNREFUSED", next: 0, behind: 3 }]);
  expect(at.stream.status).toMatchObject({
    next: 0,
    failures: 3,
    lagRecords: 3,
    problem: "connect ECONNREFUSED",
  });
  expect(at.stream.status.lagSeconds).toBeCloseTo(3.2, 1);
  expect(at.kept).toEqual([]);
  isUp = true;
  await at.pass(5000);
  expect(at.news.at(-1)).toEqual({ kind: "resumed", next: 3 });
  expect(at.stream.status).toMatchObject({ next: 3, problem: undefined, lagSeconds: 0 });
  await at.stream.stop();
});

test("a pause that the destination asks for is kept, up to five minutes", async () => {
  const at = testStream({
    end: () => 1,
    answer: () => ({ kind: "failed", why: "429", retryAfter: 3_600_000 }),
  });
  await at.pass(299_000);
  expect(at.sent).toHaveLength(1);
  await at.pass(2000);
  expect(at.sent).toHaveLength(2);
  await at.stream.stop();
});

test("a failure that lasts is told again after five minutes, and not at each attempt", async () => {
  const at = testStream({ end: () => 1, answer: () => ({ kind: "failed", why: "away" }) });
  await at.pass(290_000);
  expect(at.news).toHaveLength(1);
  await at.pass(70_000);
  expect(at.news).toHaveLength(2);
  await at.stream.stop();
});

test("what is on its way counts as delivered once it has arrived, and is sent again when it is lost", async () => {
  let settled: Handover = { kind: "pending" };
  const at = testStream({
    end: () => 200,
    answer: () => ({ kind: "pending" }),
    settle: () => {
      const now = settled;
      if (now.kind === "failed") settled = { kind: "pending" };
      return Promise.resolve(now);
    },
  });
  await at.pass(3000);
  expect(at.sent).toEqual(range(0, 200));
  expect(at.stream.status).toMatchObject({ next: 0, lagRecords: 200 });
  settled = { kind: "delivered", delivered: 150 };
  await at.pass(2000);
  expect(at.kept).toEqual([150]);
  settled = { kind: "failed", why: "the connection broke" };
  await at.pass(3000);
  expect(at.sent).toEqual([...range(0, 200), ...range(150, 200)]);
  await at.stream.stop();
});

test("records that are in the archive alone are passed, counted once, and told", async () => {
  let fails = 1;
  const at = testStream({
    end: () => 10,
    absent: new Set(range(2, 6)),
    answer: ({ next }): Handover => {
      fails -= 1;
      return fails >= 0 ? { kind: "failed", why: "away" } : { kind: "delivered", delivered: next };
    },
  });
  await at.pass(3000);
  expect(at.sent).toEqual([0, 1, 6, 7, 8, 9, 0, 1, 6, 7, 8, 9]);
  expect(at.stream.status).toMatchObject({ next: 10, delivered: 6, missed: 4 });
  expect(at.news.filter(({ kind }) => kind === "missed")).toEqual([{ kind: "missed", first: 0, count: 4 }]);
  await at.stream.stop();
});

test("a log of archived records alone is passed without a call", async () => {
  const at = testStream({ end: () => 10, absent: new Set(range(0, 10)) });
  await at.pass(1000);
  expect(at.sent).toEqual([]);
  expect(at.stream.status).toMatchObject({ next: 10, missed: 10, lagRecords: 0 });
  await at.stream.stop();
});

test("records that the destination refuses for what they are are counted and told", async () => {
  const at = testStream({
    end: () => 4,
    answer: ({ next }) => ({ kind: "delivered", delivered: next, refused: { count: 1, why: "too long" } }),
  });
  await at.pass(500);
  expect(at.stream.status).toMatchObject({ next: 4, delivered: 3, refused: 1 });
  expect(at.news).toEqual([{ kind: "refused", why: "too long", count: 1, next: 4 }]);
  await at.stream.stop();
});

test("a cursor that cannot be kept stops nothing, and is told", async () => {
  const at = testStream({ end: () => 4, keep: () => Promise.reject(new Error("ENOSPC")) });
  await at.pass(500);
  expect(at.sent).toEqual(range(0, 4));
  expect(at.stream.kept).toBe(0);
  expect(at.news[0]).toEqual({ kind: "unkept", why: "ENOSPC" });
  await at.stream.stop();
});

test("a log that was put back from an older copy is followed from its end", async () => {
  let end = 20;
  const at = testStream({ end: () => end, from: 20 });
  await at.pass(500);
  end = 10;
  await at.pass(500);
  end = 12;
  await at.pass(1000);
  expect(at.sent).toEqual([10, 11]);
  await at.stream.stop();
});

test("a stop waits for what is under way, and then ends it", async () => {
  let aborted = false;
  const at = testStream({
    end: () => 1,
    answer: () =>
      new Promise((resolve) => {
        const look = (): void => {
          if (aborted) resolve({ kind: "failed", why: "the gateway stops" });
          else setImmediate(look);
        };
        look();
      }),
  });
  await at.pass(500);
  const stopped = at.stream.stop();
  aborted = true;
  await stopped;
  await at.pass(5000);
  expect(at.sent).toEqual([0]);
});

test("a stop leaves behind what hangs, says so, and keeps nothing of it that comes late", async () => {
  let arrive: ((handover: Handover) => void) | undefined;
  const at = testStream({
    end: () => 1,
    answer: () => new Promise((resolve) => (arrive = resolve)),
    close: () => new Promise(() => undefined),
  });
  await at.pass(500);
  const stopped = at.stream.stop();
  await at.pass(10_000);
  await stopped;
  expect(at.news).toEqual([{ kind: "left", next: 0 }]);
  arrive?.({ kind: "delivered", delivered: 1 });
  await at.pass(5000);
  expect(at.kept).toEqual([]);
  expect(at.sent).toEqual([0]);
});

test("the work of sending counts for the rest as reading does, and waiting for the receiver does not", async () => {
  const at = testStream({
    end: () => 3 * 128,
    answer: async ({ next }) => {
      at.clock.advance(30);
      await turns(1);
      at.clock.advance(1000);
      return { kind: "delivered", delivered: next };
    },
  });
  at.clock.advance(0);
  await turns();
  expect(at.sent).toHaveLength(128);
  at.clock.advance(119);
  await turns();
  expect(at.sent).toHaveLength(128);
  at.clock.advance(1);
  await turns();
  expect(at.sent).toHaveLength(256);
  await at.stream.stop();
});
