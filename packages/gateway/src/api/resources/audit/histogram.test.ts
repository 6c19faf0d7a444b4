import { describe, expect, it } from "vitest";
import type { AuditLogs, LoggedRecord, LogsQuery, PartialLog } from "../../../audit/logs/port.ts";
import type { RecordType } from "../../../audit/records.ts";
import { createApi } from "../../server.ts";
import { fakes } from "../../testing/fakes.ts";
import { bucketsOf, histogramOf, stepOf } from "./histogram.ts";

const start = Date.UTC(2026, 10, 24, 12);
const minute = 60_000;

const record = (seq: number, at: number, type: RecordType, detail: object = {}): LoggedRecord => ({
  seq,
  time: new Date(at).toISOString(),
  type,
  detail: detail as LoggedRecord["detail"],
});

/** Logs with these records, oldest first, that note what they were asked. */
function logsOf(
  all: readonly LoggedRecord[],
  partial: readonly PartialLog[] = [],
  /** Records that a page has room for, whatever is asked for. */
  room = Infinity,
) {
  const asked: LogsQuery[] = [];
  const logs: Pick<AuditLogs, "search"> = {
    search: async (query) => {
      asked.push(query);
      const skipped = Number(query.before ?? 0);
      const found = all
        .filter(({ type, time }) => {
          const at = Date.parse(time);
          return (
            (query.types?.includes(type) ?? true) && at >= (query.from ?? 0) && at <= (query.to ?? Infinity)
          );
        })
        .toReversed()
        .slice(skipped);
      const limit = Math.min(query.limit, room);
      const isMore = found.length > limit;
      return {
        records: found.slice(0, limit),
        partial,
        ...(isMore ? { next: String(skipped + limit) } : {}),
      };
    },
  };
  return { asked, logs };
}

const signal = new AbortController().signal;
const sums = (buckets: readonly { permitted: number; failed: number; denied: number }[]) =>
  buckets.map(({ permitted, failed, denied }) => [permitted, failed, denied]);

