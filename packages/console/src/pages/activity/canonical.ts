/**
 * Canonical JSON (RFC 8785): members in the order of their names' UTF-16 code units, numbers and strings as
 * ECMAScript writes them. For a record it is the line that the log holds.
 * @param indent spaces a level, for reading; 0 gives the canonical text itself
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return write(value, indent, "");
}

function write(value: unknown, indent: number, margin: string): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const inner = margin + " ".repeat(indent);
  const [open, close, items] = Array.isArray(value)
    ? ["[", "]", value.map((item) => write(item, indent, inner))]
    : ["{", "}", membersOf(value, indent, inner)];
  if (items.length === 0) return open + close;
  if (indent === 0) return open + items.join(",") + close;
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`;
}

function membersOf(value: object, indent: number, inner: string): string[] {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, member]) => `${JSON.stringify(name)}:${indent === 0 ? "" : " "}${write(member, indent, inner)}`,
    );
}
