import type { AuditRecord } from "@mayfly/sdk/browser";
import type { Filters } from "./filters.ts";

const permits: ReadonlySet<string> = new Set([
  "request.approved",
  "grant.activated",
  "break_glass.activated",
  "grant.collected",
  "session.opened",
  "act.intent",
]);

/** Whether a record tells of a yes or a no, as the gateway's search has it. */
export function decisionOf(record: AuditRecord): string | undefined {
  const said = record.detail["decision"];
  if (said === "approve") return "permit";
  if (said === "refuse") return "deny";
  if (typeof said === "string") return said;
  if (/\.(?:denied|refused|refused_to|timed_out)$/.test(record.type)) return "deny";
  return permits.has(record.type) ? "permit" : undefined;
}

/**
 * Whether a record that has just been written is one that is looked for. Records that come in live are filtered
 * here; the gateway's own search has the last word once the page is asked for again.
 */
export function matches(record: AuditRecord, filters: Filters): boolean {
  const at = Date.parse(record.time);
  const { principal, operation } = filters;
  return (
    (filters.record === undefined || filters.record === record.seq) &&
    same(filters.log, record.log) &&
    (filters.types === undefined || filters.types.includes(record.type)) &&
    same(filters.connection, record.connection) &&
    same(filters.request, record.request) &&
    same(filters.grant, record.grant) &&
    same(filters.session, record.session) &&
    same(filters.decision, decisionOf(record)) &&
    (filters.from === undefined || at >= Date.parse(filters.from)) &&
    (filters.to === undefined || at <= Date.parse(filters.to)) &&
    (principal === undefined || namesOf(record).some((name) => holds(name, principal))) &&
    (operation === undefined ||
      operationsOf(record).some((name) => isCalled(name, operation, record.connection))) &&
    holdsWords(record, filters.text)
  );
}

function same(wanted: string | undefined, is: string | undefined): boolean {
  return wanted === undefined || wanted === is;
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function namesOf({ principal }: AuditRecord): readonly string[] {
  if (principal === undefined) return [];
  const { name, subject, person, actors } = principal;
  return [name, subject, ...(person === undefined ? [] : [person]), ...(actors ?? [])];
}

/** The operations that a record is about: those of its grant, or for an act those that permitted it. */
export function operationsOf(record: AuditRecord): readonly string[] {
  const by = record.detail["operation"];
  return typeof by === "string" ? by.split(", ") : (record.operations ?? []);
}

function isCalled(name: string, wanted: string, connection: string | undefined): boolean {
  return name === wanted || name.endsWith(`/${wanted}`) || `${connection ?? ""}/${name}` === wanted;
}

function holdsWords(record: AuditRecord, text: string | undefined): boolean {
  if (text === undefined) return true;
  const body = JSON.stringify(record);
  return text
    .split(/\s+/)
    .filter((word) => word !== "")
    .every((word) => holds(body, JSON.stringify(word).slice(1, -1)));
}
