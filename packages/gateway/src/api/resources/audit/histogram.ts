import * as z from "zod";
import type { AuditLogs, LoggedRecord, LogsQuery, PartialLog, RetiredLog } from "../../../audit/logs/port.ts";
import type { RecordType } from "../../../audit/records.ts";
import { component } from "../../contract/components.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { timeOf, timeSchema } from "../../contract/schemas.ts";
import { ApiProblem } from "../../contract/problems.ts";
import { logsOf, partialSchema, queryNumber, readFilter, recordFilterSchema } from "./audit.ts";
import { retiredIn, retiredSchema } from "./retired.ts";

const count = z.int().nonnegative();

const histogramSchema = component(
  "AuditHistogram",
  z.object({
    from: timeSchema,
    to: timeSchema,
    step_seconds: z.int().positive(),
    buckets: z
      .array(
        z.object({
          at: timeSchema.meta({ description: "When it begins" }),
          permitted: count.meta({ description: "Acts let through of which no failure is recorded" }),
          failed: count.meta({ description: "Acts let through whose outcome is an error" }),
          denied: count,
        }),
      )
      .meta({ description: "Oldest first, each as long as the step; the first may begin before `from`" }),
    counted_from: timeSchema
      .optional()
      .meta({ description: "Only acts from here on are counted: there are more than are looked at" }),
    partial: partialSchema.optional().meta({
      description: "Logs whose gateway does not answer: acts of theirs may be missing, or what came of them",
    }),
    retired: retiredSchema.optional().meta({
      description: "Logs that an operator has given up: the same is missing of theirs, for good",
    }),
  }),
);

/** Steps that a person reads at a glance, in seconds: each divides the next whole unit of a clock. */
const STEPS_SECONDS = [
  1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000,
] as const;
const USUAL_BUCKETS = 50;
const MAX_BUCKETS = 120;
const USUAL_RANGE_MS = 86_400_000;
/** So many acts are looked at, and as many outcomes: the newest of a range that has more. */
const MAX_ACTS = 10_000;
/** Records a page; a page is in memory, and no more than one. */
const PAGE_RECORDS = 1000;
/** A page may be short, where what its records say is long: so many are asked for. */
const MAX_PAGES = 100;
/** An act's outcome is looked for so long after the range: statements run for minutes. Milliseconds. */
const OUTCOME_GRACE_MS = 600_000;

/** The shortest step that covers a range in so many buckets, milliseconds; beyond a month, whole months. */
export function stepOf(rangeMs: number, buckets: number): number {
  // One more than asked for is never needed: the first begins before the range.
  const least = rangeMs / 1000 / Math.max(1, buckets - 1);
  const largest = STEPS_SECONDS.at(-1) ?? 1;
  const step = STEPS_SECONDS.find((seconds) => seconds >= least) ?? Math.ceil(least / largest) * largest;
  return step * 1000;
}

interface Bucket {
  at: number;
  permitted: number;
  failed: number;
  denied: number;
}

/** Empty buckets over a range, on whole steps. */
export function bucketsOf(from: number, to: number, step: number): readonly Bucket[] {
  const first = Math.floor(from / step) * step;
  const length = Math.floor((to - first) / step) + 1;
  return Array.from({ length }, (_, index) => ({
    at: first + index * step,
    permitted: 0,
    failed: 0,
    denied: 0,
  }));
}

const actTypes: readonly RecordType[] = ["act.intent", "act.denied"];

/** What is counted: the acts among the types that are asked for. An outcome's row stands for its act's. */
function typesOf(asked: readonly RecordType[] | undefined): readonly RecordType[] {
  if (asked === undefined) return actTypes;
  return actTypes.filter(
    (type) => asked.includes(type) || (type === "act.intent" && asked.includes("act.outcome")),
  );
}

type Filter = Omit<LogsQuery, "before" | "limit">;

/** Where records are looked for, and the logs that did not answer, which grow while it is looked. */
interface Looking {
  readonly logs: Pick<AuditLogs, "search">;
  readonly partial: Map<string, PartialLog>;
  readonly retired: Map<string, RetiredLog>;
  readonly signal: AbortSignal;
}

/**
 * Looks at the newest records of a search, page by page, as many as are looked at.
 * @returns when the oldest of them was written, where there are more: milliseconds since the epoch
 */
async function eachNewest(
  { logs, partial, retired, signal }: Looking,
  query: Filter & { readonly to: number },
  take: (record: LoggedRecord) => void,
): Promise<number | undefined> {
  let before: string | undefined;
  let oldest = query.to;
  for (let left = MAX_ACTS, page = 0; left > 0 && page < MAX_PAGES; page += 1) {
    signal.throwIfAborted();
    const limit = Math.min(left, PAGE_RECORDS);
    const found = await logs.search({ ...query, ...(before === undefined ? {} : { before }), limit });
    for (const missing of found.partial) partial.set(`${missing.log} ${missing.lacks}`, missing);
    for (const gone of found.retired ?? []) retired.set(`${gone.log} ${gone.lacks}`, gone);
    for (const record of found.records) {
      oldest = Math.min(oldest, Date.parse(record.time));
      take(record);
    }
    left -= found.records.length;
    before = found.next;
    if (before === undefined) return undefined;
  }
  return oldest;
}

