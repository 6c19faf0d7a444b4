import type { AuditRecord, RecordPrincipal } from "../../audit/records.ts";
import { newId } from "../../kernel/ids.ts";
import type { NewDelivery } from "../store.ts";

/** Who takes turns with others: an agent is one, whoever it acts for. */
function turnOf({ kind, issuer, subject, client }: RecordPrincipal): string {
  return JSON.stringify([kind, issuer, client ?? subject]);
}

/** The deliveries of records, one each. */
export function deliveriesOf(
  records: readonly AuditRecord[],
  of: Pick<NewDelivery, "log" | "webhook" | "createdAt">,
): readonly NewDelivery[] {
  return records.map(({ seq, type, principal }) => ({
    ...of,
    id: newId("dlv"),
    seq,
    type,
    principal: principal === undefined ? "" : turnOf(principal),
  }));
}
