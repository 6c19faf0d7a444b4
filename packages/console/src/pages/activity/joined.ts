import type { AuditRecord } from "@mayfly/sdk/browser";
import { placeOf } from "./place.ts";

/** One row of the list: a record, and what came of it where it is an act's intent and that is known. */
export interface Row {
  readonly record: AuditRecord;
  readonly outcome: AuditRecord | undefined;
}

function intentOf({ type, detail }: AuditRecord): number | undefined {
  const { intent } = detail;
  return type === "act.outcome" && typeof intent === "number" ? intent : undefined;
}

/** The oldest that each log has among some records. */
function oldestOf(records: readonly AuditRecord[]): ReadonlyMap<string | undefined, number> {
  return new Map(records.map(({ log, seq }) => [log, seq]));
}

/**
 * The records with each act in one row: an outcome stands with its intent where both are among them, and by itself where
 * the intent is not (a search that leaves it out). One whose intent can only be on the next page waits for that.
 * @param records newest first
 * @param isMoreToCome whether older ones can be loaded
 */
export function joined(records: readonly AuditRecord[], isMoreToCome: boolean): readonly Row[] {
  const oldest = oldestOf(records);
  const intents = new Set(records.filter(({ type }) => type === "act.intent").map(placeOf));
  const outcomes = new Map<string, AuditRecord>();
  for (const record of records) {
    const seq = intentOf(record);
    if (seq === undefined) continue;
    const intent = placeOf({ ...record, seq });
    if (intents.has(intent)) outcomes.set(intent, record);
  }
  const isShown = (record: AuditRecord): boolean => {
    const seq = intentOf(record);
    if (seq === undefined) return true;
    return (
      !intents.has(placeOf({ ...record, seq })) && !(isMoreToCome && seq < (oldest.get(record.log) ?? 0))
    );
  };
  return records.filter(isShown).map((record) => ({ record, outcome: outcomes.get(placeOf(record)) }));
}
