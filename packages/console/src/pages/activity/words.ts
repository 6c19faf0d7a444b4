import type { AuditRecord } from "@mayfly/sdk/browser";
import { outcomeText } from "./act-words.ts";
import { said, words, type Teller, type Words } from "./phrase.ts";
import { textIn } from "./read-detail.ts";
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

/** An act with what came of it, as one sentence: what was done where, and how it went. */
export function withOutcome(intent: AuditRecord, outcome: AuditRecord): Words {
  const told = wordsOf(intent);
  const failed = textIn(outcome.detail["error"]) !== undefined;
  return {
    ...told,
    parts: [failed ? "tried an act on " : "acted on ", said(intent.connection)],
    tone: failed ? "warn" : told.tone,
    notes: [...told.notes, outcomeText(outcome.detail)],
  };
}
