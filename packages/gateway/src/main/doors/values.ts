import pg from "pg";

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(pg.types.builtins).map(([name, oid]) => [oid, name.toLowerCase()]),
);
const numbers: ReadonlySet<string> = new Set(["int2", "int4", "int8", "oid", "float4", "float8"]);

/** The name of a built-in type; of another its number. */
export function typeName(oid: number): string {
  return names.get(oid) ?? String(oid);
}

/**
 * A value as JSON: booleans, JSON and numbers that JSON readers agree on as themselves, everything else as PostgreSQL
 * writes it (`numeric` too, whose digits a double would lose).
 */
export function jsonOf(oid: number, text: string | null): unknown {
  if (text === null) return null;
  const type = typeName(oid);
  if (type === "bool") return text === "t";
  if (numbers.has(type)) {
    const value = Number(text);
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : text;
  }
  if (type !== "json" && type !== "jsonb") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
