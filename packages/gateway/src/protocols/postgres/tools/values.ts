import pg from "pg";

/** Built-in types that pg has no names for: ranges, and arrays of all of them (`pg_type.dat`). */
const more: Readonly<Record<number, string>> = {
  3904: "int4range",
  3906: "numrange",
  3908: "tsrange",
  3910: "tstzrange",
  3912: "daterange",
  3926: "int8range",
  143: "xml[]",
  199: "json[]",
  651: "cidr[]",
  775: "macaddr8[]",
  791: "money[]",
  1000: "bool[]",
  1001: "bytea[]",
  1003: "name[]",
  1005: "int2[]",
  1007: "int4[]",
  1009: "text[]",
  1014: "bpchar[]",
  1015: "varchar[]",
  1016: "int8[]",
  1021: "float4[]",
  1022: "float8[]",
  1028: "oid[]",
  1040: "macaddr[]",
  1041: "inet[]",
  1115: "timestamp[]",
  1182: "date[]",
  1183: "time[]",
  1185: "timestamptz[]",
  1187: "interval[]",
  1231: "numeric[]",
  1270: "timetz[]",
  1561: "bit[]",
  1563: "varbit[]",
  2951: "uuid[]",
  3807: "jsonb[]",
};
const names: ReadonlyMap<number, string> = new Map([
  // SMGR's number has been another type's since PostgreSQL 9.0.
  ...Object.entries(pg.types.builtins).flatMap(([name, oid]) =>
    name === "SMGR" ? [] : [[oid, name.toLowerCase()] as const],
  ),
  ...Object.entries(more).map(([oid, name]) => [Number(oid), name] as const),
]);
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
