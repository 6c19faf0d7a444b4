import type { AuditSearch } from "@mayfly/sdk/browser";
import { isRecordType, type RecordType } from "./record-kinds.ts";

/** What is looked for. It stands in the page's address, so that a search can be sent to somebody. */
export interface Filters {
  readonly principal?: string;
  readonly connection?: string;
  readonly operation?: string;
  readonly decision?: "permit" | "deny";
  readonly text?: string;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly types?: readonly RecordType[];
  /** RFC 3339. */
  readonly from?: string;
  readonly to?: string;
  /** One record, by its sequence number: what a permalink points at. */
  readonly record?: number;
  /** The log of that record, where there are several. */
  readonly log?: string;
}

/** The page's address holds text; a router may have read numbers out of it. */
export type Search = Readonly<Record<string, unknown>>;

/** The gateway takes no longer ones. */
const MAX_WORD_CHARACTERS = 200;
const words = ["principal", "connection", "operation", "text", "request", "grant", "session"] as const;

/** Filters from the page's address. What is not one is left out: an address can be typed by anybody. */
export function readFilters(search: Search): Filters {
  const filters: { -readonly [name in keyof Filters]: Filters[name] } = {};
  for (const name of words) {
    const text = textOf(search[name])?.trim().slice(0, MAX_WORD_CHARACTERS);
    if (text !== undefined && text !== "" && text.isWellFormed()) filters[name] = text;
  }
  const { decision } = search;
  if (decision === "permit" || decision === "deny") filters.decision = decision;
  const types = (textOf(search["type"]) ?? "").split(",").filter(isRecordType);
  if (types.length > 0) filters.types = [...new Set(types)];
  const from = timeOf(search["from"]);
  if (from !== undefined) filters.from = from;
  const to = timeOf(search["to"]);
  if (to !== undefined) filters.to = to;
  const record = textOf(search["record"]);
  if (record !== undefined && /^\d{1,15}$/.test(record)) filters.record = Number(record);
  const log = textOf(search["log"]);
  if (filters.record !== undefined && log !== undefined && log.length <= MAX_WORD_CHARACTERS && log !== "")
    filters.log = log;
  return filters;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function timeOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** Filters as the page's address has them; nothing that is not set. */
export function searchOf(filters: Filters): Readonly<Record<string, string | number>> {
  const { types, ...rest } = filters;
  return {
    ...defined(rest),
    ...(types === undefined || types.length === 0 ? {} : { type: types.join(",") }),
  };
}

/** Filters as the gateway takes them. A permalink asks for its one record, whatever else the address says. */
export function queryOf(filters: Filters): AuditSearch {
  const { types, record, log, ...rest } = filters;
  if (record !== undefined) return { before: record + 1, limit: 1, ...(log === undefined ? {} : { log }) };
  return {
    ...(defined(rest) as AuditSearch),
    ...(types === undefined || types.length === 0 ? {} : { type: types.join(",") }),
  };
}

function defined(value: object): Record<string, string | number> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** How many things are being filtered by; a permalink to one record counts as one. */
export function countFilters(filters: Filters): number {
  return Object.keys(searchOf(filters)).length;
}

/** Members to set; those that are empty or undefined are taken away. */
export type FilterChange = { readonly [name in keyof Filters]?: Filters[name] | undefined };

/** Filters after a change; a permalink to one record is gone with it. */
export function withFilters(filters: Filters, change: FilterChange): Filters {
  const { record: _, log: __, ...rest } = filters;
  return readFilters(searchOf(dropUndefined({ ...rest, ...change })));
}

function dropUndefined(value: FilterChange): Filters {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Filters;
}

/** A moment (RFC 3339) as `<input type="datetime-local">` has it: local, to the minute. */
export function localInput(time: string | undefined): string {
  if (time === undefined) return "";
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The moment that `<input type="datetime-local">` says. */
export function fromLocalInput(text: string): string | undefined {
  return timeOf(text);
}
