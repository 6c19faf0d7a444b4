import * as z from "zod";
import type { Archived, AuditQuery, AuditReader } from "../index/port.ts";
import type { AuditRecord } from "../records.ts";
import type { LogQuestion } from "./port.ts";

/** What a log says to a search. */
export interface SearchAnswer {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  readonly hasMore: boolean;
  readonly archived?: Archived;
  /** Whether what was written last may be missing: its index had not caught up. Left out by gateways that do not know. */
  readonly isBehind?: boolean;
}

/** The acts of some numbers, oldest first. */
export interface ReadAnswer {
  readonly records: readonly AuditRecord[];
  /** Whether there was no room for all. */
  readonly isCut: boolean;
}

/** What this gateway's log can be asked. */
export interface AskedReader extends Pick<AuditReader, "search" | "payload" | "archived"> {
  /** Reads acts by their numbers. */
  readEach(seqs: readonly number[]): Promise<readonly AuditRecord[]>;
}

/** UTF-16 code units of records in one answer; the first one always has room. */
const MAX_RECORDS_LENGTH = 4 * 1024 * 1024;

/** As many of the first records as have room. */
function thatFit(records: readonly AuditRecord[]): readonly AuditRecord[] {
  let length = 0;
  const end = records.findIndex((record, at) => {
    length += JSON.stringify(record).length;
    return at > 0 && length > MAX_RECORDS_LENGTH;
  });
  return end < 0 ? records : records.slice(0, end);
}

/** Searches one log for a merge with others. */
export async function searchOne(
  reader: Pick<AuditReader, "search" | "archived">,
  query: AuditQuery,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const { records, isBehind } = await reader.search(query, signal);
  const { archived } = reader;
  return {
    records,
    hasMore: records.length >= query.limit && records.at(-1)?.seq !== 0,
    ...(archived === undefined ? {} : { archived }),
    isBehind,
  };
}

/** Answers another gateway, which has let nobody ask who may not. */
export async function answerOne(
  reader: AskedReader,
  question: LogQuestion,
  signal?: AbortSignal,
): Promise<unknown> {
  switch (question.kind) {
    case "search": {
      const found = await searchOne(reader, question.query, signal);
      const records = thatFit(found.records);
      return { ...found, records, hasMore: found.hasMore || records.length < found.records.length };
    }
    case "read": {
      const found = (await reader.readEach(question.seqs)).toSorted((a, b) => a.seq - b.seq);
      const records = thatFit(found);
      return { records, isCut: records.length < found.length } satisfies ReadAnswer;
    }
    default:
      return (await reader.payload(question.digest))?.toString("base64") ?? null;
  }
}

/** What a record must have for a merge; what else it says is its gateway's word, of a newer one perhaps. */
const recordSchema = z.looseObject({
  seq: z.int().min(0),
  time: z.iso.datetime(),
  type: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

const inOrder =
  (step: 1 | -1) =>
  (records: readonly { readonly seq: number }[]): boolean =>
    records.every(({ seq }, at) => at === 0 || (seq - (records[at - 1]?.seq ?? 0)) * step > 0);

const searchAnswerSchema = z.object({
  records: z.array(recordSchema).refine(inOrder(-1)),
  hasMore: z.boolean(),
  archived: z.object({ records: z.int().min(0), to: z.iso.datetime() }).optional(),
  isBehind: z.boolean().optional(),
});

const readAnswerSchema = z.object({
  records: z.array(recordSchema).refine(inOrder(1)),
  isCut: z.boolean(),
});

/**
 * What another gateway has said to a search: it came through the store. Undefined: it is no answer to this one, and would
 * have the pages of all logs come to no end, or the first of them hold nothing.
 */
export function readSearchAnswer(
  said: unknown,
  { limit, before = Infinity }: Pick<AuditQuery, "limit" | "before">,
): SearchAnswer | undefined {
  if (!searchAnswerSchema.safeParse(said).success) return undefined;
  // The record itself, its members in the order of the log's line.
  const answer = said as SearchAnswer;
  const { records, hasMore } = answer;
  const [newest] = records;
  if (newest === undefined) return hasMore ? undefined : answer;
  return records.length <= limit && newest.seq < before ? answer : undefined;
}

/** What another gateway has said to numbers of acts. Undefined: it is no answer to them. */
export function readReadAnswer(said: unknown): ReadAnswer | undefined {
  return readAnswerSchema.safeParse(said).success ? (said as ReadAnswer) : undefined;
}
