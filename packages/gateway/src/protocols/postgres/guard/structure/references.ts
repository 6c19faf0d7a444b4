import type { Changes } from "./changes.ts";

/** What a column reference becomes, by its members; undefined: it stays. */
export function changedReference(reference: unknown, changes: Changes): unknown {
  if (typeof reference !== "object" || reference === null) return undefined;
  const position = changes.positions.get(reference);
  if (position !== undefined) return { A_Const: { ival: { ival: position } } };
  if (!changes.unqualified.has(reference)) return undefined;
  const { fields } = reference as { readonly fields?: readonly unknown[] };
  return { ColumnRef: { ...reference, fields: fields?.slice(1) } };
}

/** The name of a bare column, of anything else undefined. */
export function columnNamed(node: object): string | undefined {
  const { ColumnRef: reference } = node as {
    ColumnRef?: { fields?: readonly { String?: { sval?: string } }[] };
  };
  return reference?.fields?.length === 1 ? reference.fields[0]?.String?.sval : undefined;
}
