import type { AuditRecord, NewRecord, RecordContext } from "../../audit/records.ts";
import type { Lockdown } from "../grants.ts";
import { refusalIn, approvalIn } from "./logged-decisions.ts";
import type { AccessRequest, Approval, Grant } from "../types.ts";

/** What the store holds that may have ended without its knowledge. */
export interface StillOpen {
  readonly active: ReadonlyMap<string, Grant>;
  readonly pending: ReadonlyMap<string, AccessRequest>;
  /** Grants, requests and lock-downs (by `lockdownKey`) whose end the store says the log lacks. */
  readonly owed: ReadonlySet<string>;
}

/** How a grant ended, as the store keeps it. */
export type LoggedEnd = Pick<Grant, "state"> & Required<Pick<Grant, "endedAt" | "endedBy" | "endReason">>;
/** How a request was closed, as the store keeps it. */
export type LoggedClosing = Required<Pick<AccessRequest, "state" | "reasons" | "decidedAt">>;

/** What a stretch of the log says, as far as the store may not know it. */
export interface LogFindings {
  /** Active in the store, ended in the log. */
  readonly ends: Map<string, LoggedEnd>;
  /** Pending in the store, closed in the log. */
  readonly closings: Map<string, LoggedClosing>;
  /** Activated in this stretch and not ended in it. */
  readonly activated: Map<string, RecordContext>;
  /** Asked in this stretch and not closed in it. */
  readonly asked: Map<string, RecordContext>;
  /** Noes on pending requests that the store lacks. */
  readonly noes: { readonly request: string; readonly approval: Approval }[];
  /** Yeses on pending requests that the store lacks: whoever gave one was told that it may not have been kept. */
  readonly yeses: string[];
  /** What the store says the log lacks, and this stretch holds. */
  readonly recorded: Set<string>;
  /** The lock-down that the log says is in force. */
  lockdown: Lockdown | undefined;
  /** Activated since an operator accepted that records are lost; undefined where none were. */
  activatedSinceLoss: Set<string> | undefined;
  /** The lock-down that the log says was lifted last. */
  lifted: Pick<Lockdown, "since"> | undefined;
}

const grantEnds: Readonly<Record<string, LoggedEnd["state"]>> = {
  "grant.expired": "expired",
  "grant.released": "released",
  "grant.revoked": "revoked",
};
const requestEnds: Readonly<Record<string, LoggedClosing["state"]>> = {
  "request.refused": "refused",
  "request.withdrawn": "withdrawn",
  "request.timed_out": "timed_out",
};
const others: ReadonlySet<string> = new Set([
  "request.created",
  "request.denied",
  "request.approved",
  "approval.given",
  "grant.activated",
  "lockdown.started",
  "lockdown.lifted",
  "log.replaced",
]);

/** Whether a type of record says anything about a state. */
export function describesState(type: string): boolean {
  return Object.hasOwn(grantEnds, type) || Object.hasOwn(requestEnds, type) || others.has(type);
}

/** One text for one lock-down. */
export function lockdownKey({ since, by }: Pick<Lockdown, "since" | "by">): string {
  return `${since} ${by}`;
}

/** What nothing is known of yet. */
export function emptyFindings(): LogFindings {
  return {
    ends: new Map(),
    closings: new Map(),
    activated: new Map(),
    asked: new Map(),
    noes: [],
    yeses: [],
    recorded: new Set(),
    activatedSinceLoss: undefined,
    lockdown: undefined,
    lifted: undefined,
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const timeOf = (value: unknown, otherwise: string): number => {
  const at = Date.parse(textOf(value));
  return Number.isNaN(at) ? Date.parse(otherwise) : at;
};

function contextOf(record: AuditRecord): RecordContext {
  const { type: _, detail: __, seq: ___, time: ____, session: _____, ...context } = record;
  return context;
}

/** Adds what one record says. The maps hold what is open, however long the stretch. */
export function addToFindings(logged: LogFindings, record: AuditRecord, open: StillOpen): void {
  const { type, detail, time } = record;
  const grantEnd = grantEnds[type];
  const requestEnd = requestEnds[type];
  if (grantEnd !== undefined) {
    const id = record.grant ?? "";
    logged.activated.delete(id);
    if (open.owed.has(id)) logged.recorded.add(id);
    if (open.active.has(id) && !logged.ends.has(id))
      logged.ends.set(id, {
        state: grantEnd,
        endedAt: timeOf(detail["ended_at"], time),
        endedBy: textOf(detail["by"]),
        endReason: textOf(detail["reason"]),
      });
  } else if (requestEnd !== undefined) {
    const id = record.request ?? "";
    logged.asked.delete(id);
    if (open.owed.has(id)) logged.recorded.add(id);
    if (open.pending.has(id) && !logged.closings.has(id))
      logged.closings.set(id, {
        state: requestEnd,
        decidedAt: timeOf(detail["at"], time),
        reasons: [textOf(detail["reason"])],
      });
  } else if (type === "grant.activated") {
    logged.activated.set(record.grant ?? "", contextOf(record));
    logged.activatedSinceLoss?.add(record.grant ?? "");
  } else if (type === "log.replaced") logged.activatedSinceLoss = new Set();
  else if (type === "request.created") logged.asked.set(record.request ?? "", contextOf(record));
  else if (type === "request.approved") logged.asked.delete(record.request ?? "");
  else if (type === "approval.given") addDecision(logged, record, open);
  else if (type === "lockdown.started") {
    logged.lockdown = {
      since: timeOf(detail["since"], time),
      by: textOf(detail["by"]) || (record.principal?.subject ?? ""),
      reason: textOf(detail["reason"]),
    };
    const key = lockdownKey(logged.lockdown);
    if (open.owed.has(key)) logged.recorded.add(key);
  } else if (type === "lockdown.lifted") {
    logged.lockdown = undefined;
    logged.lifted = { since: timeOf(detail["since"], time) };
  }
}

function addDecision(logged: LogFindings, record: AuditRecord, { pending }: StillOpen): void {
  const request = record.request ?? "";
  const stored = pending.get(request);
  if (stored === undefined || stored.approvals.some(({ id }) => id === record.detail["approval"])) return;
  const yes = approvalIn(record);
  const no = refusalIn(record);
  if (yes !== undefined) logged.yeses.push(yes);
  if (no !== undefined) logged.noes.push({ request, approval: no });
}

/** The record that something announced in the log never came to be. */
export function neverWas(what: "grant" | "request", context: RecordContext): NewRecord {
  const detail = { by: "mayfly", reason: "the store never took it", stored: false };
  return what === "grant"
    ? { ...context, type: "grant.revoked", detail: { ...detail, event: "undo", was_active: false } }
    : { ...context, type: "request.withdrawn", detail };
}
