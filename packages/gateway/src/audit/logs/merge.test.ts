import { expect, it } from "vitest";
import fc from "@mayfly/testing/fast-check.ts";
import type { AuditRecord } from "../records.ts";
import { mergePages, type LogPage } from "./merge.ts";

const recordAt = (seq: number, time: number): AuditRecord => ({
  seq,
  time: new Date(time).toISOString(),
  type: "request.created",
  detail: {},
});

/** Logs, each the times of its records in its order: clocks may step back, and those of others are others. */
const logs = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 25 }), {
  minLength: 1,
  maxLength: 4,
});

/** What a log answers: the newest of what is below a place, as many as are asked for or have room. */
function pageOf(log: number, times: readonly number[], before: number, limit: number, room: number): LogPage {
  const below = times.map((time, seq) => recordAt(seq, time)).slice(0, before);
  const records = below.toReversed().slice(0, Math.min(limit, room));
  return { log, records, hasMore: records.length < below.length };
}

it("has every record of every log on one page, each log's in its order", () => {
  fc.assert(
    fc.property(logs, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (all, limit, room) => {
      const seen: string[] = [];
      let places: ReadonlyMap<number, number> | undefined;
      for (;;) {
        const asked = all.flatMap((times, at) => {
          const log = at + 1;
          const before = places === undefined ? times.length : places.get(log);
          return before === undefined ? [] : [pageOf(log, times, before, limit, room)];
        });
        const page = mergePages(asked, limit);
        expect(page.records.length).toBeLessThanOrEqual(limit);
        seen.push(...page.records.map(({ log, record }) => `${log} ${record.seq}`));
        if (page.places.size === 0) break;
        // A page that brings nobody further would be asked for without end.
        expect(page.records.length).toBeGreaterThan(0);
        places = page.places;
      }
      const wanted = all.map((times, at) => times.map((_, seq) => `${at + 1} ${seq}`).toReversed());
      expect(new Set(seen).size).toBe(seen.length);
      for (const [at, ofLog] of wanted.entries())
        expect(seen.filter((name) => name.startsWith(`${at + 1} `))).toEqual(ofLog);
    }),
    { numRuns: 300 },
  );
});

it("takes the newer head first, and ends before what one log has not shown", () => {
  const first = { log: 1, records: [recordAt(9, 90), recordAt(8, 50)], hasMore: true };
  const second = { log: 2, records: [recordAt(4, 70), recordAt(3, 60), recordAt(2, 40)], hasMore: false };
  const { records, places } = mergePages([first, second], 100);
  expect(records.map(({ log, record }) => `${log} ${record.seq}`)).toEqual(["1 9", "2 4", "2 3", "1 8"]);
  // What is next in the first may be newer than the second's last.
  expect([...places]).toEqual([
    [1, 8],
    [2, 3],
  ]);
});
