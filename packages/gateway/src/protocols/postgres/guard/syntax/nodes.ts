import { refuse, refuseForever, shown } from "../denied.ts";
import type { Work } from "../work.ts";
import { nodeFields, type NodeKind } from "./node-fields.ts";

/** The members of one node of the parse tree, as libpg-query's JSON gives them: zero, false and empty are left out. */
export type Fields = Readonly<Record<string, unknown>>;

const known: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(nodeFields).map(([kind, fields]) => [kind, new Set(fields)]),
);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Opens a member whose kind the grammar fixes (`DeleteStmt.relation` is a bare RangeVar).
 * @throws GuardDenied when it has a member that the guard does not handle
 */
export function open(kind: NodeKind, value: unknown): Fields {
  if (!isRecord(value)) refuse("grammar", `${kind} is missing where it is expected`);
  const fields = known.get(kind);
  for (const name of Object.keys(value)) {
    if (fields?.has(name) !== true)
      refuseForever("grammar", `${kind}.${shown(name)} is not understood, so it is denied`);
  }
  return value;
}

/**
 * Opens a node that names its own kind.
 * @throws GuardDenied when it is empty, of an unknown kind, or has a member that the guard does not handle
 */
export function one(value: unknown): { readonly kind: NodeKind; readonly fields: Fields } {
  const kind = kindOf(value);
  if (kind === undefined || !isRecord(value))
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  if (!known.has(kind)) refuseForever("grammar", `${shown(kind)} is not understood, so it is denied`);
  return { kind: kind as NodeKind, fields: open(kind as NodeKind, value[kind]) };
}

/** The kind of a node that names its own kind, without judging it. */
export function kindOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const [kind, ...more] = Object.keys(value);
  return more.length === 0 ? kind : undefined;
}

/** A node's members, when it is of that kind. */
export function as(kind: NodeKind, value: unknown): Fields | undefined {
  return kindOf(value) === kind ? one(value).fields : undefined;
}

/** A member that is a list of nodes; left out: empty. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value))
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  return value;
}

/** A member that is text; left out: empty. */
export function text(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "string")
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  return value;
}

/** A list of String nodes: a qualified name, a column list. */
export function names(value: unknown): readonly string[] {
  return list(value).map((entry) => {
    const fields = as("String", entry);
    if (fields === undefined) refuseForever("grammar", "a name is not understood, so it is denied");
    return text(fields.sval);
  });
}

/** A possibly qualified name's parts. @throws GuardDenied on more than two */
export function split(parts: readonly string[]): {
  readonly schema: string | undefined;
  readonly name: string;
} {
  const [first, second] = parts;
  if (first === undefined || parts.length > 2)
    refuseForever("grammar", "a name with that many parts is refused");
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second };
}

/** A constant's value as text, undefined when the node is not a constant; NULL gives null. */
export function constant(value: unknown, work: Work): string | null | undefined {
  const fields = as("A_Const", value);
  if (fields === undefined) return undefined;
  work.constantRead();
  if (fields.isnull === true) return null;
  if (fields.sval !== undefined) return text(open("String", fields.sval).sval);
  if (fields.fval !== undefined) return text(open("Float", fields.fval).fval);
  if (fields.bsval !== undefined) return text(open("BitString", fields.bsval).bsval);
  if (fields.boolval !== undefined)
    return open("Boolean", fields.boolval).boolval === true ? "true" : "false";
  if (fields.ival === undefined) return undefined;
  const { ival } = open("Integer", fields.ival);
  return typeof ival === "number" ? String(ival) : "0";
}

/** The name of a bare column reference, undefined for anything else. */
export function bareName(node: unknown): string | undefined {
  const parts = list(as("ColumnRef", node)?.fields);
  if (parts.length !== 1 || kindOf(parts[0]) !== "String") return undefined;
  return names(parts)[0];
}
