import type { RecordReader } from "../../audit/index/record-reader.ts";
import type { AuditRecord } from "../../audit/records.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { OutgoingRecord } from "../destination.ts";
import type { ExportSource } from "../stream.ts";
import { begunAct, denialSpans, outcomeSpans, unknownSpans, type ActPlace, type BegunAct } from "./act.ts";
import { courseSpans } from "./course.ts";
import { bareSpan, type Span } from "./span.ts";

/** Characters of one batch: whoever sends it works on them in one go. A record is taken whole. */
const MAX_BATCH_LENGTH = 262_144;
/** Acts that have begun and sessions that are open, whose records need not be read again; about 1 KB each. */
const MAX_KEPT = 4096;
/** Records behind a batch that are read for it; the last session's end in it may name a hundred more. */
const MAX_LOOKED_UP = 512;

/** The numbers of the acts whose outcome a session's last record calls unknown. */
function unknownIn({ type, detail }: AuditRecord): readonly number[] {
  const named = type === "session.closed" ? detail["unknown_acts"] : undefined;
  return Array.isArray(named)
    ? (named as unknown[]).filter((seq) => Number.isSafeInteger(seq)).map(Number)
    : [];
}

/**
 * Reads records from the log's files and makes of each the spans that it ends: none of most. What an act's outcome leaves to
 * its intent, and a session's acts to its opening, is read from the log again where it is not kept, so that nothing hangs on
 * what was read before: after a restart the same records give the same spans.
 * @param end see `ExportSource.end`
 */
export function traceSource(
  reader: Pick<RecordReader, "readWithOpenings" | "readEach">,
  end: () => number,
  log: ActPlace["log"],
): ExportSource {
  const begun = boundedMap<BegunAct, number>(MAX_KEPT);
  const openings = boundedMap<{ readonly traceparent: unknown }, number>(MAX_KEPT);

  function keep(record: AuditRecord): void {
    if (record.type === "act.intent") begun.set(record.seq, begunAct(record));
    else if (record.type === "session.opened")
      openings.set(record.seq, { traceparent: record.detail["traceparent"] });
  }

  /** The numbers of records that a record's spans need and that are not kept. */
  function missingFor(record: AuditRecord, opening: number | undefined): readonly number[] {
    const { intent } = record.detail;
    const acts = record.type === "act.outcome" && typeof intent === "number" ? [intent] : unknownIn(record);
    return [
      ...acts.filter((seq) => begun.get(seq) === undefined),
      ...(opening === undefined || openings.get(opening) !== undefined ? [] : [opening]),
    ];
  }

  function spansOf(record: AuditRecord, opening: number | undefined): readonly Span[] {
    const { type, detail } = record;
    const given = opening === undefined ? undefined : openings.get(opening);
    const place = { log, traceparent: given?.traceparent };
    if (type === "act.denied") return denialSpans(record, place);
    if (type === "act.outcome") {
      const intent = Number(detail["intent"]);
      const spans = outcomeSpans(record, begun.get(intent), place);
      begun.delete(intent);
      return spans;
    }
    const closed = { log, traceparent: detail["traceparent"] };
    const unknown = unknownIn(record).flatMap((seq) => {
      const act = begun.get(seq);
      return act === undefined ? [] : unknownSpans(record, seq, act, closed);
    });
    return [...unknown, ...courseSpans(record, log.name)];
  }

  return {
    end,
    async read(seq, limit) {
      const found = await reader.readWithOpenings(seq, limit);
      const missing = new Set<number>();
      const taken: AuditRecord[] = [];
      for (const record of found.records) {
        if (missing.size >= MAX_LOOKED_UP) break;
        keep(record);
        for (const one of missingFor(record, found.openings.get(record.seq))) missing.add(one);
        taken.push(record);
      }
      for (const record of await reader.readEach([...missing])) keep(record);
      const records: OutgoingRecord[] = [];
      let length = 0;
      for (const record of taken) {
        if (length >= MAX_BATCH_LENGTH) break;
        const spans = spansOf(record, found.openings.get(record.seq));
        // Spans of one record, with commas between: a request is made by putting texts together.
        const text = spans.map((span) => JSON.stringify(span)).join(",");
        length += text.length;
        records.push({ seq: record.seq, at: Date.parse(record.time), type: record.type, text });
      }
      // Archived records may be left out in between: what follows the last taken one is the first that was not.
      const next = found.records[records.length]?.seq ?? found.next;
      return { records, next };
    },
  };
}

/** The spans of a record without anything that an agent wrote. */
export function bareSpans(record: OutgoingRecord): OutgoingRecord {
  const spans = JSON.parse(`[${record.text}]`) as Span[];
  return { ...record, text: spans.map((span) => JSON.stringify(bareSpan(span))).join(",") };
}