describe("the histogram of acts", () => {
  it.each([
    [60 * minute, 50, 5 * minute],
    [1440 * minute, 50, 30 * minute],
    [7 * 1440 * minute, 50, 360 * minute],
    [0, 48, 1000],
    [3650 * 1440 * minute, 2, 122 * 30 * 1440 * minute],
  ])("covers %i ms in at most %i steps of a clock", (range, most, step) => {
    expect(stepOf(range, most)).toBe(step);
    for (const shift of [0, 1, step - 1]) {
      const { length } = bucketsOf(start + shift, start + shift + range, step);
      expect(length).toBeLessThanOrEqual(most);
      expect(length).toBeGreaterThan(0);
    }
  });

  it("counts an act once, where it began, by what came of it", async () => {
    const { logs } = logsOf([
      record(0, start, "act.intent"),
      record(1, start + 10, "act.denied"),
      record(2, start + minute, "act.intent"),
      record(3, start + minute, "act.outcome", { intent: 2 }),
      // Its outcome came behind the range's end.
      record(4, start + 3 * minute, "act.outcome", { intent: 0, error: "57014" }),
      record(5, start + 4 * minute, "act.intent"),
    ]);
    const range = { from: start, to: start + 2 * minute - 1 };
    const { buckets, countedFrom } = await histogramOf(logs, range, minute, signal);
    expect(sums(buckets)).toEqual([
      [0, 1, 1],
      [1, 0, 0],
    ]);
    expect(countedFrom).toBeUndefined();
  });

  it("asks for acts alone, and for none where the filter leaves none", async () => {
    const range = { from: start, to: start + minute };
    const { logs, asked } = logsOf([record(0, start, "request.created"), record(1, start, "act.denied")]);
    const types = (list: readonly RecordType[]) => ({ ...range, types: list });
    expect(sums((await histogramOf(logs, types(["act.denied"]), minute, signal)).buckets)).toEqual([
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(asked.map((query) => query.types)).toEqual([["act.denied"]]);
    await histogramOf(logs, types(["request.created"]), minute, signal);
    expect(asked).toHaveLength(1);
  });

  it("does not look for words in outcomes, which hold none of the act's", async () => {
    const { logs, asked } = logsOf([
      record(0, start, "act.intent"),
      record(1, start, "act.outcome", { intent: 0, error: "57014" }),
    ]);
    const filter = {
      from: start,
      to: start + 1,
      text: "orders",
      operation: "read",
      decision: "permit",
      connection: "db",
    };
    const { buckets } = await histogramOf(logs, filter, minute, signal);
    expect(sums(buckets)).toEqual([[0, 1, 0]]);
    expect(asked[0]).toMatchObject({ text: "orders", operation: "read", decision: "permit" });
    expect(Object.keys(asked[1] ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(text|operation|decision)$/)]),
    );
    expect(asked[1]).toMatchObject({ connection: "db", types: ["act.outcome"] });
  });

  it("counts the newest ten thousand, page by page, and says from when", async () => {
    const { logs, asked } = logsOf(
      Array.from({ length: 10_500 }, (_, seq) => record(seq, start + seq, "act.denied")),
    );
    const { buckets, countedFrom } = await histogramOf(
      logs,
      { from: start, to: start + minute },
      minute,
      signal,
    );
    expect(buckets[0]?.denied).toBe(10_000);
    expect(countedFrom).toBe(start + 500);
    expect(Math.max(...asked.map(({ limit }) => limit))).toBe(1000);
    expect(asked).toHaveLength(10);
  });

  it("counts records and not pages, which may be short, and says from when where it stops", async () => {
    const range = { from: start, to: start + minute - 1 };
    const denied = (count: number, room: number) =>
      logsOf(
        Array.from({ length: count }, (_, seq) => record(seq, start + seq, "act.denied")),
        [],
        room,
      ).logs;
    const short = await histogramOf(denied(3000, 150), range, minute, signal);
    expect(short).toMatchObject({ buckets: [{ denied: 3000 }], countedFrom: undefined });
    const whole = await histogramOf(denied(10_000, Infinity), range, minute, signal);
    expect(whole).toMatchObject({ buckets: [{ denied: 10_000 }], countedFrom: undefined });
    const shortest = await histogramOf(denied(3000, 10), range, minute, signal);
    expect(shortest).toMatchObject({ buckets: [{ denied: 1000 }], countedFrom: start + 2000 });
    // A log that says there is more and never has any.
    const never = { search: async () => ({ records: [], partial: [], next: "1.5" }) };
    expect(await histogramOf(never, range, minute, signal)).toMatchObject({ countedFrom: range.to });
  });

  it("counts none of which it does not know whether they failed", async () => {
    const acts = [record(0, start, "act.intent"), record(1, start + 20_000, "act.intent")];
    const outcomes = Array.from({ length: 10_001 }, (_, at) =>
      record(2 + at, start + 10_000 + at, "act.outcome", { intent: at === 10_000 ? 1 : 9, error: "57014" }),
    );
    const { logs } = logsOf([...acts, ...outcomes]);
    const range = { from: start, to: start + minute - 1 };
    const { buckets, countedFrom } = await histogramOf(logs, range, minute, signal);
    expect(sums(buckets)).toEqual([[0, 1, 0]]);
    expect(countedFrom).toBe(start + 10_001);
  });

  it("tells the acts of several logs apart, and says whose gateway does not answer", async () => {
    const of = (log: string, one: LoggedRecord): LoggedRecord => ({ ...one, log });
    const missing: PartialLog = { log: "c", lacks: "acts", reason: "it is away" };
    const { logs } = logsOf(
      [
        of("a", record(0, start, "act.intent")),
        of("b", record(0, start + 1, "act.intent")),
        of("b", record(1, start + 2, "act.outcome", { intent: 0, error: "57014" })),
      ],
      [missing],
    );
    const { buckets, partial } = await histogramOf(logs, { from: start, to: start + 9 }, minute, signal);
    expect(sums(buckets)).toEqual([[1, 1, 0]]);
    expect(partial).toEqual([missing]);
  });

  it("says once which logs were given up", async () => {
    const { logs } = logsOf([record(0, start, "act.intent")]);
    const gone = { log: "c", lacks: "bodies", by: "olga", at: start } as const;
    const search: AuditLogs["search"] = async (query) => ({ ...(await logs.search(query)), retired: [gone] });
    const { retired } = await histogramOf({ search }, { from: start, to: start + 9 }, minute, signal);
    expect(retired).toEqual([gone]);
  });

  it("stops when whoever asked has gone", async () => {
    const { logs, asked } = logsOf([]);
    const gone = AbortSignal.abort(new Error("the client has gone"));
    await expect(histogramOf(logs, { from: start, to: start }, minute, gone)).rejects.toThrow(
      "the client has gone",
    );
    expect(asked).toEqual([]);
  });
});

it("answers auditors with the last day where nothing else is asked, and refuses what is no range", async () => {
  const { services } = fakes();
  const app = createApi(services);
  const headers = { authorization: "Bearer token-auditor" };
  const answer = await app.inject({ url: "/v1/audit/histogram", headers });
  expect(answer.statusCode).toBe(200);
  const { from, to, buckets, step_seconds } = answer.json<{
    from: string;
    to: string;
    buckets: unknown[];
    step_seconds: number;
  }>();
  expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
  expect(step_seconds).toBe(1800);
  expect(buckets.length).toBeLessThanOrEqual(50);
  for (const bad of [
    "?buckets=1",
    "?buckets=121",
    "?from=2026-11-24T12:00:00Z&to=2026-11-24T11:00:00Z",
    "?limit=3",
  ])
    expect((await app.inject({ url: `/v1/audit/histogram${bad}`, headers })).statusCode).toBe(400);
  const agent = { authorization: "Bearer token-agent" };
  expect((await app.inject({ url: "/v1/audit/histogram", headers: agent })).statusCode).toBe(403);
  await app.close();
});

it("asks the log that is named, for acts and for outcomes alike, and refuses one that there is none of", async () => {
  const { services } = fakes();
  const { asked, logs } = logsOf([record(1, start, "act.intent")]);
  const named: AuditLogs = { ...logs, payload: async () => undefined };
  const range = "from=2026-11-24T11:00:00Z&to=2026-11-24T13:00:00Z";
  const headers = { authorization: "Bearer token-auditor" };
  const url = `/v1/audit/histogram?log=second&${range}`;
  expect((await createApi({ ...services, logs: named }).inject({ url, headers })).statusCode).toBe(200);
  expect(asked.map(({ log, types }) => [log, types])).toEqual([
    ["second", ["act.intent", "act.denied"]],
    ["second", ["act.outcome"]],
  ]);
  expect((await createApi(services).inject({ url, headers })).statusCode).toBe(404);
});
