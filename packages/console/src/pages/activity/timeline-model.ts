import { byPlace, placeOf } from "./place.ts";
import type { AuditRecord } from "@mayfly/sdk/browser";
import { outcomeText } from "./act-words.ts";
import { textIn } from "./read-detail.ts";

/** What came of an act. */
export type ActOutcome =
  | { readonly state: "done" | "failed"; readonly text: string; readonly record: AuditRecord }
  /** An intent without an outcome: it may have happened or not. `open`: its session lasts, so one may still come. */
  | { readonly state: "unknown"; readonly open: boolean }
  | { readonly state: "denied" };

/** An act on a timeline: its intent or denial, and what came of it. */
export interface TimelineAct {
  readonly record: AuditRecord;
  readonly outcome: ActOutcome;
}

/** One session of a request, with everything done in it. */
export interface TimelineSession {
  readonly kind: "session";
  readonly id: string;
  /** Undefined when that record is not among those given. */
  readonly opened: AuditRecord | undefined;
  readonly closed: AuditRecord | undefined;
  /** In order. */
  readonly acts: readonly TimelineAct[];
  /** Its first record. */
  readonly first: AuditRecord;
}

/** One step of a request's story. */
export type TimelineStep =
  | { readonly kind: "event"; readonly record: AuditRecord }
  /** What the policy said to the ask: told by the record of the ask. */
  | { readonly kind: "policy"; readonly record: AuditRecord }
  | TimelineSession;

interface Gathered {
  readonly kind: "session";
  readonly id: string;
  opened: AuditRecord | undefined;
  closed: AuditRecord | undefined;
  readonly acts: AuditRecord[];
  readonly outcomes: Map<number, AuditRecord>;
  readonly first: AuditRecord;
}

/**
 * A request's records as one story: the ask, what the policy said, approvals, the grant, its sessions with their
 * acts, and the end. A session stands where it began; acts that have no session's record stand by themselves.
 * @param records of one request, in any order
 */
export function timelineOf(records: readonly AuditRecord[]): readonly TimelineStep[] {
  const steps: (Exclude<TimelineStep, TimelineSession> | Gathered)[] = [];
  const sessions = new Map<string, Gathered>();
  const inOrder = [...new Map(records.map((record) => [placeOf(record), record])).values()].toSorted(byPlace);
  for (const record of inOrder) {
    const { session } = record;
    if (session === undefined) {
      steps.push({ kind: "event", record });
      if (record.type === "request.created" && record.detail["approval"] !== undefined)
        steps.push({ kind: "policy", record });
      continue;
    }
    let gathered = sessions.get(session);
    if (gathered === undefined) {
      gathered = {
        kind: "session",
        id: session,
        opened: undefined,
        closed: undefined,
        acts: [],
        outcomes: new Map(),
        first: record,
      };
      sessions.set(session, gathered);
      steps.push(gathered);
    }
    gather(gathered, record);
  }
  return steps.map((step) => (step.kind === "session" ? sessionOf(step) : step));
}

function gather(session: Gathered, record: AuditRecord): void {
  if (record.type === "session.opened") session.opened = record;
  else if (record.type === "session.closed") session.closed = record;
  else if (record.type === "act.outcome") {
    const { intent } = record.detail;
    if (typeof intent === "number") session.outcomes.set(intent, record);
  } else session.acts.push(record);
}

function sessionOf({ outcomes, acts, ...rest }: Gathered): TimelineSession {
  return {
    ...rest,
    acts: acts.map((record) => ({ record, outcome: outcomeOf(record, outcomes, rest.closed === undefined) })),
  };
}

function outcomeOf(
  record: AuditRecord,
  outcomes: ReadonlyMap<number, AuditRecord>,
  open: boolean,
): ActOutcome {
  if (record.type === "act.denied") return { state: "denied" };
  const outcome = outcomes.get(record.seq);
  if (outcome === undefined) return { state: "unknown", open };
  const failed = textIn(outcome.detail["error"]) !== undefined;
  return { state: failed ? "failed" : "done", text: outcomeText(outcome.detail), record: outcome };
}

/** What a request's acts came to. */
export interface ActCounts {
  readonly done: number;
  readonly failed: number;
  readonly denied: number;
  readonly unknown: number;
}

/** Counts the acts of some sessions by what came of them. */
export function countActs(steps: readonly TimelineStep[]): ActCounts {
  const counts = { done: 0, failed: 0, denied: 0, unknown: 0 };
  for (const step of steps)
    if (step.kind === "session") for (const { outcome } of step.acts) counts[outcome.state] += 1;
  return counts;
}
