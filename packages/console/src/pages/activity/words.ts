import type { AuditRecord } from "@mayfly/sdk/browser";
import { said, words, type Teller, type Words } from "./phrase.ts";
import type { RecordType } from "./record-kinds.ts";
import { accessTellers } from "./tell-access.ts";
import { gatewayTellers } from "./tell-gateway.ts";
import { sessionTellers } from "./tell-sessions.ts";

export type { Part, Words } from "./phrase.ts";

/** One for every type: a type without words does not compile. */
const tellers: Readonly<Record<RecordType, Teller>> = {
  ...accessTellers,
  ...sessionTellers,
  ...gatewayTellers,
};

/** A record in words. A type that is not known here is named as it is. */
export function wordsOf(record: AuditRecord): Words {
  const teller = Object.hasOwn(tellers, record.type) ? tellers[record.type] : undefined;
  return teller === undefined ? words([said(record.type)]) : teller(record, record.detail);
}
