import type { Kysely } from "kysely";
import type { AuditQuery, ReadRecords } from "../audit/index/port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { entriesOf } from "./act-runs.ts";
import type { RunEntry } from "./act-run-codec.ts";
import { decisionOf, operationsOf } from "./record-row.ts";
import type { Tables } from "./schema.ts";
import { ownerConditions, wordsOf } from "./search-parts.ts";

/** Runs read at a time, and acts read from the log at a time: so much is in memory at once. */
const PAGE_RUNS = 256;
const MAX_READ = 512;

const DECISION_OF: Readonly<Record<RunEntry["type"], string | undefined>> = {
  "act.intent": "permit",
  "act.denied": "deny",
  "act.outcome": undefined,
};
const ACT_TYPES = Object.keys(DECISION_OF) as readonly RunEntry["type"][];
const COUNTS = { "act.intent": "intents", "act.denied": "denied", "act.outcome": "outcomes" } as const;

/** The types of act that may meet a query. */
function typesFor({ types, decision }: AuditQuery): readonly RunEntry["type"][] {
  return ACT_TYPES.filter(
    (type) =>
      (types === undefined || types.includes(type)) &&
      (decision === undefined || DECISION_OF[type] === decision),
  );
}

/** What the log alone can tell: everything else the rows have told. */
function matcherOf(query: AuditQuery): (record: AuditRecord) => boolean {
  const words = wordsOf(query.text ?? "").map((word) => word.toLowerCase());
  const { operation, decision, from, to } = query;
  const name = operation === undefined ? undefined : `${operation.includes("/") ? "\n" : "/"}${operation}\n`;
  return (record) => {
    const time = Date.parse(record.time);
    if (from !== undefined && time < from) return false;
    if (to !== undefined && time > to) return false;
    if (decision !== undefined && decisionOf(record) !== decision) return false;
    if (name !== undefined && operationsOf(record)?.includes(name) !== true) return false;
    if (words.length === 0) return true;
    const text = JSON.stringify(record).toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** The numbers of acts that may meet a query, newest first, a page of runs at a time. */
async function* candidates(
  db: Kysely<Tables>,
  log: string,
  query: AuditQuery,
  upTo: number,
): AsyncGenerator<readonly number[]> {
  const types = typesFor(query);
  const end = Math.min(query.before ?? Infinity, upTo + 1);
  /** Of runs that were read: runs overlap, so that one further back may hold what is newer. */
  let waiting: number[] = [];
  let below = Number.MAX_SAFE_INTEGER;
  while (types.length > 0) {
    const rows = await db
      .selectFrom("mayfly_act_runs as r")
      .innerJoin("mayfly_indexed_logs as l", "l.number", "r.log")
      .innerJoin("mayfly_records as o", (join) =>
        join.onRef("o.log", "=", "l.log").onRef("o.seq", "=", "r.opening"),
      )
      .select(["r.first", "r.last", "r.entries"])
      .where("l.log", "=", log)
      .where("r.last", "<", below)
      .where("r.first", "<", Math.min(end, Number.MAX_SAFE_INTEGER))
      .$if(query.from !== undefined, (q) => q.where("r.last_time", ">=", query.from ?? 0))
      .$if(query.to !== undefined, (q) => q.where("r.first_time", "<=", query.to ?? 0))
      .where((e) => e.or(types.map((type) => e(`r.${COUNTS[type]}`, ">", 0))))
      .where((e) => e.and([...ownerConditions(e as never, query)]))
      .orderBy("r.last", "desc")
      .limit(PAGE_RUNS)
      .execute();
    const isLast = rows.length < PAGE_RUNS;
    below = rows.at(-1)?.last ?? 0;
    for (const row of rows)
      for (const { seq, type } of entriesOf(row)) if (seq < end && types.includes(type)) waiting.push(seq);
    waiting.sort((a, b) => b - a);
    const ready = isLast ? waiting.length : waiting.findIndex((seq) => seq < below);
    yield waiting.slice(0, ready < 0 ? waiting.length : ready);
    if (isLast) return;
    waiting = ready < 0 ? [] : waiting.slice(ready);
  }
}

/** The newest acts that meet a query, read from the log. */
export async function findActs(
  db: Kysely<Tables>,
  log: string,
  query: AuditQuery,
  how: { readonly limit: number; readonly upTo: number; readonly read: ReadRecords },
): Promise<readonly AuditRecord[]> {
  const matches = matcherOf(query);
  const found: AuditRecord[] = [];
  /** What nothing but the rows narrows is found at once; words are looked for in ever more acts. */
  let some = Math.min(how.limit, MAX_READ);
  for await (const seqs of candidates(db, log, query, how.upTo)) {
    for (let at = 0; at < seqs.length && found.length < how.limit; at += some) {
      if (at > 0) some = Math.min(some * 2, MAX_READ);
      const records = await how.read(seqs.slice(at, at + some));
      found.push(...records.filter(matches).toSorted((one, other) => other.seq - one.seq));
    }
    if (found.length >= how.limit) break;
  }
  return found.slice(0, how.limit);
}
