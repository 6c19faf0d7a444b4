import type { OperationDraft, SeenActs } from "../../../gate/inventory/inventory.ts";
import { escapeInvisible } from "../../../kernel/invisible-characters.ts";
import { parse } from "../guard/syntax/grammar.ts";
import { type PostgresScope, readingKinds, type StatementKind, statementKinds } from "../scope.ts";
import { type Atom, atomKey, scopeOf, writtenScope } from "./atoms.ts";
import type { Needs } from "./needs.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";

/** A statement that was seen, and what it needs. */
export interface NeedingActs {
  readonly seen: SeenActs;
  /** Which statement of its text it is, from 0. */
  readonly place: number;
  readonly needs: Needs;
}

let latest: { readonly act: string; readonly statements: readonly unknown[] } | undefined;

/** The statement, parsed anew: of a text with many, once while they are asked for one after another. */
export function statementOf({ seen: { act }, place }: Pick<NeedingActs, "seen" | "place">): unknown {
  if (latest?.act !== act) latest = { act, statements: parse(act).statements };
  return latest.statements[place];
}

/** Statements that one operation should cover. */
export interface Cluster {
  readonly kinds: readonly StatementKind[];
  /** What they are about: tables, or functions where they use none. */
  readonly subjects: readonly string[];
  readonly members: readonly NeedingActs[];
}

/** Puts together what people would grant together: one kind of doing, to the same tables. Reads and writes stay apart. */
export function clustersOf(all: readonly NeedingActs[]): readonly Cluster[] {
  const groups = Map.groupBy(all, ({ needs }) =>
    JSON.stringify([kindsOf(needs), needs.requiresWhere, subjectsOf(needs)]),
  );
  return [...groups.values()].map((members) => {
    const [first] = members as [NeedingActs];
    return { kinds: kindsOf(first.needs), subjects: subjectsOf(first.needs), members };
  });
}

/** The kinds of statements of a need, in the order of scopes. */
function kindsOf({ atoms }: Needs): readonly StatementKind[] {
  const kinds = new Set(atoms.flatMap((atom) => (atom[0] === "statement" ? [atom[1]] : [])));
  return kinds.size === 0 ? ["select"] : statementKinds.filter((kind) => kinds.has(kind));
}

/** The tables that it changes; of one that changes none, the first that it reads; else functions and the like. */
function subjectsOf({ atoms, tables }: Needs): readonly string[] {
  const changed = new Set(
    atoms.flatMap((atom) =>
      atom[0] === "table" || ((atom[0] === "column" || atom[0] === "whole") && atom[2] !== "select")
        ? [atom[1]]
        : [],
    ),
  );
  if (changed.size > 0) return [...changed].toSorted();
  if (tables[0] !== undefined) return [tables[0]];
  return atoms.flatMap((atom) => (atom[0] === "name" ? [atom[2]] : [])).toSorted();
}

/** What all of a cluster need together. */
export function scopeOfAll(members: readonly NeedingActs[]): PostgresScope {
  const atoms = new Map<string, Atom>();
  for (const { needs } of members) for (const atom of needs.atoms) atoms.set(atomKey(atom), atom);
  for (const key of anyColumnsOf(members)) dropAnyColumn(atoms, key);
  const order = (atom: Atom): number =>
    atom[0] === "statement" ? statementKinds.indexOf(atom[1]) : statementKinds.length;
  const inOrder = [...atoms.values()].toSorted((one, other) => order(one) - order(other));
  const isWithoutKind = !inOrder.some(([kind]) => kind === "statement");
  return scopeOf(
    isWithoutKind ? [["statement", "select"], ...inOrder] : inOrder,
    members.every(({ needs }) => needs.requiresWhere),
  );
}

/** Columns that only stand for any of their table, by their keys. */
function anyColumnsOf(members: readonly NeedingActs[]): readonly string[] {
  const named = new Set(
    members.flatMap(({ needs }) => needs.atoms.map(atomKey).filter((key) => !needs.anyColumns.has(key))),
  );
  return [...new Set(members.flatMap(({ needs }) => [...needs.anyColumns]))].filter((key) => !named.has(key));
}

/** Leaves such a column out where another one of its table is read. */
function dropAnyColumn(atoms: Map<string, Atom>, key: string): void {
  const atom = atoms.get(key);
  const isRead = [...atoms.values()].some(
    (each) =>
      each !== atom &&
      (each[0] === "column" || each[0] === "whole") &&
      each[1] === atom?.[1] &&
      each[2] === "select",
  );
  if (isRead) atoms.delete(key);
}

/** The operation of a cluster. @param taken names that it may not have; its own is added */
export function draftOf(
  { kinds, subjects, members }: Cluster,
  searchPath: readonly string[],
  taken: Names,
): OperationDraft {
  const scope = scopeOfAll(members);
  const words = subjects.map((subject) => subjectWord(subject, searchPath));
  const isUnbound = !scope.require_where && (kinds.includes("update") || kinds.includes("delete"));
  return {
    name: taken.take(nameOf(verbOf(kinds, scope), isUnbound && !kinds.includes("insert"), words)),
    description: descriptionOf(kinds, scope, subjects, words, searchPath, isUnbound),
    risk: riskOf(kinds, scope, isUnbound),
    scope: writtenScope(scope),
  };
}

