import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createAuditFeed } from "../index/feed.ts";
import type { AuditRecord } from "../records.ts";
import { createLogsFeed, MAX_REPLAYED, oneFeed } from "./feed.ts";
import type { IndexedLog } from "./port.ts";
import { NotIndexed } from "./read-other.ts";

const recordOf = (seq: number): AuditRecord => ({
  seq,
  time: "2026-01-01T12:00:00.000Z",
  type: "request.created",
  detail: {},
});
const recordsOf = (from: number, to: number): AuditRecord[] =>
  Array.from({ length: Math.max(to - from, 0) }, (_, at) => recordOf(from + at));

/** The feed of a gateway whose own log, `a`, has 100 records, with those of others in the store. */
function feeds() {
  const clock = fakeClock();
  const problems: unknown[] = [];
  const onProblem = (error: unknown): void => void problems.push(error);
  const ends = new Map([["a", 100]]);
  const state = { isAway: false };
  const all = (): IndexedLog[] =>
    Array.from(ends, ([name, end], at) => ({ number: at + 1, name, id: `${name}+1+K`, end }));
  const own = createAuditFeed({
    clock,
    written: () => ends.get("a") ?? 0,
    reader: { read: async (seq, limit) => recordsOf(seq, Math.min(seq + limit, ends.get("a") ?? 0)) },
  });
  const feed = createLogsFeed({
    clock,
    own: "a+1+K",
    feed: own,
    ends: async () => {
      if (state.isAway) throw new Error("the store is away");
      return all();
    },
    async scan({ name }, from, to) {
      // As far as the index has it.
      const next = Math.min(to, ends.get(name) ?? 0);
      if (next <= from) throw new NotIndexed();
      return { records: recordsOf(from, next), next };
    },
    onProblem,
  });
  const go = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  /** Follows from an id on. */
  const follow = async (last?: string) => {
    const begun = await feed.begin(last);
    const got: string[] = [];
    const stop = feed.subscribe(
      begun.places,
      async (log, records) => void got.push(...records.map(({ seq }) => `${log} ${seq}`)),
      () => true,
    );
    return { ...begun, got, stop };
  };
  return { ends, state, problems, feed, go, follow };
}

it("begins now in all logs, and has each log's records once and in order", async () => {
  const { ends, go, follow } = feeds();
  ends.set("b", 50);
  const { got, isReset } = await follow();
  ends.set("a", 102);
  ends.set("b", 52);
  await go(3000);
  expect(isReset).toBe(false);
  expect(got.toSorted()).toEqual(["1 100", "1 101", "2 50", "2 51"]);
});

it("keeps no place of what is no log, of which an id could name a thousand", async () => {
  const { ends, feed } = feeds();
  ends.set("b", 50);
  const many = Array.from({ length: 500 }, (_, at) => `${at + 100}.1`);
  const { places } = await feed.begin(["1.90", "2.40", ...many].join(","));
  expect([...places]).toEqual([
    [1, 90],
    [2, 40],
  ]);
  expect(feed.idOf(places)).toBe("1.90,2.40");
});

it("has the beginning of a log that came up while the reader was away", async () => {
  const { ends, go, follow } = feeds();
  ends.set("b", 50);
  // The id names the logs that there were: `c` has come up since.
  ends.set("c", 3);
  const { got, isReset } = await follow("1.100,2.50");
  await go(2000);
  expect(isReset).toBe(false);
  expect(got).toEqual(["3 0", "3 1", "3 2"]);
});

it("tells a reader to look anew where a log has more than is replayed", async () => {
  const { ends, follow } = feeds();
  ends.set("b", MAX_REPLAYED + 1);
  const { places, isReset } = await follow("1.100");
  expect(isReset).toBe(true);
  expect(places.get(2)).toBe(1);
});

it("has the own log's events while the store is away, and others' from when it is back", async () => {
  const { ends, state, problems, go, follow } = feeds();
  ends.set("b", 5000);
  state.isAway = true;
  const { got, isReset } = await follow();
  expect(isReset).toBe(false);
  ends.set("a", 101);
  await go(500);
  expect(got).toHaveLength(1);
  expect(got[0]).toMatch(/ 100$/);
  expect(problems).not.toEqual([]);
  state.isAway = false;
  await go(2000);
  ends.set("b", 5001);
  await go(3000);
  expect(got.slice(1)).toEqual(["2 5000"]);
});

it("goes on in every log where the store was away at the reader's return, and says that something may be missing", async () => {
  const { ends, state, go, follow } = feeds();
  ends.set("b", 50);
  state.isAway = true;
  const { got, isReset } = await follow("1.90,2.48");
  expect(isReset).toBe(true);
  state.isAway = false;
  await go(3000);
  expect(got.filter((name) => name.startsWith("2 "))).toEqual(["2 48", "2 49"]);
});

it("names the own log by its number once the store has told it", async () => {
  const { ends, state, feed, go, follow } = feeds();
  state.isAway = true;
  const { places } = await follow();
  // Another gateway would take a number alone for a place in its own log.
  expect(feed.idOf(places)).toBeUndefined();
  ends.set("b", 7);
  state.isAway = false;
  await go(2000);
  expect(feed.idOf(places)).toBe("1.100");
});

it("names the log where the store knows no other yet", async () => {
  const { ends, feed, follow } = feeds();
  const { places } = await follow();
  expect(feed.idOf(places)).toBe("1.100");
  ends.set("a", 105);
  expect((await follow(feed.idOf(places))).places).toEqual(new Map([[1, 100]]));
});

it("takes places in several logs for unknown where there is one, and begins anew", async () => {
  const feed = oneFeed({ end: 40, subscribe: () => () => undefined });
  expect(await feed.begin("1.12,2.30")).toEqual({ places: new Map([[0, 40]]), isReset: true });
  expect(await feed.begin("12")).toEqual({ places: new Map([[0, 13]]), isReset: false });
});

it("passes over nothing of a log whose index is built anew, and says nothing of it twice", async () => {
  const { ends, problems, go, follow } = feeds();
  ends.set("b", 5000);
  const { got } = await follow("1.100,2.4990");
  ends.set("b", 4995);
  await go(3000);
  ends.set("b", 0);
  await go(3000);
  ends.set("b", 4997);
  await go(3000);
  ends.set("b", 5002);
  await go(5000);
  expect(got).toEqual(Array.from({ length: 12 }, (_, at) => `2 ${4990 + at}`));
  expect(problems).toEqual([]);
});
