import { expect, test } from "vitest";
import type { AuditLog } from "../../audit/log.ts";
import type { AuditQuery, AuditReader } from "../../audit/index/port.ts";
import type { AuditRecord, NewRecord } from "../../audit/records.ts";
import { closeUnfinished } from "./unfinished.ts";

const at = (seq: number): string => new Date(1_000_000 + seq * 1000).toISOString();

function record(
  seq: number,
  type: AuditRecord["type"],
  session: string,
  detail: AuditRecord["detail"] = {},
): AuditRecord {
  return { seq, type, time: at(seq), session, detail, grant: `gr_of_${session}`, connection: "db" };
}

/**
 * @param behind so many searches find an index that has not caught up, and nothing of its records
 * @param failing so many find none that answers, after those
 */
async function closed(
  records: readonly AuditRecord[],
  first: number,
  { behind = 0, failing = 0 }: { readonly behind?: number; readonly failing?: number } = {},
): Promise<readonly NewRecord[]> {
  let searches = 0;
  let pauses = 0;
  const problems: unknown[] = [];
  const written: NewRecord[] = [];
  const reader = {
    search: async ({ types, session, before, from, limit }: AuditQuery) => {
      searches += 1;
      if (searches <= behind) return { records: [], isBehind: true };
      // The first answers, so that what comes after it fails.
      if (searches > behind + 1 && searches <= behind + 1 + failing) throw new Error("the store is away");
      return {
        records: records
          .filter(
            (each) =>
              (types === undefined || types.includes(each.type)) &&
              (session === undefined || session === each.session) &&
              (before === undefined || each.seq < before) &&
              (from === undefined || Date.parse(each.time) >= from),
          )
          .toReversed()
          .slice(0, limit),
        isBehind: false,
      };
    },
  } as unknown as AuditReader;
  const log = {
    append: (each: NewRecord) => written.push(each),
    flush: () => undefined,
  } as unknown as AuditLog;
  const count = await closeUnfinished({
    log,
    reader,
    first,
    configuration: () => "sha256:now",
    isStopping: () => searches > 10,
    pause: async () => void (pauses += 1),
    onProblem: (error) => problems.push(error),
  });
  expect(problems).toEqual(Array.from({ length: failing }, () => new Error("the store is away")));
  expect(pauses).toBe(failing);
  expect(count).toBe(written.length);
  return written;
}

test("sessions that a killed run left open are closed once, with what is unknown of them; this run's are not", async () => {
  const records = [
    record(0, "session.opened", "a"),
    record(1, "session.opened", "b"),
    record(2, "act.intent", "a"),
    record(3, "act.outcome", "a", { intent: 2 }),
    record(4, "act.intent", "a"),
    record(5, "act.denied", "a"),
    record(6, "session.closed", "b"),
    record(7, "session.opened", "c"),
    record(8, "log.opened", ""),
    record(9, "session.opened", "d"),
    record(10, "act.intent", "d"),
  ];
  const written = await closed(records, 8);
  expect(written.map(({ session, detail }) => ({ session, detail }))).toEqual([
    { session: "c", detail: { acts: 0, denied: 0, milliseconds: 0, reason: "the gateway was killed" } },
    {
      session: "a",
      detail: {
        acts: 2,
        denied: 1,
        milliseconds: 5000,
        reason: "the gateway was killed; what its unknown acts did, the target alone can say",
        unknown: 1,
        unknown_acts: [4],
      },
    },
  ]);
  expect(written[1]).toMatchObject({
    type: "session.closed",
    grant: "gr_of_a",
    connection: "db",
    configuration: "sha256:now",
  });
  const again = written.map((each, index) => ({ ...each, seq: 11 + index, time: at(11 + index) }));
  expect((await closed([...records, ...again], 13)).map(({ session }) => session)).toEqual(["d"]);
});

test("waits for an index that is behind, and leaves all to the next start where the gateway stops first", async () => {
  const records = [record(0, "session.opened", "a"), record(1, "log.opened", "")];
  expect(await closed(records, 1, { behind: 3 })).toHaveLength(1);
  expect(await closed(records, 1, { behind: Infinity })).toEqual([]);
});

test("tries again where the store is away, and closes each once", async () => {
  const records = [
    record(0, "session.opened", "a"),
    record(1, "session.opened", "b"),
    record(2, "log.opened", ""),
  ];
  expect(await closed(records, 2, { behind: 1, failing: 2 })).toHaveLength(2);
});

test("nothing to close in a new log", async () => {
  expect(await closed([record(0, "log.opened", "")], 0)).toEqual([]);
});