/** Names an act: its log's and its number. */
const actKey = (log: string | undefined, seq: number): string => `${log ?? ""} ${seq}`;

/** Which acts failed, of those from a time on; and from when on that is known, where it is not of all. */
async function failuresOf(
  looking: Looking,
  filter: Filter & { readonly to: number },
  from: number,
): Promise<{ readonly failed: ReadonlySet<string>; readonly knownFrom: number | undefined }> {
  // Whose it is, an outcome knows as its act does. What else narrows acts (words, an operation) stands in the act alone.
  const { text: _, operation: __, decision: ___, to, ...whose } = filter;
  const failed = new Set<string>();
  const knownFrom = await eachNewest(
    looking,
    { ...whose, from, types: ["act.outcome"], to: to + OUTCOME_GRACE_MS },
    ({ log, detail: { intent, error } }) => {
      if (typeof intent === "number" && typeof error === "string" && error !== "")
        failed.add(actKey(log, intent));
    },
  );
  return { failed, knownFrom };
}

/** What was counted. */
export interface Counted {
  readonly buckets: readonly Bucket[];
  /** Milliseconds since the epoch; undefined: all of the range was. */
  readonly countedFrom: number | undefined;
  readonly partial: readonly PartialLog[];
  readonly retired: readonly RetiredLog[];
}

/** Counts the newest acts of a range into buckets. */
export async function histogramOf(
  logs: Pick<AuditLogs, "search">,
  filter: Filter & { readonly from: number; readonly to: number },
  step: number,
  signal: AbortSignal,
): Promise<Counted> {
  const buckets = bucketsOf(filter.from, filter.to, step);
  const start = buckets[0]?.at ?? 0;
  const types = typesOf(filter.types);
  if (types.length === 0) return { buckets, countedFrom: undefined, partial: [], retired: [] };
  const looking: Looking = { logs, partial: new Map(), retired: new Map(), signal };
  const acts: { at: number; key: string; isDenied: boolean }[] = [];
  const cutAt = await eachNewest(looking, { ...filter, types }, ({ log, seq, time, type }) => {
    acts.push({ at: Date.parse(time), key: actKey(log, seq), isDenied: type === "act.denied" });
  });
  const oldest = acts.reduce((least, { at }) => Math.min(least, at), filter.to);
  const { failed, knownFrom } = acts.some(({ isDenied }) => !isDenied)
    ? await failuresOf(looking, filter, oldest)
    : { failed: new Set<string>(), knownFrom: undefined };
  // Before the oldest outcome that was looked at, what failed would count as permitted.
  const countedFrom =
    cutAt === undefined && knownFrom === undefined
      ? undefined
      : Math.min(Math.max(cutAt ?? oldest, knownFrom ?? oldest), filter.to);
  for (const { at, key, isDenied } of acts) {
    const bucket = buckets[Math.floor((at - start) / step)];
    if (bucket === undefined || at < (countedFrom ?? at)) continue;
    bucket[isDenied ? "denied" : failed.has(key) ? "failed" : "permitted"] += 1;
  }
  const [partial, retired] = [[...looking.partial.values()], [...looking.retired.values()]];
  return { buckets, countedFrom, partial, retired };
}

/** Acts that match, counted by time. */
export const countActs = endpoint({
  id: "GET /v1/audit/histogram",
  operationId: "getAuditHistogram",
  summary: "Count the acts that match by time: permitted, failed, denied",
  description: `Over \`from\` to \`to\`, the last 24 hours where they are left out, in at most \`buckets\` steps (${USUAL_BUCKETS}). The newest ${MAX_ACTS.toLocaleString("en")} acts of the range are counted.`,
  query: recordFilterSchema.extend({
    buckets: queryNumber
      .refine((text) => Number(text) >= 2 && Number(text) <= MAX_BUCKETS, {
        error: `is not 2 to ${MAX_BUCKETS}`,
      })
      .optional(),
  }),
  answers: { 200: { description: "The counts", schema: histogramSchema } },
  async handle({ services, query, signal, startStream }) {
    const { buckets: most, ...asked } = query;
    const filter = readFilter(asked);
    const to = filter.to ?? services.clock.wall();
    const from = filter.from ?? to - USUAL_RANGE_MS;
    if (from > to)
      throw new ApiProblem("invalid_input", 400, "from is after to", "give from and to the other way round");
    const step = stepOf(to - from, Number(most ?? USUAL_BUCKETS));
    const end = startStream("histogram");
    try {
      const { buckets, countedFrom, partial, retired } = await histogramOf(
        logsOf(services),
        { ...filter, from, to },
        step,
        signal,
      );
      return {
        status: 200,
        body: {
          from: timeOf(from),
          to: timeOf(to),
          step_seconds: step / 1000,
          buckets: buckets.map((bucket) => ({ ...bucket, at: timeOf(bucket.at) })),
          ...(countedFrom === undefined ? {} : { counted_from: timeOf(countedFrom) }),
          ...(partial.length === 0 ? {} : { partial: [...partial] }),
          ...retiredIn(retired),
        },
      };
    } finally {
      end();
    }
  },
});
