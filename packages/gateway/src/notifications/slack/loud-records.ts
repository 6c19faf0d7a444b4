import type { AuditRecord } from "../../audit/records.ts";

const loudTypes: ReadonlySet<string> = new Set([
  "lockdown.started",
  "lockdown.lifted",
  "break_glass.activated",
]);
/** Emergencies of one principal that are told one by one; more of them that wait together are told with the last. */
const MAX_TOLD_ALONE = 2;

/** Whether everybody in the channel must see a record of this type. */
export const isLoud = (type: string): boolean => loudTypes.has(type);

/**
 * Which of the records that wait are told to everybody, each with how many more it stands for. Slack takes a message a second:
 * whoever breaks glass again and again would have everything else wait behind. Pure.
 */
export function loudRecords(records: readonly AuditRecord[]): ReadonlyMap<AuditRecord, number> {
  const told = new Map<AuditRecord, number>();
  const emergencies = new Map<string, AuditRecord[]>();
  for (const record of records) {
    if (!isLoud(record.type)) continue;
    told.set(record, 0);
    if (record.type !== "break_glass.activated") continue;
    const { issuer, subject, client } = record.principal ?? {};
    const who = JSON.stringify([issuer, client ?? subject]);
    emergencies.set(who, [...(emergencies.get(who) ?? []), record]);
  }
  for (const all of emergencies.values()) {
    const last = all.at(-1);
    const between = all.slice(MAX_TOLD_ALONE, -1);
    for (const record of between) told.delete(record);
    if (last !== undefined) told.set(last, between.length);
  }
  return told;
}
