/** Stands in the place of a star: the constant 1, as the grammar parses it. */
const one = { A_Const: { ival: { ival: 1 } } };

/** Whether a node is `*` or `t.*`. */
function isStar(node: Readonly<Record<string, unknown>>): boolean {
  const { fields } = (node["ColumnRef"] ?? {}) as { readonly fields?: unknown };
  return (
    Array.isArray(fields) &&
    fields.some((field) => typeof field === "object" && field !== null && "A_Star" in field)
  );
}

/** A statement with a constant in the place of each `*` and `t.*`: what is left are the columns that it names. @param value as the grammar parsed it */
export function withoutStars(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutStars);
  if (typeof value !== "object" || value === null) return value;
  if (isStar(value as Record<string, unknown>)) return one;
  return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, withoutStars(each)]));
}