const verbs: readonly (readonly [kinds: string, verb: string, words: string])[] = [
  ["select", "read", "Read"],
  ["insert", "insert", "Insert into"],
  ["insert,update", "upsert", "Insert into or update"],
  ["update", "update", "Update"],
  ["delete", "delete", "Delete from"],
  ["copy_to", "copy", "Copy out of"],
  ["copy_from", "load", "Load into"],
  ["call", "call", "Call"],
  ["truncate", "truncate", "Empty"],
  ["refresh", "refresh", "Refresh"],
  ["listen", "listen", "Listen to"],
  ["notify", "notify", "Notify"],
];

/** What is done. A SELECT beside a change is named too: who may do the one may do the other. */
function verbFor(kinds: readonly StatementKind[]): readonly [verb: string, words: string] {
  const doing = kinds.length > 1 ? kinds.filter((kind) => kind !== "select") : kinds;
  const found = verbs.find(([each]) => each === doing.join(","));
  const [verb, words] = found === undefined ? ["write", "Change"] : [found[1], found[2]];
  if (doing.length === kinds.length || doing[0] === "copy_to") return [verb, words];
  return [`read-and-${verb}`, `Read and ${words.toLowerCase()}`];
}

function verbOf(
  kinds: readonly StatementKind[],
  { tables, functions, temporary_tables: isTemporary }: PostgresScope,
): string {
  if (isTemporary) return "use";
  const isCall = Object.keys(tables).length === 0 && functions.length > 0;
  return isCall ? "call" : verbFor(kinds)[0];
}

function nameOf(verb: string, isUnbound: boolean, words: readonly string[]): string {
  const named = words.map((word) => word.replaceAll(/[^A-Za-z0-9]+/gu, "-").replaceAll(/^-+|-+$/gu, ""));
  const sayable = named.filter((word) => word !== "").slice(0, MAX_NAMED);
  const usual = words.length === 0 ? "temporary-tables" : "tables";
  const subject = sayable.join("-and-") || usual;
  const name = `${verb}-${isUnbound ? "any-" : ""}${subject}${words.length > MAX_NAMED ? "-and-more" : ""}`;
  return name.toLowerCase().slice(0, MAX_NAME).replace(/-+$/u, "");
}

/** How many tables a name names. */
const MAX_NAMED = 2;
const MAX_NAME = 58;

/** `public.order_items`: `order_items`, where `public` is searched first. */
function subjectWord(subject: string, searchPath: readonly string[]): string {
  const schema = subject.slice(0, subject.indexOf("."));
  const isUsual = schema === searchPath[0] || schema === "pg_catalog";
  // An agent may have chosen it, and reviewers read it.
  return escapeInvisible(isUsual ? subject.slice(schema.length + 1) : subject);
}

function descriptionOf(
  kinds: readonly StatementKind[],
  scope: PostgresScope,
  subjects: readonly string[],
  words: readonly string[],
  searchPath: readonly string[],
  isUnbound: boolean,
): string {
  const verb = verbOf(kinds, scope);
  const doing = verb === "call" ? "Call" : verb === "use" ? "Use temporary tables and" : verbFor(kinds)[1];
  const about = listed(words) || "nothing else";
  const beside = Object.keys(scope.tables).filter((table) => !subjects.includes(table));
  const others =
    beside.length === 0 ? "" : `, with ${listed(beside.map((table) => subjectWord(table, searchPath)))}`;
  const how = scope.require_where ? " by key" : isUnbound ? ", any number of rows at a time" : "";
  return `${doing} ${about}${how}${others}`;
}

const MAX_DESCRIBED = 4;

function listed(words: readonly string[]): string {
  const more = words.length > MAX_DESCRIBED ? ` and ${words.length - MAX_DESCRIBED} more` : "";
  return `${words.slice(0, MAX_DESCRIBED).join(", ")}${more}`;
}

/**
 * How much harm could be done: high where rows go or may change without a key, or where a secret is read; medium where anything
 * is changed, or what looks personal is read.
 */
function riskOf(
  kinds: readonly StatementKind[],
  scope: PostgresScope,
  isUnbound: boolean,
): OperationDraft["risk"] {
  const sensitive = columnsRead(scope).map(sensitivityOf);
  const isDestroying = kinds.some((kind) => kind === "delete" || kind === "truncate" || kind === "call");
  if (isDestroying || isUnbound || sensitive.includes("secret")) return "high";
  const isWriting = kinds.some((kind) => !readingKinds.has(kind)) || scope.functions.length > 0;
  return isWriting || sensitive.includes("personal") ? "medium" : "low";
}

/** The columns that a scope lets be read, by their names. */
function columnsRead({ tables }: PostgresScope): readonly string[] {
  return Object.values(tables).flatMap((entry) => {
    if (typeof entry === "string") return [];
    const select = Array.isArray(entry) ? entry : entry.select;
    return typeof select === "object" ? select : [];
  });
}
